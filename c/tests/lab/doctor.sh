#!/bin/bash
# SPDX-License-Identifier: MIT
# The doctor looks at machines of one's own: what is there, what should be, what
# mends it; and an experiment does not begin where something hinders. They are
# network namespaces here, one a wiretap of its own at a mirror port.
set -u
# shellcheck source=tests/tap.bash
. tests/tap.bash
BUILD=$(realpath "${BUILD:-build}")

for program in ansible-playbook ip jq readelf; do
	command -v $program >/dev/null && continue
	skip 'the doctor of real machines' "no $program"
	finish
done
if [ "$(id -u)" != 0 ]; then
	skip 'the doctor of real machines' 'wants root, for namespaces'
	finish
fi
# shellcheck source=tests/lab/machines.bash
. tests/lab/machines.bash
third=t2t-lost-w$id
# shellcheck disable=SC2317 # called by the trap
clean_three() {
	umount "$folder/memory" 2>/dev/null
	ip netns delete "$third" 2>/dev/null
	clean
}
trap clean_three EXIT
mkdir "$folder/$third"
if ! machines_make || ! ip netns add "$third"; then
	skip 'the doctor of real machines' 'network namespaces with a name are not permitted'
	finish
fi
ip link add lost0 netns "$third" type veth peer name mirror0 netns $exchange
ip -n "$third" link set lost0 up
ip -n $exchange link set mirror0 up
for name in "$third:lost0" $exchange:mirror0; do
	ip netns exec "${name%:*}" sysctl -qw \
		"net.ipv6.conf.${name#*:}.disable_ipv6=1"
done
cat >>"$folder/inventory/hosts.yml" <<END
    wiretaps:
      hosts:
$(machine tap "$third" 3)
    machines:
      children: {exchanges: {}, traders: {}, wiretaps: {}}
END

# Rows as JSON in $folder/rows; the output in $folder/out.
look() { # setting...
	local settings=() setting
	for setting; do settings+=(-e "$setting"); done
	(cd ../ansible && LAB_QUIET=1 ansible-playbook -i "$folder/inventory" \
		doctor.yml -e doctor_output=json -e lab_build_root=false \
		-e "lab_programs=$BUILD" "${settings[@]}") \
		>"$folder/out" 2>&1 </dev/null
	code=$?
	sed -n '/^ *\[/,/^ *\]/p' "$folder/out" >"$folder/rows"
}
# A row: its state and what was found.
row() { # check
	jq -r --arg check "$1" '.[] | select(.check == $check) |
		"\(.state) \(.found)"' "$folder/rows"
}
tells() { # name, check, expected (a pattern)
	local found
	found=$(row "$2")
	# shellcheck disable=SC2053 # a pattern is meant
	if [[ $found == $3 ]]; then
		pass "$1"
	else
		fail "$1" < <(
			echo "$2: '$found', expected '$3'; ended with $code"
			tail -n 30 "$folder/out"
		)
	fi
}

look
for machine in exchange trader; do
	tells "$machine: its interface" "$machine: interface" 'ok lost0'
	tells "$machine: its carrier" "$machine: carrier" 'ok yes'
	tells "$machine: its libraries" "$machine: libraries" 'ok all'
	tells "$machine: its C library" "$machine: C library" 'ok glibc *'
done
tells 'the address of the exchange' 'exchange: address' 'ok 10.79.0.1'
tells 'the route to the trader' 'exchange: route to 10.79.0.2' 'ok lost0'
tells 'the route to the exchange' 'trader: route to 10.79.0.1' 'ok lost0'
tells 'an address that a machine lacks' 'tap: address' 'FAIL none'
tells 'a wiretap that no NIC stamps for' 'tap: stamps' "note the kernel's alone"
tells 'files that are not in memory' 'trader: experiment_scratch' \
	"ok $folder/$trader, *"
expect_none 'each row that is not ok says what mends it' < <(
	jq -r '.[] | select(.state != "ok" and .mend == "") | .check' \
		"$folder/rows" 2>&1
)

