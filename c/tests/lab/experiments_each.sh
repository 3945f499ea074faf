#!/bin/bash
# SPDX-License-Identifier: MIT
# Each experiment that this machine can run by itself, really run: two arms and
# the first again, one block, few lines. Seconds each.
# Waits for the machine's knobs: lab/life has them for minutes.
set -u
# shellcheck source=tests/lab/lab.bash
. tests/lab/lab.bash
trap 'rm -rf "$folder"' EXIT

if [ "$(id -u)" != 0 ] || ! python3 -c 'import yaml' 2>/dev/null; then
	skip 'each experiment' 'wants root and Python with YAML: make deps-lab'
	finish
fi
"$BUILD/t2t-feedgen" --quiet --bytes 20000 --seed 3 --triggers 0.05 \
	--output "$folder/feed.csv.gz" >/dev/null
lines=$(zcat "$folder/feed.csv.gz" | tail -n +2 | wc -l)
# Here too knobs of the machine are turned, and back.
lab_machine_knobs
if ! python3 -B tests/lab/experiments_each.py "$folder" "$folder/feed.csv.gz" \
	"$lines" >"$folder/list" 2>"$folder/log"; then
	fail 'each experiment has a plan' <"$folder/log"
	finish
fi
lab_machine_knobs_free
# Each trial is right; or, with a small buffer and a trader that is not scheduled
# for long on a busy machine, it lacks what the kernel says that it dropped, and
# t2t-run ends with 1.
# shellcheck disable=SC2016 # jq's
ran='(all(.[]; .analysis.correct) == ($code == 0)) and
	all(.[]; .analysis.matched > 0 and (.analysis.correct or
	.trader.counters.dropped_by_kernel > 0))'
while IFS=$'\t' read -r name comparable reasons; do
	if [ "$comparable" = no ]; then
		skip "$name" "$reasons"
		continue
	fi
	plan=$folder/$name.json
	lab_machine_knobs
	"$BUILD/t2t-run" --campaign "$plan" --output "$folder/$name" \
		>"$folder/log" 2>&1
	code=$?
	if [ $code -le 1 ] &&
		jq -e '.arms | length > 1' \
			"$folder/$name/summary.json" >/dev/null &&
		jq -es --argjson code $code "$ran" "$folder/$name"/trials/*/trial.json >/dev/null; then
		pass "$name${reasons:+, without $reasons}"
	else
		fail "$name" <"$folder/log"
	fi
	lab_machine_knobs_free
done <"$folder/list"
finish
