#!/bin/bash
# SPDX-License-Identifier: MIT
# A trial whose trader has been given a NIC: however it ends, and whoever is
# killed in which step of it, the NIC is the kernel's again, and all that was of
# its interface is as before. The machines are network namespaces, the PCI bus is
# a folder (tests/support/nic_away.py), what stands in for the NIC is the real
# one. Mostly waits.
set -u
# shellcheck source=tests/tap.bash
. tests/tap.bash
# shellcheck source=tests/support/within.bash
. tests/support/within.bash
# shellcheck source=tests/support/two_namespaces.bash
. tests/support/two_namespaces.bash
BUILD=$(realpath "${BUILD:-build}")
folder=$(mktemp -d)
trader=t2t-nic-t$$ exchange=t2t-nic-e$$ away=t2t-nic-a$$
export NIC_FOLDER=$folder/nic NIC_HERE=$trader NIC_AWAY=$away
# shellcheck disable=SC2317 # called by the trap
clean() {
	local space
	rm -f "$NIC_FOLDER"/hold.*
	for space in $trader $exchange $away; do
		ip netns pids "$space" 2>/dev/null | xargs -r kill
		ip netns delete "$space" 2>/dev/null
	done
	rm -rf "$folder"
}
trap clean EXIT

name='a trial with a NIC of its own'
for program in python3 ethtool; do
	if ! command -v $program >/dev/null; then
		skip "$name" "no $program"
		finish
	fi
done
if ! two_namespaces $exchange $trader wire 10.79.2 || ! ip netns add $away ||
	! ip -n $away link add carries type bridge mcast_snooping 0 2>/dev/null; then
	skip "$name" 'network namespaces with a name are not permitted'
	finish
fi
ip -n $away link set carries up
pci=$NIC_FOLDER/sys/bus/pci
device=$pci/devices/0000:01:00.0
mkdir -p "$device/net/wire" "$pci"/drivers/{veth,uio_pci_generic}
ln -s "$pci/drivers/veth" "$device/driver"
echo 10 >"$device/irq"
echo '(null)' >"$device/driver_override"
touch "$NIC_FOLDER/uio0"
# What the interface of a driver that has just begun does not have.
ip -n $trader address add 192.0.2.1/24 brd + dev wire label wire:x
ip -n $trader neighbour add 10.79.2.9 lladdr 02:00:00:00:00:09 dev wire
ip -n $trader route add 198.51.100.0/24 via 10.79.2.9 metric 7
ip -n $trader route add 203.0.113.0/24 dev wire table 7 src 192.0.2.1
ip -n $trader link set wire txqueuelen 77 promisc on alias somebodys
ip netns exec $trader sh -c 'ethtool -K wire gro off
	echo 2 >/proc/sys/net/ipv4/conf/wire/rp_filter
	echo 5 >/proc/sys/net/ipv4/neigh/wire/ucast_solicit
	echo 20 >/sys/class/net/wire/gro_flush_timeout'

"$BUILD/t2t-feedgen" --quiet --bytes 100000 --seed 3 --triggers 0.05 \
	--output "$folder/feed.csv.gz" >/dev/null
# A trader that drives the NIC.
mkdir "$folder/programs"
ln -s "$BUILD"/t2t-{exchange,wiretap} "$folder/programs"
cat >"$folder/programs/t2t-trader" <<-END
	#!/bin/sh
	exec 7<"$NIC_FOLDER/uio0"
	exec "$BUILD/t2t-trader" "\$@"
END
chmod +x "$folder/programs/t2t-trader"

