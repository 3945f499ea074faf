#!/bin/bash
# SPDX-License-Identifier: MIT
# t2t-run's gate: blocks whose machine was not as usual are run again as a whole,
# not for ever, and all of it is told. Takes long: campaigns with a busy neighbour.
set -u
# shellcheck source=tests/tap.bash
. tests/tap.bash
# shellcheck source=tests/support/within.bash
. tests/support/within.bash
BUILD=${BUILD:-build}
folder=$(mktemp -d)
neighbours=()
# shellcheck disable=SC2317 # called by the trap
clean() {
	[ ${#neighbours[@]} = 0 ] || kill "${neighbours[@]}" 2>/dev/null
	rm -rf "$folder"
}
trap clean EXIT

# Refused before anything is needed.
expect_none 'what is no gate is refused, by name' < <(
	"$BUILD/t2t-run" --feed /dev/null --gate gop:2ms --output "$folder/refused" \
		2>&1 >/dev/null | grep -qF -- "--gate: 'gop:2ms': there are canary, gap" ||
		echo 'not that way'
	[ ! -e "$folder/refused" ] || echo 'made a result'
)
if ! unshare --net true 2>/dev/null && ! unshare --user --net true 2>/dev/null; then
	skip 't2t-run --gate' 'network namespaces are not permitted'
	finish
fi
"$BUILD/t2t-feedgen" --quiet --bytes 20000 --seed 3 --triggers 0.1 \
	--output "$folder/feed.csv.gz" >/dev/null

plan() { # gate, as JSON
	cat <<-END
		{"schema": "t2t-lab-plan/1", "place": "local", "accelerator": "none",
		 "feed": "$folder/feed.csv.gz", "pace": "rate:20000", "blocks": 8,
		 "seed": 1, "threshold_usd": "1000000", "aggress": "opposite",
		 "group": "239.255.0.1:12345", "warm_up": 0, "gate": $1,
		 "arms": [{"name": "one", "receive": "block"},
		          {"name": "two", "receive": "block"}]}
	END
}
run() { # plan, arguments...
	local plan=$1
	shift
	"$BUILD/t2t-run" --campaign "$folder/$plan.json" --output "$folder/$plan" "$@" \
		>"$folder/out" 2>"$folder/log"
}
said() { # folder, filter
	jq -r "$2" "$folder/$1/summary.json"
}
whole() { # folder, wanted: trial.json files
	find "$folder/$1" -name trial.json | wc -l
}

# Nearly each trial is slower than three of four are, by something. Blocks 1 to
# 4 say what is usual; then each fails, until two were run again.
plan '"canary:0%,gap:0,psi:0,repeats:2"' >"$folder/strict.json"
name='what fails the gate is run again as a whole, so often and no oftener'
if run strict; then
	expect_none "$name" < <(
		diff <(said strict '.gate.repeated') - <<<2
		diff <(whole strict/trials) - <<<16
		diff <(whole strict/gated) - <<<4
		find "$folder/strict/gated" -mindepth 1 -maxdepth 1 | while read -r trial; do
			[ -s "$trial/capture.pcapng" ] || echo "$trial has no capture"
		done
		jq -r 'select(.block < 4 and .gate.fit != null) | .number' \
			"$folder"/strict/trials/*/trial.json
		grep -q 'block [5-8] is run again (2 of at most 2)$' "$folder/log" ||
			echo 'not told while it ran'
	)
else
	fail "$name" < <(cat "$folder/log")
fi
expect_none 'that it was, why, and that no more could be, is in every output' < <(
	"$BUILD/t2t-report" "$folder/strict" --html "$folder/page.html" \
		--markdown "$folder/pull.md" >"$folder/text" 2>&1
	grep -q '^gate      .*psi:0%,.*; run again: 2 blocks of at most 2$' "$folder/text" ||
		echo 'no line of its own'
	grep -qE '^ +block [5-8], (one|two), put aside: (canary|gap|psi) of ' "$folder/text" ||
		echo 'no reason'
	for output in text page.html pull.md; do
		grep -q 'gate: 2 blocks were run again, since' "$folder/$output" ||
			echo "not run again in $output"
		grep -qE 'gate: [1-4] blocks? failed it and counts? all the same' \
			"$folder/$output" || echo "not kept in $output"
	done
	grep -q 'Failed the gate, and why' "$folder/page.html" || echo 'no table'
)

# As if it had been cut off in its last block.
rm "$folder"/strict/trials/1[56]-*/trial.json
name='who goes on has no more of them than were left'
if run strict --resume; then
	expect_none "$name" < <(
		diff <(said strict '.gate.repeated') - <<<2
		diff <(whole strict/trials) - <<<16
		diff <(whole strict/gated) - <<<4
	)
else
	fail "$name" <"$folder/log"
fi

plan '"off"' >"$folder/none.json"
name='off, nothing is asked; what it was like is kept'
if run none; then
	expect_none "$name" < <(
		[ ! -e "$folder/none/gated" ] || echo 'a block was put aside'
		jq -r 'select(.gate) | .number' "$folder"/none/trials/*/trial.json
		grep -q '^gate      off$' "$folder/out" || echo 'not told'
		jq -r 'select(.found.fingerprint | length > 0 and all(
			(.canary_ns + .gap_ns | length == 4 and all(. > 0)) and
			.seconds > 0 and .interrupts > 0) | not) | .found.fingerprint' \
			"$folder"/none/trials/*/trial.json
		jq -r '.found.involuntary_switches | select(length != 3)' \
			"$folder"/none/trials/*/trial.json
	)
else
	fail "$name" <"$folder/log"
fi

# Somebody else on the trader's CPU, from the fifth block on: each in a session
# of its own, which the scheduler takes for users (sched(7), autogroup).
plan '"canary:off,steal:off,lateness:off,gap:4ms,repeats:1"' >"$folder/busy.json"
# shellcheck disable=SC2317 # called by within
fourth_done() { compgen -G "$folder/busy/trials/08-*/trial.json" >/dev/null; }
neighbours_come() {
	local cpu
	within 60 fourth_done || return
	cpu=$(jq -r '.found.cpus.trader' "$folder"/busy/trials/01-*/trial.json)
	for _ in {1..6}; do
		setsid taskset -c "$cpu" sh -c 'while :; do :; done' &
		neighbours+=($!)
	done
}
name='a busy neighbour on the CPU is seen, and its blocks are run again'
run busy &
campaign=$!
neighbours_come
within 120 grep -qs 'is run again (1 of' "$folder/log"
[ ${#neighbours[@]} = 0 ] || kill "${neighbours[@]}"
neighbours=()
if wait $campaign; then
	expect_none "$name" < <(
		said busy '.gate.failed[].reason' |
			grep -qE '^gap of .*trader.* [0-9.e+]+ ms, usually at most ' ||
			said busy .gate
		[ "$(said busy '.gate.repeated')" -ge 1 ] || echo 'none was run again'
	)
else
	fail "$name" <"$folder/log"
fi
finish
