#!/bin/bash
# SPDX-License-Identifier: MIT
# t2t-report --fail-if and --markdown: what a CI and a pull request are told.
# Needs no network.
set -u
# shellcheck source=tests/tap.bash
. tests/tap.bash
# shellcheck source=tests/support/results.bash
. tests/support/results.bash
BUILD=${BUILD:-build}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/files"
make_results "$folder/faster"
# Its arm takes 16 us to the baseline's 10.
cp -r "$folder/faster" "$folder/slower"
grep -l '"arm": 1,' "$folder"/slower/trials/*/trial.json |
	while read -r trial; do
		sed -i 's/,6\([0-9]*\)$/,16\1/' "${trial%/*}/latencies.csv"
	done
cp -r "$folder/faster" "$folder/wrong"
sed -i 's/"correct": true/"correct": false/' "$folder/wrong/trials/2-x/trial.json"

# shellcheck disable=SC2317 # called by check
ends() { # code, folder, gate
	report "$folder/$2" --fail-if "$3" --files "$folder/files" \
		--markdown "$folder/pull.md"
	[ $? = "$1" ] || { shown && return 1; }
}
check 'what is faster passes' ends 0 faster slower:2%
check 'junit.xml says how it compares' grep -qF '<system-out>faster by 39.9 %' \
	"$folder/files/junit.xml"
check 'what is slower by more fails' ends 3 slower slower:2
check 'and is a failure in junit.xml' \
	grep -qE '<failure message="slower by [0-9.]+ %' "$folder/files/junit.xml"
check 'which counts it' grep -q 'tests="25" failures="1"' "$folder/files/junit.xml"
check 'and the pull request is told' grep -qE '^- .*slower by .*, which fails$' \
	"$folder/pull.md"
check 'what is slower by less passes' ends 0 slower slower:100%
check 'an arm with wrong orders fails' ends 3 wrong slower:1000
# Five of its eight blocks, which decide nothing.
cp -r "$folder/slower" "$folder/few"
sed -i 's/"blocks": 8/"blocks": 5/' "$folder/few/manifest.json"
rm -r "$folder"/few/trials/{16,17,18,19,20,21,22,23,24}-x
check 'so do too few blocks to tell' ends 3 few slower:1000
cp -r "$folder/slower" "$folder/void"
sed -i 's/"correct": true/"correct": null, "reason": "tap"/' "$folder"/void/trials/*/trial.json
check 'and what could not be judged at all' ends 3 void slower:1000
# One arm, once, and nothing to hold it against.
mkdir -p "$folder/one/trials"
sed -E 's/"arms": \[.*\],/"arms": ["base"],/; s/"aa": 2, "blocks": 8/"blocks": 1/' \
	"$folder/faster/manifest.json" >"$folder/one/manifest.json"
cp -r "$folder/faster/trials/1-x" "$folder/one/trials"
check 'one arm that was right passes' ends 0 one slower:2
sed -i 's/"correct": true/"correct": false/' "$folder/one/trials/1-x/trial.json"
check 'one that was wrong fails' ends 3 one slower:2
check 'without a gate nothing fails' report "$folder/slower"
for gate in '' slower slower: slower:x slower:-2 slower:5s slower:2000 faster:2; do
	check "--fail-if '$gate' is bad usage" ends 2 faster "$gate"
done

report "$folder/faster" --markdown "$folder/pull.md"
check 'the table has a row an arm, in us' \
	grep -qE '^\| base \| 10\.81 \| 11\.41 \| - \| 72 of 72 \| correct \|$' \
	"$folder/pull.md"
expect_none 'no name becomes markup' < <(
	grep -nE '(^|[^\\])[<`*]' "$folder/pull.md" | grep -v '\*\*'
	grep -qF '\</title\>\<script\>' "$folder/pull.md" || echo 'the arm is not there'
)
finish