tool=("$(command -v python3)" -S "$PWD/tests/support/nic_away.py")
record=$NIC_FOLDER/knobs/record.json
list() { # words: as JSON
	# shellcheck disable=SC2016 # jq expands it
	jq -nc '$ARGS.positional' --args -- "$@"
}
knob() { # verb, driver
	list "${tool[@]}" "$1" --record "$record" --interface wire --knobs \
		"{\"set\":[${2:-}],\"read\":[]}"
}
reached() { # side, namespace
	list ip netns exec "$2" "$BUILD/t2t-agent" --folder "$folder/$1"
}
seat() { # side
	echo "\"machine\": \"$1\", \"programs\": \"$folder/programs\",
		\"interface\": \"wire\""
}
plan() { # pace
	cat >"$folder/plan.json" <<-END
		{"schema": "t2t-lab-plan/1", "place": "metal", "accelerator": "none",
		 "feed": "$folder/feed.csv.gz", "pace": "$1", "blocks": 1, "verdict": "none",
		 "seed": 1, "threshold_usd": "1000000", "aggress": "opposite",
		 "group": "239.255.0.1:12345", "warm_up": 0,
		 "arms": [{"name": "one", "receive": "block"},
		          {"name": "two", "receive": "block"}],
		 "trials": [{"block": 0, "arm": 0}, {"block": 0, "arm": 1}],
		 "site": {
		  "machines": [
		   {"name": "exchange", "folder": "$folder/exchange", "bring": [],
		    "connect": $(reached exchange $exchange)},
		   {"name": "trader", "folder": "$folder/trader", "bring": [],
		    "connect": $(reached trader $trader),
		    "standby": $(list "${tool[@]}")}],
		  "seats": {
		   "exchange": {$(seat exchange), "listen": "10.79.2.1:9012",
		    "feed": "$folder/feed.csv.gz", "more": ["--settle-ms", "500"]},
		   "wiretap": {$(seat exchange)},
		   "trader": {$(seat trader)}},
		  "bias": {"machine": "trader", "turn": ["false"],
		   "frames": "10", "rate": "1000"},
		  "arms": [{"turns": [{"machine": "trader", "where": "trader",
		    "turn": $(knob apply \
		'{"kind":"nic","name":"driver","value":"uio_pci_generic"}'),
		    "restore": $(knob restore)}]},
		   {"turns": []}]}}
	END
}

# -- What there is of both machines, of the NIC and its drivers, and what runs.

# shellcheck disable=SC2016 # that shell expands it
interface_look='
	exec 2>/dev/null # ip complains of the namespaces of others
	ip -d -o link | sed "s/^[0-9]*: //; s/@if[0-9]*/@/"
	ip -d -o address | sed "s/^[0-9]*: //; s/@if[0-9]*/@/"
	ip route show table all
	ip -6 route show table all
	ip neighbour show nud permanent
	ip maddress show dev wire | sed 1d | sort
	for what in -k -c -g -l -a; do ethtool $what wire 2>&1; done
	cd /proc/sys/net && grep -rs "" ipv[46]/conf/wire ipv[46]/neigh/wire | sort
	cd /sys/class/net/wire && grep -rs "" threaded gro_flush_timeout \
		napi_defer_hard_irqs tx_queue_len queues | sort'
look() {
	local space
	for space in $trader $exchange; do
		ip netns exec "$space" sh -c "$interface_look" | sed "s/^/${space:8:1} /"
		ip netns pids "$space" | xargs -r ps -o args= -p
	done
	ip -n $away -o link | sed 's/^[0-9]*: //; s/[:@].*//'
	find "$NIC_FOLDER" -printf '%P %l\n' | sort
	cat "$device/driver_override"
	jq -c .made "$record"
}
# shellcheck disable=SC2317 # called by within
as_before() {
	look >"$folder/now" 2>&1
	diff "$folder/before" "$folder/now" >"$folder/diff"
}
is_back() {
	rm -f "$NIC_FOLDER"/reached.*
	within 120 as_before || cat "$folder/diff"
}

# -- Whoever is killed

run() { # in the background
	rm -rf "$folder"/{result,trader,exchange}
	"$BUILD/t2t-run" --campaign "$folder/plan.json" \
		--output "$folder/result" >"$folder/log" 2>&1 &
	run=$!
}
child_of() { # pid, what its command line has
	local children pid
	read -ra children <"/proc/$1/task/$1/children"
	for pid in "${children[@]}"; do
		! tr '\0' ' ' <"/proc/$pid/cmdline" | grep -q -- "$2" || echo "$pid"
	done
}
# shellcheck disable=SC2317 # called by within
transmits() {
	grep -qs 'state TRANSMIT' "$folder/exchange/exchange.out"
}
# shellcheck disable=SC2317 # called by within
steps() { # step
	test -e "$NIC_FOLDER/reached.$1"
}
# In this step, or in mid-trial; keeper and agent are those of the trader.
until_in() { # step
	if [ "$1" = trial ]; then
		within 60 transmits
	else
		within 60 steps "$1"
	fi || cat "$folder/log"
	keeper=$(child_of $run "$folder/trader")
	agent=$(child_of "$keeper" "$folder/trader")
}
# Of a run that is there until it is killed. Those that die together must not
# see each other do.
killed() { # step, whom...
	local one pids=()
	[ "$1" = trial ] || touch "$NIC_FOLDER/hold.$1"
	run
	until_in "$1"
	grep -q '^$' <<<"$keeper$agent" && echo 'no agent was found'
	for one in "${@:2}"; do
		[ "$one" = runner ] && one=run
		pids+=("${!one}")
	done
	kill -STOP "${pids[@]}"
	kill -KILL "${pids[@]}"
	rm -f "$NIC_FOLDER"/hold.*
	wait $run 2>/dev/null
}
# shellcheck disable=SC2317 # called by within
away() {
	[ "$(readlink "$device/driver")" != "$pci/drivers/veth" ]
}
restored() {
	ip netns exec $trader "${tool[@]}" restore --record "$record" \
		--interface wire
}

