#!/bin/bash
# SPDX-License-Identifier: MIT
# The lab's power: how often it sees a difference where there is none, and how
# often it finds a trader slowed down by 1 us and by 3 us.
#
#	tests/bench/power.sh BUILD FEED
#
# CAMPAIGNS=20 of each, BLOCKS=20, ARM=spin, PACE=rate:20000. The counts are
# the last lines. KINDS='aa slow' are the campaigns: one of the arm and itself,
# one of it and the two that are slowed down.
set -eu
build=$1 feed=$2
campaigns=${CAMPAIGNS:-20} blocks=${BLOCKS:-20} arm=${ARM:-spin}
pace=${PACE:-rate:20000} kinds=${KINDS:-aa slow}
[[ $campaigns =~ ^[1-9][0-9]*$ ]] || {
	echo "power.sh: CAMPAIGNS=$campaigns: not a number from 1" >&2
	exit 2
}
folder=$(mktemp -d) || {
	echo "power.sh: no folder for the results: mktemp ended with $?" >&2
	exit 1
}
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM

# The verdict on each arm but the first: faster, slower, ~ ... a line each.
verdicts() { # seed, other arms
	# What it ended with is seen from what it wrote.
	"$build/t2t-run" --feed "$feed" --arms "$arm $2" --blocks "$blocks" \
		--pace "$pace" --seed "$1" --output "$folder/result" --json \
		2>"$folder/err" >"$folder/summary" || :
	[ -s "$folder/summary" ] || tail -n 3 "$folder/err" >&2
	rm -rf "$folder/result"
	# Of the comparisons alone: the A/A pair comes after them.
	sed -n '/"comparisons"/,/"aa"/s/.*"call": "\(.*\)",*$/\1/p' \
		"$folder/summary"
}

declare -A count
failures=0
measure() { # other arms, a name for each...
	local arms=$1 calls i n
	shift
	for ((i = 1; i <= campaigns; i++)); do
		verdicts "$i" "$arms" >"$folder/calls"
		mapfile -t calls <"$folder/calls"
		n=0
		for name; do
			call=${calls[n++]:-failed}
			count[$name:$call]=$((${count[$name:$call]:-0} + 1))
			[ "$call" != failed ] || failures=$((failures + 1))
			echo "$name $i/$campaigns: $call" >&2
		done
	done
}

found() { # name
	echo "slow-down of $1: found in ${count[$1:slower]:-0} of $campaigns" \
		"(wrongly faster ${count[$1:faster]:-0}, failed" \
		"${count[$1:failed]:-0})"
}

for kind in $kinds; do
	case $kind in
	aa) measure "$arm" aa ;;
	slow) measure "$arm@handicap=3000 $arm@handicap=1000" 3us 1us ;;
	*)
		echo "power.sh: KINDS: no kind '$kind': aa, slow" >&2
		exit 2
		;;
	esac
done
echo "$blocks blocks, $arm, $pace, $feed"
for kind in $kinds; do
	case $kind in
	aa)
		echo "aa: $((${count[aa:slower]:-0} + ${count[aa:faster]:-0})) false" \
			"verdicts of $campaigns (failed ${count[aa:failed]:-0})"
		;;
	slow)
		found 3us
		found 1us
		;;
	esac
done
# A campaign that failed says nothing about the lab.
[ $failures = 0 ] || {
	echo "power.sh: $failures verdicts are missing: campaigns failed" >&2
	exit 1
}
