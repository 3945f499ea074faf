#!/bin/bash
# SPDX-License-Identifier: MIT
# Two labs on one machine, of which one is taken down while the other runs:
# neither touches guests, bridges, taps, daemons or huge pages of the other.
# Guests that are saved, or paused, go as others do.
#
# Makes guests: four, whose CPUs may be emulated.
#
#	LABS_BOOT=1	wait until the guests have booted, and let both labs trade
set -u
# shellcheck source=tests/lab/lab.bash
. tests/lab/lab.bash
if [ -z "${LAB_APART:-}" ]; then
	hindrance=$(lab_hindrance)
	if [ -n "$hindrance" ]; then
		rm -r "$folder"
		skip 'two labs on one machine' "$hindrance"
		finish
	fi
	make -s -j"$(nproc)" BUILD="$BUILD" programs || exit
fi
lab_apart

# A command for the second lab.
second() {
	local inventory=$folder/inventory-2
	LAB_FOLDER=$folder/lab-2 "$@"
}

# shellcheck disable=SC2317 # called by the trap
clean() {
	[ ! -e "$folder/lab/record.json" ] || lab_play teardown
	[ ! -e "$folder/lab-2/record.json" ] || second lab_play teardown
	rm -rf --one-file-system "$folder"
}
trap clean EXIT
trap 'exit 143' TERM
trap 'exit 130' INT

lab_inventory
# What boots takes CPUs that others need, and nobody logs in.
[ -n "${LABS_BOOT:-}" ] ||
	echo 'domain_kernel_arguments: init=/bin/sh' >>"$inventory/group_vars/all.yml"
cp -r "$inventory" "$folder/inventory-2"
sed -i -e 's/^lab_prefix:.*/lab_prefix: u-/' \
	-e 's/t2t-test0/t2t-test2/; s/t2t-test1/t2t-test3/' \
	-e 's/"10\.78\.0"/"10.78.2"/; s/"10\.78\.1"/"10.78.3"/' \
	"$folder/inventory-2/group_vars/all.yml"

# Guests that run, by their processes; interfaces and to what they belong.
of_lab() { # prefix, bridges...
	local guest
	for guest in "$1exchange" "$1trader"; do
		virsh -q -c qemu:///system domstate "$guest"
		cat "/run/libvirt/qemu/$guest.pid"
		echo
	done
	ip -o link | sed 's/^[0-9]*: //; s/\\.*//; s/ state .*//' |
		grep -E "^($1|$2|$3)" | sort
	ip -o -4 address | grep -E " ($2|$3) " | awk '{ print $2, $4 }'
}
first_lab() { of_lab t- t2t-test0 t2t-test1; }
second_lab() { of_lab u- t2t-test2 t2t-test3; }

# Guests that were started; that they boot is life.sh's to see.
comes_up() { # name of the test
	local name=$1
	if [ -n "${LABS_BOOT:-}" ]; then
		lab_play up
	else
		lab_killed up "domain : No IPv6 of the host's on the taps"
	fi
	set -- $?
	if [ "$1" = 0 ]; then
		pass "$name"
	else
		fail "$name" <"$folder/up.log"
	fi
}
goes() { # name of the test
	if lab_play teardown; then
		pass "$1"
	else
		fail "$1" <"$folder/teardown.log"
	fi
}
trades() { # name of the test
	local name=$1 output=$folder/results/${1//[^a-z]/-}
	[ -n "${LABS_BOOT:-}" ] || return 0
	if lab_play experiment -e experiment_lines=3000 \
		-e "experiment_output=$output" &&
		jq -e '.correct and .matched > 0' "$output/trials/01-block/analysis.json" \
			>"$folder/judged.log"; then
		pass "$name"
	else
		fail "$name" < <(cat "$folder/experiment.log" "$folder/judged.log")
	fi
}
as_before() { # name of the test, what it was, what it is
	if diff "$2" "$3" >"$folder/diff"; then
		pass "$1"
	else
		fail "$1" <"$folder/diff"
	fi
}
pages() { cat /sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages; }

lab_dump >"$folder/before"
pages_before=$(pages)
comes_up 'a lab comes up'
first_lab >"$folder/first"
pages_first=$(pages)
second comes_up 'a second one comes up beside it'
second_lab >"$folder/second"
first_lab >"$folder/first.now"
as_before 'the first has its guests, bridges and taps' "$folder/first"{,.now}
name='each has huge pages of its own'
if [ $(($(pages) - pages_first)) = $((pages_first - pages_before)) ] &&
	[ "$pages_first" -gt "$pages_before" ]; then
	pass "$name"
else
	fail "$name" <<<"before $pages_before, one lab $pages_first, two $(pages)"
fi
trades 'the first trades'
second trades 'the second trades'

name='of the first, one guest is saved and one is paused'
if virsh -q -c qemu:///system managedsave t-trader >"$folder/saved" 2>&1 &&
	virsh -q -c qemu:///system suspend t-exchange >>"$folder/saved" 2>&1 &&
	[ -e /var/lib/libvirt/qemu/save/t-trader.save ]; then
	pass "$name"
else
	fail "$name" <"$folder/saved"
fi
goes 'the first is taken down all the same'
second_lab >"$folder/second.now"
as_before 'the second has its guests, bridges and taps' "$folder/second"{,.now}
name='and its huge pages'
if [ "$(pages)" = "$pages_first" ]; then
	pass "$name"
else
	fail "$name" <<<"one lab $pages_first, now $(pages)"
fi
second trades 'the second trades, now alone'
second goes 'the second is taken down'
lab_dump >"$folder/after"
as_before 'the machine is as it was' "$folder/before" "$folder/after"
finish
