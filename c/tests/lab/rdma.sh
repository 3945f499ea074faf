#!/bin/bash
# SPDX-License-Identifier: MIT
# RDMA between the two guests of a lab that is up (make up): soft-RoCE, orders
# and market data over it, judged by both oracles from the tap's capture; who
# vanishes, is killed or comes with the wrong word; ib_send_lat and t2t-echo in
# turn; the transports' one suite on a guest. Minutes, and guests that are
# there: not in `make test`, but by `make -C c test-rdma`.
#
#	T2T_RDMA_LAB=FOLDER	the lab, as LAB_FOLDER
#	T2T_RDMA_FEED=FILE	orders of this feed instead of the sample's
#	T2T_RDMA_USD='N N'	thresholds
#	T2T_RDMA_RATE=N		packets a second
# shellcheck disable=SC2317 # check calls its functions
set -u
# shellcheck source=tests/tap.bash
. tests/tap.bash
lab=${T2T_RDMA_LAB:-}
if [ -z "$lab" ]; then
	skip 'RDMA between guests' 'a lab that is up: make -C c test-rdma'
	finish
fi
BUILD=${BUILD:-build}
folder=$(mktemp -d)
rate=${T2T_RDMA_RATE:-1000}
on() { # guest, command
	local guest=$1
	shift
	# shellcheck disable=SC2029 # it is for the guest
	ssh -n -F "$lab/ssh_config" "$guest" "sudo sh -c '$*'"
}
exchange=$(on exchange 'ip -4 -br address show lab0' | awk '{ print $3 }')
trader=$(on trader 'ip -4 -br address show lab0' | awk '{ print $3 }')
exchange=${exchange%/*} trader=${trader%/*}
tap=$(ip -br link | awk '$1 ~ /trader-lab$/ { print $1; exit }')
tap=${T2T_RDMA_TAP:-$tap}
kids=()
# shellcheck disable=SC2317 # called by the trap
clean() {
	[ ${#kids[@]} = 0 ] || kill "${kids[@]}" 2>/dev/null
	for guest in exchange trader; do
		on "$guest" 'pkill -x t2t-exchange; pkill -x t2t-trader; pkill -x t2t-echo; ip link set lab0 up; rdma link delete rxe0 2>/dev/null'
	done
	rm -rf "$folder"
}
trap clean EXIT
trap 'exit 143' TERM
shown() {
	tail -n 15 "$folder"/*.err "$folder"/*.out "$folder"/judged 2>/dev/null
	on exchange 'tail -n 5 /tmp/exchange.err'
	on trader 'tail -n 5 /tmp/trader.err'
}

no_device() {
	on exchange 'rdma link delete rxe0 2>/dev/null; true'
	! on exchange "timeout 20 /opt/t2t/t2t-exchange --transport rdma --feed /tmp/feed.csv.gz --interface lab0 --listen $exchange:9012" 2>"$folder/no.err" &&
		grep -q 'RDMA device.*rdma link add' "$folder/no.err"
}
check 'a machine without a device is told, with what makes one' no_device

links() {
	local guest
	for guest in exchange trader; do
		on "$guest" 'modprobe rdma_rxe && modprobe rdma_ucm && { rdma link show | grep -q rxe0 || rdma link add rxe0 type rxe netdev lab0; }' || return
	done
}
check 'soft-RoCE on both guests' links

feed=${T2T_RDMA_FEED:-}
if [ -z "$feed" ]; then
	feed=$folder/feed.csv.gz
	"$BUILD/t2t-feedgen" --quiet --bytes 400000 --seed 1 --triggers 0.05 \
		--output "$feed" >/dev/null || exit
fi
scp -q -F "$lab/ssh_config" "$feed" exchange:/tmp/feed.csv.gz || exit

# An exchange, until it listens.
exchange_up() { # options
	on exchange "rm -f /tmp/exchange.err; exec /opt/t2t/t2t-exchange --feed /tmp/feed.csv.gz --interface lab0 --listen $exchange:9012 --pace rate:$rate $* >/tmp/exchange.out 2>/tmp/exchange.err" &
	server=$!
	for _ in $(seq 50); do
		on exchange 'grep -q "takes orders" /tmp/exchange.err' 2>/dev/null && return
		kill -0 "$server" 2>/dev/null || return
		sleep 0.2
	done
	return 1
}
exchange_down() {
	on exchange 'pkill -TERM -x t2t-exchange'
	wait "$server"
}
trade() { # usd, options
	local usd=$1
	shift
	on trader "exec timeout 600 /opt/t2t/t2t-trader --connect $exchange:9012 --interface lab0 --threshold-usd $usd --json $* >/tmp/trader.json 2>/tmp/trader.err"
}

# A session, judged. What the trader and the exchange are told.
judged_right() { # usd, orders, trader's, exchange's
	local usd=$1 orders=$2 code
	"$BUILD/t2t-wiretap" --interface "$tap" --write "$folder/capture.pcapng" \
		2>"$folder/wiretap.err" &
	kids=($!)
	for _ in $(seq 50); do
		grep -q 'capturing on' "$folder/wiretap.err" && break
		sleep 0.1
	done
	# shellcheck disable=SC2086 # several words
	exchange_up $4 && trade "$usd" $3
	code=$?
	exchange_down || code=1
	sleep 0.5
	kill -INT "${kids[0]}" && wait "${kids[0]}" || code=1
	kids=()
	[ "$code" = 0 ] || return
	"$BUILD/t2t-wiretap" --read "$folder/capture.pcapng" --json \
		--threshold-usd "$usd" >"$folder/judged" || return
	cp "$folder/capture.pcapng" "${T2T_RDMA_KEEP:-$folder}/last.pcapng" 2>/dev/null
	jq -r '"# \(.matched) of \(.triggers) orders, p50 \(.wire_to_wire_ns.p50 // "-") ns"' \
		"$folder/judged" 2>/dev/null
	jq -e ".correct and .matched == .triggers and .matched > 0 and .missing + .extra + .wrong == 0 and (\"$orders\" == \"\" or .matched == (\"$orders\" | tonumber))" \
		"$folder/judged" >/dev/null || return
	python3 -B verify/verify.py "$folder/capture.pcapng" \
		--threshold-usd "$usd" >"$folder/verify.out" 2>&1
}
for usd in ${T2T_RDMA_USD:-1000000}; do
	orders=
	[ -z "${T2T_RDMA_FEED:-}" ] || case $usd in
	1000000) orders=151 ;;
	100000) orders=7205 ;;
	esac
	while IFS='|' read -r name theirs ours; do
		check "$name, at $usd USD: both oracles find all orders right" \
			judged_right "$usd" "$orders" "$theirs" "$ours"
	done <<-END
		${T2T_RDMA_CHOICES:-$(cat <<-CHOICES
		orders are sent|--receive spin --transport rdma|--transport rdma
		orders are written, inline|--receive spin --transport rdma:op=write|--transport rdma:wait=spin
		market data|--receive rdma|--send rdma
		market data by sleeping|--receive rdma:wait=poll|--send rdma:inline=0
		both|--receive rdma --transport rdma:inline=0|--send rdma --transport rdma
		CHOICES
		)}
	END
done
[ -z "${T2T_RDMA_FEED:-}" ] || finish

refused() { # program, options...: 2 or 1, and says so
	local guest=$1 program=$2 says=$3
	shift 3
	! on "$guest" "timeout 20 /opt/t2t/$program $*" 2>"$folder/refused.err" &&
		grep -q "$says" "$folder/refused.err"
}
wrong_words() {
	refused trader t2t-trader 'slots' --connect "$exchange:9012" --interface lab0 --transport rdma:slots=3 &&
		refused trader t2t-trader 'inline' --connect "$exchange:9012" --interface lab0 --transport rdma:inline=1025 &&
		refused trader t2t-trader 'op' --connect "$exchange:9012" --interface lab0 --transport rdma:op=read &&
		refused trader t2t-trader 'wait' --connect "$exchange:9012" --interface lab0 --receive rdma:wait=never &&
		refused exchange t2t-exchange 'inline' --feed /tmp/feed.csv.gz --interface lab0 --send rdma:inline=4096 &&
		refused trader t2t-trader 'RDMA device on lo' --connect 127.0.0.1:9012 --interface lo --transport rdma
}
check 'a wrong word is refused by name' wrong_words
nobody() {
	refused trader t2t-trader "can.t connect to $exchange:9012" --connect "$exchange:9012" --interface lab0 --transport rdma
}
check 'nobody listens: refused by name' nobody

vanishes() { # how, says
	local code
	exchange_up --transport rdma || return
	trade 1000000 --receive spin --transport rdma &
	local client=$!
	sleep 3
	on exchange "$1"
	wait "$client"
	code=$?
	wait "$server" 2>/dev/null
	on exchange 'ip link set lab0 up'
	on trader 'tail -n 4 /tmp/trader.err' >"$folder/vanished.out"
	[ "$code" = 1 ] && grep -qiE "$2" "$folder/vanished.out"
}
check 'the exchange is killed: the trader says so, 1' \
	vanishes 'pkill -KILL -x t2t-exchange' 'closed|gone|ended|left|pipe'
check 'its machine vanishes: the trader says so, 1' \
	vanishes 'ip link set lab0 down; pkill -KILL -x t2t-exchange' \
	'timed out|unreachable|closed|no longer'

trader_killed() {
	exchange_up --transport rdma || return
	trade 1000000 --receive spin --transport rdma 2>/dev/null &
	local client=$!
	sleep 3
	on trader 'pkill -KILL -x t2t-trader'
	wait "$client"
	sleep 1
	on exchange 'cat /tmp/exchange.out /tmp/exchange.err' >"$folder/killed.out"
	trade 1000000 --receive spin --transport rdma
	local code=$?
	exchange_down
	[ "$code" = 0 ] && grep -q 'INIT' "$folder/killed.out"
}
check 'a trader is killed: the exchange takes the next one' trader_killed

# In turn, in one run: what the device itself costs, and what we add.
witness() {
	local one
	for one in 1 2; do
		on exchange 'timeout 60 ib_send_lat -d rxe0 -x 1 -s 13 -n 1000 -p 18515 >/tmp/lat.out 2>&1' &
		sleep 3
		on trader "timeout 60 ib_send_lat -d rxe0 -x 1 -s 13 -n 1000 -p 18515 $exchange" >"$folder/lat.out" 2>&1 || return
		wait $!
		awk -v n="$one" '$1 == 13 { print "# round " n ": ib_send_lat, half a round trip: " $5 " us" }' "$folder/lat.out"
		for transport in rdma rdma:op=write send; do
			on exchange "timeout 60 /opt/t2t/t2t-echo --serve $exchange:9013 --over tcp --transport ${transport%%:*} --wait spin >/dev/null 2>/tmp/echo.err" &
			sleep 2
			on trader "timeout 60 /opt/t2t/t2t-echo --connect $exchange:9013 --over tcp --transport $transport --wait spin --measure ping-pong --messages 1000 --sizes 13 --json" >"$folder/echo.out" 2>"$folder/echo.err"
			local code=$?
			on exchange 'pkill -TERM -x t2t-echo'
			wait $!
			[ "$code" = 0 ] || return
			echo "# round $one: t2t-echo, $transport: $(jq '[.. | .p50? // empty][0]' "$folder/echo.out") ns, a round trip"
		done
	done
}
check 'ping-pong: ib_send_lat, and t2t-echo in turn' witness

suite() {
	scp -q -F "$lab/ssh_config" "$BUILD/guest/tests/conformance/transport" \
		../images/build/root/usr/lib/*-linux-gnu/libcmocka.so.0 \
		trader:/tmp/ || return
	on trader "LD_LIBRARY_PATH=/tmp T2T_RDMA=$trader timeout 600 /tmp/transport" >"$folder/suite.out" 2>&1
	local code=$?
	grep -E '^\[ *(ERROR|FAILED|LINE|  PASSED)' "$folder/suite.out" | sed 's/^/# /'
	return "$code"
}
[ ! -e "$BUILD/guest/tests/conformance/transport" ] ||
	check 'the one suite of transports, on rdma' suite
finish
