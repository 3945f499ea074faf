#!/bin/bash
# SPDX-License-Identifier: MIT
# The ws channel with others' software: Debian's python3-websockets and node-ws
# (npm's ws) as clients of t2t-exchange and as servers of t2t-trader; and tshark,
# which finds nothing malformed in a session.
# shellcheck disable=SC2317 # called by check, and by the trap
set -u
# shellcheck source=tests/tap.bash
. tests/tap.bash
# shellcheck source=tests/support/own_network.bash
. tests/support/own_network.bash
# shellcheck source=tests/support/within.bash
. tests/support/within.bash
BUILD=$(realpath "${BUILD:-build}")

own_network 'C.33 WebSocket peers'
folder=$(mktemp -d)
started=()
clean() {
	kill "${started[@]}" 2>/dev/null
	rm -rf "$folder"
}
trap clean EXIT
shown() {
	tail -n 20 "$folder"/*.log
}

# Until one of the files holds the text.
eventually() { # text, files...
	within 30 grep -qsF -- "$@"
}

# Where Debian's node looks by itself.
export NODE_PATH=${NODE_PATH:-/usr/share/nodejs}
software=python
peer() {
	case $software in
	python) /usr/bin/python3 tests/support/websocket_peer.py "$@" ;;
	node) node tests/support/websocket_peer.js "$@" ;;
	esac
}

start() { # name, text that says that it is ready, command...
	local name=$1 ready=$2
	shift 2
	"$@" >"$folder/$name" 2>"$folder/$name.log" &
	started+=($!)
	eventually "$ready" "$folder/$name" "$folder/$name.log"
}

stop() { # exit code that is expected
	kill "${started[-1]}" 2>/dev/null
	wait "${started[-1]}"
	set -- $? "$1"
	unset 'started[-1]'
	[ "$1" = "$2" ]
}

exchange() { # name, channel
	start "$1" 'state INIT' "$BUILD/t2t-exchange" --feed "$folder/feed.csv.gz" \
		--interface lo --listen 127.0.0.1:9012 --channel "$2"
}
"$BUILD/t2t-feedgen" --quiet --bytes 50000 --triggers 0.1 \
	--output "$folder/feed.csv.gz" >"$folder/feedgen.log" 2>&1

client_orders() {
	exchange orders ws && peer orders 9012 >"$folder/peer.log" 2>&1 &&
		eventually 'quantity=3' "$folder/orders" && stop 0 &&
		[ "$(grep -c '^order' "$folder/orders")" = 3 ] &&
		grep -q 'text came' "$folder/orders.log"
}

client_echo() {
	exchange echo ws:echo=on && peer echo 9012 >"$folder/peer.log" 2>&1 &&
		stop 0
}

server_orders() {
	start server listening peer server 9013 239.255.0.1 12345 &&
		"$BUILD/t2t-trader" --connect 127.0.0.1:9013 --interface lo \
			--channel ws:path=/orders,protocol=t2t,ping=1 \
			>"$folder/trader" 2>"$folder/trader.log" &&
		wait "${started[-1]}"
}

# Each order is a message to tshark, too.
dissected() {
	local orders
	start capture 'capturing on' "$BUILD/t2t-wiretap" --interface lo \
		--write "$folder/ws.pcapng" &&
		exchange session ws &&
		"$BUILD/t2t-trader" --connect 127.0.0.1:9012 --interface lo \
			--channel ws >"$folder/trader" 2>"$folder/trader.log" &&
		stop 0 && kill -INT "${started[-1]}" && wait "${started[-1]}"
	orders=$(grep -c '^order' "$folder/session")
	tshark -r "$folder/ws.pcapng" -d tcp.port==9012,http -Y websocket \
		-T fields -E occurrence=a -E aggregator=/s -e websocket.opcode \
		2>"$folder/tshark.log" | tr ' ' '\n' >"$folder/opcodes"
	tshark -r "$folder/ws.pcapng" -d tcp.port==9012,http \
		-Y 'tcp && (_ws.malformed || _ws.expert.severity == error)' \
		>"$folder/malformed.log" 2>/dev/null
	[ "$orders" -gt 50 ] && [ "$(grep -c '^2$' "$folder/opcodes")" = "$orders" ] &&
		grep -q '^8$' "$folder/opcodes" && [ ! -s "$folder/malformed.log" ]
}

if /usr/bin/python3 -c 'import websockets' 2>/dev/null; then
	check "C.33 python3-websockets' client orders, and is told off" client_orders
	check "C.33 python3-websockets' client has its messages back" client_echo
	check "C.33 python3-websockets' server takes the trader's orders" server_orders
else
	skip 'C.33 python3-websockets, both ways' 'python3-websockets is not installed'
fi
if node -e 'require("ws")' 2>/dev/null; then
	software=node
	check "C.33 npm's ws, a client that orders, and is told off" client_orders
	check "C.33 npm's ws, a client that has its messages back" client_echo
	check "C.33 npm's ws, a server that takes the trader's orders" server_orders
else
	skip "C.33 npm's ws, both ways" 'node-ws is not installed'
fi
if command -v tshark >/dev/null; then
	check 'C.33 tshark finds each order, and nothing malformed' dissected
else
	skip 'C.33 tshark reads a session' 'tshark is not installed'
fi
finish
