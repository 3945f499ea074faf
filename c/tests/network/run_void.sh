#!/bin/bash
# SPDX-License-Identifier: MIT
# t2t-run where a trial can't be judged: its whole block is made again, at most
# twice, and that is told.
set -u
# shellcheck source=tests/tap.bash
. tests/tap.bash
# shellcheck source=tests/support/void.bash
. tests/support/void.bash
BUILD=${BUILD:-build}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

if ! unshare --net true 2>/dev/null && ! unshare --user --net true 2>/dev/null; then
	skip 't2t-run' 'network namespaces are not permitted'
	finish
fi
"$BUILD/t2t-feedgen" --quiet --bytes 50000 --seed 3 --triggers 0.02 \
	--output "$folder/feed.csv.gz"
feed=(--feed "$folder/feed.csv.gz")

void_programs "$folder/programs"
mkdir "$folder/files"
void_run() { # times, folder
	void_times "$folder/programs" "$1"
	"$folder/programs/t2t-run" "${feed[@]}" --arms 'block spin' --blocks 1 --verdict none \
		--output "$2" >"$folder/out" 2>"$folder/err"
	code=$?
	"$BUILD/t2t-report" "$2" --files "$folder/files" \
		--html "$folder/files/page.html" >"$folder/files/text" 2>>"$folder/err"
}
name="a block that can't be judged is made again as a whole, and that is told"
void_run 1 "$folder/void"
if [ $code -eq 0 ] &&
	grep -q "block 1 can't be judged: it is made again" "$folder/err" &&
	[ "$(find "$folder/void/void" -name trial.json | wc -l)" = 3 ] &&
	[ "$(find "$folder/void/trials" -name trial.json | wc -l)" = 3 ] &&
	grep -q '1 trial could not be judged: .* but for 0 ' "$folder/out" &&
	grep -q 'the capture <was> cut' "$folder/out" &&
	grep -q 'the capture &lt;was&gt; cut' "$folder/files/page.html" &&
	! grep -q INCORRECT "$folder/out"; then
	pass "$name"
else
	fail "$name" < <(echo "exit $code"; cat "$folder/err" "$folder/out")
fi
name="a block that can't be judged three times counts for nothing"
void_run 3 "$folder/void3"
if [ $code -eq 1 ] && grep -q '"state": "complete"' "$folder/void3/manifest.json" &&
	[ "$(find "$folder/void3/void" -name trial.json | wc -l)" = 6 ] &&
	grep -q '3 trials could not be judged: .* but for 1 ' "$folder/out" &&
	grep -q "can't be judged: the capture &lt;was&gt; cut" "$folder/files/junit.xml" &&
	[ "$(grep -c ',void,' "$folder/files/trials.csv")" = 1 ] &&
	grep -qE '(block|spin|block@again) .* VOID$' "$folder/out" &&
	! grep -q INCORRECT "$folder/out"; then
	pass "$name"
else
	fail "$name" < <(echo "exit $code"; cat "$folder/err" "$folder/out")
fi

finish