# shellcheck disable=SC2317 # called by check
shown() {
	echo "exit code $code"
	cat "$folder/log"
}

plan rate:20000
# The folder of the record stays, as it does in /run.
restored >/dev/null
jq -n '{made: []}' >"$record"
# Until the addresses of IPv6 are no longer tried.
# shellcheck disable=SC2317 # called by within
settled() {
	! { ip -n "$trader" address show tentative
		ip -n "$exchange" address show tentative; } | grep -q .
}
within 10 settled
look >"$folder/before" 2>&1

run
wait $run
code=$?
check 'a trial with a NIC of its own is right' test "$code" = 0
expect_none 'and all is as before' < <(is_back)
# Its knobs are turned, or put back, step by step; in each the runner is killed.
for step in give.unbind give.drivers_probe give.stand_in \
	back.unbind back.drivers_probe; do
	expect_none "the runner is killed in ${step/./: }" < <(
		killed $step runner
		is_back)
done
# Whoever of the two was amidst it: the other one does it again.
expect_none 'the agent is killed while it gives it away' < <(
	killed give.stand_in agent
	is_back)
expect_none 'the agent is killed while it puts back' < <(
	killed back.drivers_probe agent
	is_back)
expect_none 'the keeper is killed meanwhile' < <(
	killed back.drivers_probe keeper
	is_back)
expect_none 'all are killed while it is put back: the next one goes on' < <(
	killed back.drivers_probe runner keeper agent
	restored >/dev/null || echo "exit code $?"
	is_back)

plan rate:50
expect_none 'the runner is killed in mid-trial' < <(
	killed trial runner
	is_back)
expect_none 'the runner and the agent' < <(
	killed trial runner agent
	is_back)
expect_none 'the runner and the keeper' < <(
	killed trial runner keeper
	is_back)
expect_none 'all of them: who puts it back is not alone with that' < <(
	killed trial runner keeper agent
	within 5 away
	restored >"$folder/one" 2>&1 &
	restored >"$folder/other" 2>&1 || cat "$folder/other"
	wait $! || cat "$folder/one"
	cat "$folder"/{one,other} | jq -s 'map(.restored[]) | length' | grep -vx 1
	is_back)
expect_none 'a playbook puts back beside an agent' < <(
	touch "$NIC_FOLDER/hold.back.drivers_probe"
	run
	until_in trial
	kill -KILL $run
	within 20 steps back.drivers_probe || echo 'the agent does not put back'
	restored >"$folder/one" 2>&1 &
	within 1 false
	rm "$NIC_FOLDER/hold.back.drivers_probe"
	wait $! || cat "$folder/one"
	# It waits, and then there is nothing left to do.
	jq -c .restored "$folder/one" | grep -vxF '[]'
	is_back)
expect_none 'one that can not be put back is told by name, and stays recorded' < <(
	run
	until_in trial
	mv "$device" "$folder/device"
	kill $run
	wait $run
	{
		echo "exit code $?"
		grep -o 'nic driver: .*' "$folder/log"
		jq -r '.made[].name' "$record"
		restored 2>&1 >/dev/null
		echo "exit code $?"
	} | diff - <(cat <<-'END'
		exit code 1
		nic driver: 0000:01:00.0, the NIC of wire, is gone
		nic driver
		nic driver: 0000:01:00.0, the NIC of wire, is gone
		exit code 1
	END
	)
	mv "$folder/device" "$device"
	restored >/dev/null || echo "exit code $?"
	is_back)
finish
