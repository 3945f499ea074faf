# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154 # what tests/lab/life.sh has
# What the stages of tests/lab/life.sh say things with. In $folder, with
# $inventory, $BUILD and tests/lab/lab.bash.

# shellcheck source=tests/support/family.bash
. tests/support/family.bash

feed=../../shared/data/binance-futures_incremental_book_L2_2024-08-08_BTCUSDT.csv.gz
threshold=100000
if [ ! -e "$feed" ]; then
	feed=$folder/feed.csv.gz
	"$BUILD/t2t-feedgen" --quiet --bytes 1000000 --seed 1 --triggers 0.01 \
		--output "$feed" >/dev/null
fi
feed=$(realpath "$feed")

# Of the last playbook: its steps and their times, for who reads the log.
times() { # name
	sed -n 's/^ *\([0-9.]* s  .*\)/# \1/p' "$folder/$1.log"
}

works() { # name of the test, playbook, arguments...
	local name=$1
	shift
	if lab_play "$@"; then
		pass "$name"
		times "$1"
	else
		fail "$name" <"$folder/$1.log"
	fi
}

# Fails, and says the text (a regular expression).
refuses() { # name of the test, text, playbook, arguments...
	local name=$1 text=$2
	shift 2
	if ! lab_play "$@" && grep -qE -e "$text" "$folder/$1.log"; then
		pass "$name"
	else
		fail "$name" < <(
			echo "wanted a failure, and: $text"
			cat "$folder/$1.log"
		)
	fi
}

# A correct run with orders in it, by its analysis.
traded() { # file
	jq -e '.correct and .complete and .matched > 0 and
		.matched == .triggers and .lost_packets == 0' "$1" >/dev/null
}
how_much() { # file
	jq -r '"\(.packets) packets, \(.matched) orders"' "$1"
}

# Emulated CPUs stand still for a second and more when the machine is busy, and
# what comes meanwhile is to find room.
trades() { # name, lines, arguments...
	local name=$1 lines=$2 output trial
	shift 2
	output=$folder/results/${name//[^a-z0-9]/-}
	trial=$output/trials/01-block
	if lab_play experiment -e "experiment_feed=$feed" \
		-e "experiment_lines=$lines" -e "experiment_output=$output" \
		-e "experiment_threshold_usd=$threshold" \
		-e experiment_receive=block:rcvbuf=8m "$@" &&
		traded "$trial/analysis.json"; then
		pass "$name ($(how_much "$trial/analysis.json"))"
		times experiment
	else
		fail "$name" <"$folder/experiment.log"
	fi
	grep -E '^(block |known bias|place)' "$folder/experiment.log" |
		sed 's/^/# /'
}
