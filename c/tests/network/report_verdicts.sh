#!/bin/bash
# SPDX-License-Identifier: MIT
# t2t-report: what may not be called faster, in any output, and what is no
# figure. Needs no network.
set -u
# shellcheck source=tests/tap.bash
. tests/tap.bash
# shellcheck source=tests/support/results.bash
. tests/support/results.bash
BUILD=${BUILD:-build}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
make_results "$folder/good"

mkdir "$folder/files"
report "$folder/good" --files "$folder/files"
check 'CSV has no percentile of a few orders either' \
	grep -qE '^1,0,0,"base",true,30,10050,10[0-9]+,,,,11500,{13}.$' "$folder/files/trials.csv"
check 'a percentile has at least ten orders beyond it' \
	grep -qE '^base +10\.05 +10\.81 +11\.41 [0-9. ]*- +- +11\.57 ' "$folder/out"

# Shown, in no figure, and the arm has no verdict.
rm -rf "$folder/copy"
cp -r "$folder/good" "$folder/copy"
sed -i 's/"correct": true/"correct": false/' "$folder/copy/trials/2-x/trial.json"
sed -i '2,$s/,[0-9]*$/,99999999/' "$folder/copy/trials/2-x/latencies.csv"
report "$folder/copy"
check 'an incorrect trial is listed' grep -q 'incorrect: trials 2$' "$folder/out"
# shellcheck disable=SC2317 # called by check
no_figure() {
	"$BUILD/t2t-report" "$folder/copy" --json --files "$folder/files" |
		sed '/"trials": \[/,$d' | grep -c 99999999 | grep -qx 0 &&
		! grep -q 99999.999 "$folder/files/"01-*.hgrm
}
check 'an incorrect trial enters no figure and no curve' no_figure
check 'an arm with an incorrect trial has no verdict' \
	grep -q 'against base: no verdict: not all orders were right' "$folder/out"
check 'an incorrect trial is shown' grep -q INCORRECT "$folder/out"

sed -i '0,/"correct": true/s//"correct": false/' "$folder/copy/trials/1-x/trial.json"
report "$folder/copy"
check 'nor has one that is held against an incorrect baseline' \
	test "$(grep -c 'no verdict: not all orders were right' "$folder/out")" = 1

# Orders called for that are alike are counted, arm by arm.
rm -rf "$folder/copy"
cp -r "$folder/good" "$folder/copy"
sed -i 's/"wrong": 0/"wrong": 0, "ambiguous": 2/' "$folder/copy"/trials/{2,5}-x/trial.json
report "$folder/copy" --html "$folder/page.html"
check 'the terminal says of how many orders the pair is not known' \
	grep -qE "^<.* +4 of the orders called for are like one near" "$folder/out"
check 'once' test "$(grep -c 'are like one near' "$folder/out")" = 1
check 'the page says so, too' \
	grep -q ': 4 of the orders called for are like one near' "$folder/page.html"
report "$folder/good" --html "$folder/page.html"
expect_none 'where there are none nothing is said' < <(
	grep -h 'like one near' "$folder/out" "$folder/page.html")

# A trial that can't be judged takes its block along.
rm -rf "$folder/copy"
cp -r "$folder/good" "$folder/copy"
sed -i 's/"correct": true/"correct": null, "reason": "why <not>"/' \
	"$folder/copy/trials/2-x/trial.json"
report "$folder/copy" --files "$folder/files"
check 'a void trial takes its block out of all figures' \
	grep -qE '^  0\.60 x .*\(7 blocks' "$folder/out"
# shellcheck disable=SC2317 # called by check
lacks() { # text, file...
	! grep -rqiE -- "$@"
}
check 'and is no incorrect one' lacks INCORRECT "$folder/out"
check 'it is told with its reason' grep -qE '^void +block 1, .*: why <not>$' "$folder/out"
check 'JUnit has it as skipped' grep -q "<skipped message=\"can't be judged: why &lt;not&gt;" \
	"$folder/files/junit.xml"

# No order of what can't be judged, or was wrong, is a reason to call an arm
# anything; whatever the output.
words='faster|slower|equivalent|~|times the|x the time|by [0-9.+-]+ %'
words_of() { # name, sed's command for a trial, its arm...
	local name=$1 change=$2 arm
	shift 2
	rm -rf "$folder/copy" "$folder/files"
	cp -r "$folder/good" "$folder/copy"
	mkdir "$folder/files"
	sed -i 's/"question": "is <b> faster?", //' "$folder/copy/manifest.json"
	for arm in "$@"; do
		grep -lr "\"arm\": $arm," "$folder"/copy/trials/*/trial.json |
			xargs sed -i "$change"
	done
	report "$folder/copy" --files "$folder/files" --html "$folder/files/page.html"
	cp "$folder/out" "$folder/files/terminal"
	report "$folder/copy" --json
	cp "$folder/out" "$folder/files/json"
	report "$folder/good" --compare "$folder/copy"
	sed -n '/^beside/,$p' "$folder/out" >"$folder/files/beside"
	cat "$folder/files"/{terminal,page.html,json,summary.json,trials.csv,junit.xml} >/dev/null &&
		[ "$(wc -l <"$folder/files/terminal")" -gt 20 ]
	check "$name: all is written" test $? -eq 0
	# Styles are no words; nor are a figure's head and its foot, which are
	# the same whatever came out. That the baseline differs from itself may
	# be said of a right one.
	sed -i 's/<style.*<\/style>//; /<style/,/<\/style>/d; s/<text[^>]*class="axis">[^<]*<\/text>//' "$folder/files/page.html"
	[ "$*" != 1 ] || sed -i '/"aa": {/,/}/d; /^A.A: /d; /<td>base@again</d' \
		"$folder/files"/{terminal,page.html,json,summary.json}
	expect_none "$name: no word of faster, slower or equivalent" \
		< <(grep -riE --exclude='*.hgrm' -- "$words" "$folder/files")
}
null='s/"correct": true/"correct": null, "reason": "why"/'
false='s/"correct": true/"correct": false/'
words_of 'an arm that is void throughout' "$null" 1
expect_none 'nor a figure beside another result' < <(
	grep -E '^(base|.*title).* [0-9.]+ +[0-9.]+ +[0-9.]+$' "$folder/files/beside")
check 'the terminal says why' \
	grep -q 'no verdict: no block in which both can be judged' "$folder/files/terminal"
check 'the page does' \
	grep -q 'no verdict: no block in which both can be judged' "$folder/files/page.html"
check 'JSON says that it is no verdict' grep -q '"call": "none"' "$folder/files/json"
check 'and gives no ratio' grep -q '"ratio": null' "$folder/files/json"
check 'CSV has no latency of them' \
	test "$(grep -c ',void,0,,,,,,' "$folder/files/trials.csv")" = 8
words_of 'a baseline that is void throughout' "$null" 0
words_of 'all arms void' "$null" 0 1 2
check 'no arm is correct' lacks '"correct": true' "$folder/files/json"
check 'the page has no curve' grep -q 'No correct trial has orders' "$folder/files/page.html"
words_of 'an arm that is wrong throughout' "$false" 1
words_of 'a baseline that is wrong throughout' "$false" 0
words_of 'a baseline that is wrong where it runs again' "$false" 2
words_of 'one void, one wrong' "$null;/\"number\": 5,/,\$s/null/false/" 1
words_of 'an arm that is wrong once' "/\"number\": 5,/,\$$false" 1
check 'nor has it a figure beside another result' grep -q 'no figure$' "$folder/files/beside"
finish
