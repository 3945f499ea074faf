#!/bin/bash
# SPDX-License-Identifier: MIT
# t2t-echo from outside: every channel and bare connection between two
# namespaces, what it counts, what it refuses, and a server that nobody ends.
# shellcheck disable=SC2317 # called by check, and by the trap
set -u
# shellcheck source=tests/tap.bash
. tests/tap.bash
# shellcheck source=tests/support/own_network.bash
. tests/support/own_network.bash
# shellcheck source=tests/support/within.bash
. tests/support/within.bash
BUILD=$(realpath "${BUILD:-build}")

own_network 't2t-echo'
folder=$(mktemp -d)
far_network
server=
clean() {
	[ -z "$server" ] || kill "$server"
	kill "$far"
	rm -rf "$folder"
} 2>/dev/null
trap clean EXIT
far_wire 10.77.8

shown() {
	tail -n 20 "$folder"/*
}

serve() { # address, options...
	local address=$1
	shift
	[ -z "$server" ] || served
	: >"$folder/server"
	nsenter --net=/proc/$far/ns/net "$BUILD/t2t-echo" --serve "$address" "$@" \
		>"$folder/server" 2>"$folder/server.log" &
	server=$!
	within 10 grep -q '^serving ' "$folder/server"
}

# It was there to the end, and ends when it is told to.
served() {
	kill "$server"
	wait "$server"
	set -- $?
	server=
	[ "$1" = 0 ]
}

# Measured into $folder/json.
connect() { # address, options...
	local address=$1
	shift
	timeout 60 "$BUILD/t2t-echo" --connect "$address" --json --timeout-ms 20000 \
		"$@" >"$folder/json" 2>"$folder/client.log"
}

# Does an expression of Python hold? r: all that was measured, by its name.
holds() { # expression
	python3 - "$folder/json" "$1" <<-'END' >"$folder/holds" 2>&1
		import json, sys
		told = json.load(open(sys.argv[1]))
		r = {}
		for one in told["results"]:
		    r.setdefault(one["measure"], []).append(one)
		assert eval("(" + sys.argv[2] + ")"), sys.argv[2]
	END
}

whole() { # address, sizes, options of both ends...
	local address=$1 sizes=$2
	shift 2
	serve "$address" "$@" &&
		connect "$address" --messages 60 --handshakes 3 --rate 2000 \
			--sizes "$sizes" "${near[@]}" &&
		served &&
		holds 'all(one["sent"] == one["received"] > 0
			and sum(n for _, n in one["histogram_ns"]) == one["received"]
			and 0 < one["latency_ns"]["min"]
				<= (one["latency_ns"]["p50"] or one["latency_ns"]["max"])
				<= one["latency_ns"]["max"]
			and one["elapsed_ns"] > 0 and one["cpu_ns"] > 0
			for one in told["results"])
		and all(0 < one["send_ns"]["min"] <= one["latency_ns"]["max"]
			for one in r["ping-pong"])
		and all(r["throughput"][i]["messages_per_s"] > 0
			and one["bytes_out"] >= one["payload"] * one["sent"]
			for i, one in enumerate(r["ping-pong"]))'
}

# -- Each that has an echo, every size

channels=$("$BUILD/t2t-probe" --options | python3 -c 'import json, sys
for one in json.load(sys.stdin)["members"]:
    if one["family"] == "channel" and "echo" in [
            row["name"] for row in one["options"] or []]:
        print(one["name"])')
for channel in $channels; do
	# shellcheck disable=SC2034 # whole() takes it
	near=(--channel "$channel")
	check "$channel: messages come back whole" \
		whole 10.77.8.2:9100 13,1500,16k --channel "$channel"
done
# Inside TLS a message is one of the channel's own; without any it is orders.
if "$BUILD/t2t-trader" --channel help | grep -q '^tls .*built without'; then
	skip 'echoes inside TLS' 'built without OpenSSL'
else
	"$BUILD/t2t-keys" --folder "$folder/keys"
	for inner in ws:ping=0 ws:echo=on fix raw; do
		# shellcheck disable=SC2034 # whole() takes it
		near=(--channel "tls:folder=$folder/keys,inner=$inner")
		check "inside TLS, $inner: messages come back whole" \
			whole 10.77.8.2:9100 13,1500,16k "${near[@]}"
		[ "${inner%%:*}" != ws ] || check "inside TLS, $inner: one a message" \
			holds '[one["payload"] for one in r["ping-pong"]] == [13, 1500, 16384]'
	done
fi
near=(--channel raw)
whole 10.77.8.2:9100 1500 --channel raw
check 'orders: as many as there is room for' holds \
	'r["ping-pong"][0]["orders"] == 115
	and r["ping-pong"][0]["payload"] == 1495
	and r["ping-pong"][0]["bytes_out"] == 60 * 1495
	and len(r["handshake"]) == 1 and r["handshake"][0]["sent"] == 3
	and len(r["reconnect"]) == 1 and r["reconnect"][0]["sent"] == 3'
near=(--channel ws)
whole 10.77.8.2:9100 16k --channel ws
check 'WebSocket: one message, whatever its size' holds \
	'r["ping-pong"][0]["orders"] is None
	and r["ping-pong"][0]["payload"] == 16384
	and 60 * 16384 < r["ping-pong"][0]["bytes_out"] < 60 * 16420'
tls_resumed() {
	"$BUILD/t2t-keys" --folder "$folder/keys" 2>"$folder/client.log" &&
		serve 10.77.8.2:9100 --channel "tls:folder=$folder/keys,inner=raw:echo=on" &&
		connect 10.77.8.2:9100 --measure "$1" --handshakes 3 --verbose \
			--channel "tls:folder=$folder/keys,inner=raw:echo=on" &&
		served && grep -q 'a full handshake' "$folder/client.log" &&
		[ "$(grep -c ', resumed' "$folder/client.log")" = "$2" ]
}
if "$BUILD/t2t-probe" --json | python3 -c 'import json, sys
sys.exit(any(row["name"] == "tls" and not row["can"]
             for row in json.load(sys.stdin)["found"]))'; then
	check 'TLS: each handshake is a full one' tls_resumed handshake 0
	check 'TLS: who has been there resumes' tls_resumed reconnect 3
else
	skip 'TLS: who has been there resumes' 'built without OpenSSL'
fi
for over in tcp udp; do
	near=(--over "$over")
	check "bare $over: messages come back whole" \
		whole 10.77.8.2:9100 13,1500,16k --over $over
done
near=(--over multicast --interface near0)
check 'multicast: messages come back whole, by the next port' \
	whole 239.255.0.9:9100 13,1500,16k --over multicast --interface far0
check 'datagrams have no handshake' holds '"handshake" not in r'
for transport in uring zerocopy; do
	"$BUILD/t2t-probe" --json | python3 -c 'import json, sys
sys.exit(not any(row["kind"] == "transport" and row["name"] == sys.argv[1]
                 and row["can"] for row in json.load(sys.stdin)["found"]))' \
		$transport || continue
	# shellcheck disable=SC2034
	near=(--over tcp --transport "$transport" --wait spin)
	check "transport $transport: the same" whole 10.77.8.2:9100 1500 --over tcp
done

# -- What it counts

# A client that is held up is late for all that it should have sent. It has four
# seconds to send it in, and is in the midst of it when its frames are.
sent_more() { # frames, than
	[ "$(awk '$1 == "near0:" { print $11 }' /proc/net/dev)" -gt $(($1 + $2)) ]
}
held_up() {
	serve 10.77.8.2:9100 --over tcp
	local client program before
	before=$(awk '$1 == "near0:" { print $11 }' /proc/net/dev)
	connect 10.77.8.2:9100 --over tcp --sizes 13 --measure "$1" \
		--messages 4000 --rate 1000 &
	client=$!
	within 20 sent_more 200 "$before"
	program=$(pgrep -P "$client" -f 't2t-echo --connect')
	program=$(pgrep -P "$program" || echo "$program")
	kill -STOP "$program"
	sleep 0.5
	kill -CONT "$program"
	wait "$client" && served
}
check 'open loop: a stop makes all late that it delays' held_up open-loop
check '... by as much as they were' holds \
	'sum(n for edge, n in r["open-loop"][0]["histogram_ns"]
		if edge >= 90e6) >= 250'

half_lost() {
	serve 239.255.0.9:9100 --over multicast --interface far0
	there tc qdisc add dev far0 root tbf \
		rate 300kbit burst 2kb limit 4kb || return 2
	timeout 60 "$BUILD/t2t-echo" --connect 239.255.0.9:9100 --over multicast \
		--interface near0 --json --timeout-ms 300 --measure open-loop \
		--sizes 1000 --messages 200 --rate 2000 >"$folder/json" \
		2>"$folder/client.log"
	set -- $?
	there tc qdisc del dev far0 root
	served && return "$1"
}
half_lost
lost=$?
if [ $lost = 2 ]; then
	skip 'datagrams that are lost are counted' 'no tc with tbf'
	served
else
	check 'datagrams that are lost are counted' [ $lost = 0 ]
	check '... and no more' holds \
		'0 < r["open-loop"][0]["received"] < r["open-loop"][0]["sent"] == 200'
fi

# -- Ends that are not what they should be

says() { # text, expected code, command...
	local text=$1 code=$2
	shift 2
	timeout 60 "$@" >"$folder/out" 2>"$folder/client.log"
	[ $? = "$code" ] && grep -qF -- "$text" "$folder/client.log"
}

check 'nobody is there: TCP' says "can't connect" 1 "$BUILD/t2t-echo" \
	--connect 10.77.8.2:9100 --timeout-ms 300
check 'nobody is there: UDP' says 'is there an echo?' 1 "$BUILD/t2t-echo" \
	--connect 10.77.8.2:9100 --timeout-ms 300 --over udp
serve 10.77.8.2:9100 --channel raw:echo=off
check 'an exchange without an echo' says 'is there an echo?' 1 \
	"$BUILD/t2t-echo" --connect 10.77.8.2:9100 --timeout-ms 2000 \
	--measure ping-pong
served
serve 10.77.8.2:9100 --channel login
check 'the other end has another channel' says 'is not FIX' 1 "$BUILD/t2t-echo" \
	--connect 10.77.8.2:9100 --timeout-ms 3000 --channel fix
served

# One that changes a byte.
python3 - "$folder/liar" <<'END' &
import socket, sys
listener = socket.create_server(("127.0.0.1", 9101))
open(sys.argv[1], "w").close()
peer, _ = listener.accept()
while bytes_ := bytearray(peer.recv(65536)):
    bytes_[0] ^= 128
    peer.sendall(bytes_)
END
liar=$!
until [ -e "$folder/liar" ]; do sleep 0.1; done
check 'what comes back is compared' says 'is not what was sent' 1 \
	"$BUILD/t2t-echo" --connect 127.0.0.1:9101 --over tcp --sizes 1500 \
	--measure ping-pong
wait $liar

# -- Strangers

# Each in turn: noise, half a message, a connection that is left, many of them,
# datagrams of all kinds, and answers, which nobody answers.
strangers() { # stream or datagrams
	python3 - "$1" <<-'END'
		import random, socket, sys
		random.seed(7)
		there = ("10.77.8.2", 9100)
		if sys.argv[1] == "stream":
		    for i in range(60):
		        one = socket.create_connection(there, timeout=5)
		        if i % 3:
		            one.sendall(random.randbytes(random.randrange(1, 3000)))
		        if i % 4 == 0:
		            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
		                           b"\1\0\0\0\0\0\0\0")
		        if i % 5:
		            one.close()
		        else:
		            globals()["kept%d" % i] = one
		else:
		    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		    one.bind(("10.77.8.1", 0))
		    for i in range(300):
		        one.sendto(random.randbytes(random.randrange(0, 2000)), there)
		    one.sendto(random.randbytes(60000), there)
		    one.sendto(b"\0" * 8 + b"\2ECHO", there)
		    one.settimeout(0.3)
		    try:
		        sys.exit("answered: %r" % one.recv(100))
		    except TimeoutError:
		        pass
		    one.sendto(b"\0" * 8 + b"\1ECHO", there)
		    assert one.recv(100) == b"\0" * 8 + b"\2ECHO"
	END
}
beset() { # kind, options of both ends...
	local kind=$1
	shift
	serve 10.77.8.2:9100 --timeout-ms 1000 "$@" &&
		strangers "$kind" >"$folder/strangers" 2>&1 &&
		connect 10.77.8.2:9100 --messages 20 --handshakes 2 --sizes 13 "$@" &&
		served
}
for channel in $channels; do
	check "$channel: strangers end nothing" beset stream --channel "$channel"
done
check 'bare TCP: strangers end nothing' beset stream --over tcp
check 'UDP: strangers end nothing, and answers have none' beset datagrams --over udp

# -- Bad input

refusals() {
	local options text
	while IFS='|' read -r options text; do
		# shellcheck disable=SC2086 # several words
		says "$text" 2 "$BUILD/t2t-echo" $options ||
			echo "$options: $(cat "$folder/client.log")"
	done <<-'END'
		|expected --serve ADDR:PORT or --connect
		--serve 127.0.0.1:1 --connect 127.0.0.1:1|and not both
		--serve 0.0.0.0:9100|0.0.0.0 is no address of one machine
		--serve 127.0.0.1|--serve
		--serve 239.255.0.1:9100|is for --over multicast
		--serve 127.0.0.1:9100 --over multicast|wants the address of a group
		--serve 239.255.0.1:9100 --over multicast|wants --interface
		--serve 239.255.0.1:65535 --over multicast --interface lo|no next port
		--connect 127.0.0.1:9100 --interface lo|--interface is for
		--serve 127.0.0.1:9100 --mirror|--mirror is for --connect
		--connect 127.0.0.1:9100 --mirror|has no messages of any length
		--connect 127.0.0.1:9100 --sizes 12|from 13 bytes to 16k
		--connect 127.0.0.1:9100 --sizes 17k|from 13 bytes to 16k
		--connect 127.0.0.1:9100 --sizes 13,|from 13 bytes to 16k
		--connect 127.0.0.1:9100 --sizes 18446744073709551629|from 13 bytes
		--connect 127.0.0.1:9100 --measure ping|expected all, or some of
		--connect 127.0.0.1:9100 --rate 0|--rate
		--connect 127.0.0.1:9100 --channel nosuch|nosuch
		--connect 127.0.0.1:9100 --channel raw:x=1|x
		--serve 127.0.0.1:9100 --channel fix:target=a/b|target
	END
}
expect_none 'what makes no sense is refused with a reason' < <(refusals)

# A server of the test's own, which a client sends back what it says: text and
# binary, in fragments, a ping between; and what is wrong is told.
mirrored() { # what the client's answers are, what it says then
	python3 tests/support/websocket_server.py 9107 "$1" "$BUILD/t2t-echo" \
		--connect 127.0.0.1:9107 --mirror \
		--channel 'ws:ping=0,path=/runCase?case=1&agent=t2t' \
		>"$folder/mirror" 2>&1
}
check 'C.33 what a suite says comes back' mirrored right
check 'C.33 a suite that is wrong on purpose is told so' mirrored wrong

check 'an address that is not of this machine' says "can't bind" 1 \
	"$BUILD/t2t-echo" --serve 10.77.8.9:9100
finish