# What a machine of one's own may have.
ip -n $trader link set lost0 down
touch "$MORTAL_FOLDER/$exchange"
mkdir "$folder/memory"
mount -t tmpfs tmpfs "$folder/memory"
look "{experiment_scratch: $folder/memory, experiment_wiretap_stamps: hardware}"
tells 'an interface that is down' 'trader: carrier' 'FAIL down'
tells 'a machine that does not answer' 'exchange: reached' \
	"FAIL $exchange does not answer"
tells 'no route' 'trader: route to 10.79.0.1' 'FAIL none'
tells 'files in memory' 'trader: experiment_scratch' 'FAIL *, tmpfs'
tells 'stamps that were insisted on' 'tap: stamps' "FAIL the kernel's alone"
rm "$MORTAL_FOLDER/$exchange"

# An experiment is not begun.
"$BUILD/t2t-feedgen" --quiet --bytes 50000 --seed 3 --triggers 0.05 \
	--output "$folder/feed.csv.gz" >/dev/null
(cd ../ansible && ansible-playbook -i "$folder/inventory" experiment.yml \
	-e "experiment_feed=$folder/feed.csv.gz" \
	-e "experiment_output=$folder/result") >"$folder/out" 2>&1 </dev/null
code=$?
if [ $code != 0 ] && grep -q 'trader: carrier  *down' "$folder/out" &&
	[ ! -e "$folder/result" ]; then
	pass 'an experiment on machines that lack something is not begun'
else
	fail 'an experiment on machines that lack something is not begun' \
		<"$folder/out"
fi

# What passes the exchange's end goes to the third machine, whose it is not.
ip -n $trader link set lost0 up
ip -n "$third" address add 10.79.0.3/24 dev lost0
mirror() {
	local way
	tc -n $exchange qdisc add dev lost0 clsact || return
	for way in ingress egress; do
		tc -n $exchange filter add dev lost0 $way protocol all u32 \
			match u32 0 0 action \
			mirred egress mirror dev mirror0 || return
	done
}
name='a wiretap of its own at a mirror port'
if ! mirror 2>"$folder/out"; then
	skip "$name" "no tc with mirred: $(tail -n 1 "$folder/out")"
	finish
fi
# Programs are not brought: namespaces have this machine's.
sed -i '/^    machines:/,$d' "$folder/inventory/hosts.yml"
# Its own knobs are turned there, on the interface that it captures on.
cat >"$folder/mine.yml" <<END
question: Who looks on?
places: [metal]
blocks: 1
base:
  wiretap: {nic: {gro: on}, sysctl: {net.ipv4.tcp_keepalive_probes: 3}}
arms: {plain: {}}
END
there() {
	ip netns exec "$third" sh -c \
		'ethtool -k lost0; cat /proc/sys/net/ipv4/tcp_keepalive_probes'
}
there >"$folder/before"
(play result rate:500 -e experiment_wiretap=tap)
code=$?
trial=$(echo "$folder"/result/trials/01-*/)
if [ $code = 0 ] && grep -q "stamped by the kernel's clock, since its NIC" \
	"$trial/wiretap.log" && [ "$(jq -c '[.correct, .matched > 0, .clocks]' \
	"$trial/analysis.json")" = \
	'[true,true,{"market_data":"kernel","orders":"kernel"}]' ]; then
	pass "$name"
else
	fail "$name" < <(
		tail -n 30 "$folder/log"
		cat "$trial/wiretap.log"
		head -n 60 "$trial/analysis.json"
	)
fi
name="the wiretap's knobs are turned on its machine, and put back"
if [ "$(jq -c '[.turned[] | [.where, (.set | map(.found))]]' \
	"$trial/knobs.json")" = '[["wiretap",["on","3"]]]' ] &&
	there | diff "$folder/before" - >"$folder/out" 2>&1; then
	pass "$name"
else
	fail "$name" < <(cat "$trial/knobs.json" "$folder/out")
fi
finish
