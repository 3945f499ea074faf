#!/bin/bash
# SPDX-License-Identifier: MIT
# A machine is lost in the middle of a campaign's trial: the others have their
# knobs back and no program runs on, whichever it was. The machines are network
# namespaces here, which die when this test says so; no VM.
set -u
# shellcheck source=tests/tap.bash
. tests/tap.bash
BUILD=$(realpath "${BUILD:-build}")
folder=$(mktemp -d)
id=$$
trader=t2t-lost-t$id exchange=t2t-lost-e$id
export MORTAL_FOLDER=$folder/dead LAB_FOLDER=$folder/lab
export ANSIBLE_CONNECTION_PLUGINS=$PWD/tests/lab/connection
mkdir "$MORTAL_FOLDER" "$LAB_FOLDER" "$folder/$trader" "$folder/$exchange"

# shellcheck disable=SC2317 # called by the trap
clean() {
	for name in $trader $exchange; do
		kill_all "$name"
		ip netns delete "$name" 2>/dev/null
	done
	rm -rf "$folder"
}
kill_all() { # machine
	local pid
	for pid in $(ip netns pids "$1" 2>/dev/null); do
		kill -KILL "$pid" 2>/dev/null
	done
}
trap clean EXIT

if [ "$(id -u)" != 0 ] || ! command -v ansible-playbook >/dev/null; then
	skip 'a machine that is lost' 'wants root and Ansible: make deps-lab'
	finish
fi

"$BUILD/t2t-feedgen" --quiet --bytes 100000 --seed 3 --triggers 0.02 \
	--output "$folder/feed.csv.gz" >/dev/null
ip netns add $trader
ip netns add $exchange
ip link add lost0 netns $trader type veth peer name lost0 netns $exchange
for side in "$trader 2" "$exchange 1"; do
	# shellcheck disable=SC2086 # two words
	set -- $side
	ip -n "$1" address add 10.79.0."$2"/24 dev lost0
	ip -n "$1" link set lo up
	ip -n "$1" link set lost0 up
	ip netns exec "$1" sysctl -qw net.ipv6.conf.lost0.disable_ipv6=1
done

mkdir "$folder/inventory"
machine() { # name, namespace, last number of the address
	cat <<-END
		        $1:
		          ansible_host: $2
		          ansible_connection: mortal
		          experiment_interface: lost0
		          experiment_address: 10.79.0.$3
		          experiment_scratch: $folder/$2
		          experiment_knobs: $folder/$2/knobs.json
	END
}
cat >"$folder/inventory/hosts.yml" <<END
all:
  vars:
    ansible_python_interpreter: "{{ ansible_playbook_python }}"
    experiment_programs: $BUILD
    experiment_tools: $BUILD
    experiment_wiretap: exchange
    experiment_wiretap_fifo: 0
  children:
    exchanges:
      hosts:
$(machine exchange $exchange 1)
    traders:
      hosts:
$(machine trader $trader 2)
END

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
python3 -B -c 'import json, sys
sys.path.insert(0, "../ansible/filter_plugins")
import lab_experiment
print(json.dumps({"__experiment_what": lab_experiment.experiment(sys.argv[1])}))
' "$folder/mine.yml" >"$folder/mine.json"

play() { # name of the result, pace, arguments...
	local output=$folder/$1 pace=$2
	shift 2
	cd ../ansible && exec setsid ansible-playbook -i "$folder/inventory" \
		experiment.yml -e experiment=thp -e "@$folder/mine.json" \
		-e "experiment_feed=$folder/feed.csv.gz" \
		-e "experiment_pace=$pace" -e "experiment_output=$output" "$@" \
		>"$folder/log" 2>&1 </dev/null
}

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
	# At a pace that lasts until it is over.
	(play $lost rate:20) &
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
		grep -q "failed: $lost was lost" "$folder/$lost"/trials/*/failed.txt; then
		pass "$name"
	else
		fail "$name" < <(echo "code $code, turned $turned"; cat "$folder/log")
	fi
	expect_none "the machine that is left is as it was without the $lost" \
		< <(diff <(grep -v "^$machine" "$folder/before") \
			<(state | grep -v "^$machine"))
	# It comes back as a machine that was booted anew.
	rm -f "$MORTAL_FOLDER/$machine" "$folder/$machine/knobs.json"
	ip netns exec "$machine" sysctl -qw net.ipv4.tcp_keepalive_probes=9
	ip netns exec "$machine" ethtool -K lost0 gro off
	name="the campaign goes on once the $lost is back"
	(play $lost rate:2000 -e experiment_resume=true)
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
