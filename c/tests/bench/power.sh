#!/bin/bash
# SPDX-License-Identifier: MIT
# The lab's power: how often it sees a difference where there is none, and how
# often it finds a trader slowed down by 1 us and by 3 us.
#
#	tests/bench/power.sh BUILD FEED
#
# CAMPAIGNS=20 of each, BLOCKS=10, ARM=spin, PACE=rate:20000. The counts are
# the last lines.
set -u
build=$1 feed=$2
campaigns=${CAMPAIGNS:-20} blocks=${BLOCKS:-10} arm=${ARM:-spin}
pace=${PACE:-rate:20000}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM

# The verdict on the second arm of a campaign: faster, slower, ~ ...
verdict() { # seed, second arm
	"$build/t2t-run" --feed "$feed" --arms "$arm $2" --blocks "$blocks" \
		--pace "$pace" --seed "$1" --output "$folder/result" --json \
		2>"$folder/err" >"$folder/summary"
	[ -s "$folder/summary" ] || tail -n 3 "$folder/err" >&2
	rm -rf "$folder/result"
	# Of the comparisons alone: the A/A pair comes after them.
	sed -n '/"comparisons"/,/"aa"/s/.*"call": "\(.*\)",*$/\1/p' \
		"$folder/summary"
}

declare -A count
measure() { # name, second arm
	local call i
	for i in $(seq "$campaigns"); do
		call=$(verdict "$i" "$2")
		call=${call:-failed}
		count[$1:$call]=$((${count[$1:$call]:-0} + 1))
		echo "$1 $i/$campaigns: $call" >&2
	done
}

measure aa "$arm"
measure 3us "$arm@handicap=3000"
measure 1us "$arm@handicap=1000"
found() { # name
	local failed=${count[$1:failed]:-0}
	echo "slow-down of $1: found in ${count[$1:slower]:-0} of $campaigns" \
		"(wrongly faster ${count[$1:faster]:-0}, failed $failed)"
}
echo "$blocks blocks, $arm, $pace, $feed"
echo "aa: $((${count[aa:slower]:-0} + ${count[aa:faster]:-0})) false" \
	"verdicts of $campaigns (failed ${count[aa:failed]:-0})"
found 3us
found 1us
# A campaign that failed says nothing about the lab.
[ -z "${count[aa:failed]:-}${count[3us:failed]:-}${count[1us:failed]:-}" ]
