#!/bin/bash
# SPDX-License-Identifier: MIT
# The bench runs: each section prints its figures, or says what it lacks. How
# large they are is nothing that a busy machine could tell.
# Takes long: all sections of it, once.
set -u
# shellcheck source=tests/tap.bash
. tests/tap.bash
BUILD=$(realpath "${BUILD:-build}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
bench=$BUILD/tests/bench/bench

if grep -qE '^SANITIZE := .' "$BUILD/config.mk" 2>/dev/null; then
	skip 'the bench' 'a sanitizer is too slow, and its speed is not asked for'
	finish
fi
if ! make -s BUILD="$BUILD" benches >"$folder/log" 2>&1; then
	fail 'it is built' <"$folder/log"
	finish
fi
"$BUILD/t2t-feedgen" --quiet --bytes 200000 --seed 3 --triggers 0.02 \
	--output "$folder/feed.csv.gz" >/dev/null

# The sections that --help names.
sections=$("$bench" --help | tr -s ' \n' ' ' |
	sed -n 's/.*--only NAME \(.*\) --json.*/\1/p' | sed 's/,//g; s/ or / /')
if [ "$(wc -w <<<"$sections")" -lt 12 ]; then
	fail 'the sections are known' < <(echo "$sections"; "$bench" --help)
	finish
fi
for section in $sections; do
	name="$section: it has figures"
	# 1 is for a figure beyond its bound, too.
	"$bench" --programs "$BUILD" --feed "$folder/feed.csv.gz" --rounds 1 \
		--only "$section" --json >"$folder/json" 2>"$folder/log"
	code=$?
	if [ $code -le 1 ] && ! grep -q 'could not be measured' "$folder/log" &&
		python3 -c 'import json, math, sys
figures = json.load(sys.stdin)
told = [one for one in figures if "ours" in one]
for one in told:
    assert math.isfinite(one["ours"]) and one["unit"], one
notes = [one["note"] for one in figures if "note" in one]
# Instructions are a table of notes, a path a line.
assert told or any("skipped" in note for note in notes) or \
    sys.argv[1] == "instructions" and len(notes) > 5, figures
' "$section" <"$folder/json" >>"$folder/log" 2>&1; then
		pass "$name"
	else
		fail "$name" < <(echo "exit $code"; cat "$folder/log" "$folder/json")
	fi
done
finish
