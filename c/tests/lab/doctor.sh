#!/bin/bash
# SPDX-License-Identifier: MIT
# The doctor looks at machines of one's own: what is there, what should be, what
# mends it; and an experiment does not begin where something hinders. They are
# network namespaces here, one a wiretap of its own.
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
ip -n "$third" link add lost0 type veth peer name lost1
ip -n "$third" link set lost1 up
ip -n "$third" link set lost0 up
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
cp "$BUILD/sample.csv.gz" "$folder/feed.csv.gz" 2>/dev/null ||
	"$BUILD/t2t-feedgen" --quiet --bytes 10000 --seed 3 \
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
finish
