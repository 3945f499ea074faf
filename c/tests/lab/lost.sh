#!/bin/bash
# SPDX-License-Identifier: MIT
# A machine is lost in the middle of a campaign's trial: the others have their
# knobs back and no program runs on, whichever it was. The machines are network
# namespaces here, which die when this test says so; no VM.
set -u
# shellcheck source=tests/tap.bash
. tests/tap.bash
BUILD=$(realpath "${BUILD:-build}")
# shellcheck source=tests/lab/machines.bash
. tests/lab/machines.bash

if [ "$(id -u)" != 0 ] || ! command -v ansible-playbook >/dev/null; then
	skip 'a machine that is lost' 'wants root and Ansible: make deps-lab'
	finish
fi

"$BUILD/t2t-feedgen" --quiet --bytes 100000 --seed 3 --triggers 0.02 \
	--output "$folder/feed.csv.gz" >/dev/null
machines_make

# Its knobs are of both machines; each arm turns them.
cat >"$folder/mine.yml" <<END
question: Who is lost?
places: [metal]
blocks: 1
arms:
  low:
    sysctl: {net.ipv4.tcp_keepalive_probes: 3}
    exchange: {sysctl: {net.ipv4.tcp_keepalive_probes: 4}, nic: {gro: on}}
  high:
    sysctl: {net.ipv4.tcp_keepalive_probes: 5}
    exchange: {sysctl: {net.ipv4.tcp_keepalive_probes: 6}, nic: {gro: on}}
END
# What a campaign may change of both machines.
state() {
	local name pid
	for name in $trader $exchange; do
		ip netns exec "$name" sh -c '
			grep -rs "" /proc/sys/net | sort
			ethtool -k lost0; tc qdisc show; tc filter show dev lost0 ingress
			ip maddr show dev lost0' | sed "s/^/$name /"
		for pid in $(ip netns pids "$name"); do
			echo "$name runs $(tr '\0' ' ' <"/proc/$pid/cmdline")"
		done
		jq -r '.made[].name' "$folder/$name/knobs.json" 2>/dev/null |
			sed "s/^/$name record: /"
	done
}

probes() { # machine
	ip netns exec "$1" cat /proc/sys/net/ipv4/tcp_keepalive_probes
}

# Its processes end at once, and it answers no more.
die() { # machine
	touch "$MORTAL_FOLDER/$1"
	kill_all "$1"
}

state >"$folder/before"
for lost in trader exchange; do
	machine=${!lost}
	rm -f "$folder/$exchange/exchange.out"
	# Seconds, of which the first suffices.
	(play $lost rate:500) &
	pid=$!
	until grep -q 'state TRANSMIT' "$folder/$exchange/exchange.out" 2>/dev/null ||
		! kill -0 $pid 2>/dev/null; do
		sleep 0.2
	done
	turned=$(probes $trader)$(probes $exchange)
	die "$machine"
	wait $pid
	code=$?
	name="a lost $lost is a failure that names it"
	if [ $code != 0 ] && [[ $turned = [35][46] ]] &&
		grep -q "failed: $lost was lost" "$folder/log" &&
		grep -q "failed: $lost was lost" "$folder/$lost/failed.txt"; then
		pass "$name"
	else
		fail "$name" < <(echo "code $code, turned $turned"; cat "$folder/log")
	fi
	expect_none "the machine that is left is as it was without the $lost" \
		< <([[ $turned = [35][46] ]] || echo "turned: $turned"
			diff <(grep -v "^$machine" "$folder/before") \
				<(state | grep -v "^$machine"))
	# It comes back as a machine that was booted anew.
	rm -f "$MORTAL_FOLDER/$machine" "$folder/$machine/knobs.json"
	ip netns exec "$machine" sysctl -qw net.ipv4.tcp_keepalive_probes=9
	ip netns exec "$machine" ethtool -K lost0 gro off
	name="the campaign goes on once the $lost is back"
	(play $lost rate:500 -e experiment_resume=true)
	code=$?
	if [ $code = 0 ] && [ -z "$(find "$folder/$lost" -name failed.txt)" ] &&
		[ "$(jq -r .state "$folder/$lost/manifest.json")" = complete ]; then
		pass "$name"
	else
		fail "$name" <"$folder/log"
	fi
	name='its manifest names the programs and the machine that measured'
	if jq -e --arg sum "$(sha256sum <"$BUILD/t2t-trader" | cut -c-64)" '
		.programs["t2t-trader"].sha256 == $sum and
		.programs["t2t-trader"].machine == "trader" and
		.programs["t2t-wiretap"].machine == "exchange" and
		(.machines | keys) == ["exchange", "trader"] and
		.host == .machines.trader and
		(.host.boot | length) == 36 and (has("machine") | not)' \
		"$folder/$lost/manifest.json" >/dev/null; then
		pass "$name"
	else
		fail "$name" < <(jq 'del(.experiment)' "$folder/$lost/manifest.json")
	fi
	expect_none 'and all is as it was' < <(state | diff "$folder/before" -)
done
finish
