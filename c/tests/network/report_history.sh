#!/bin/bash
# SPDX-License-Identifier: MIT
# t2t-report --history and make history: results that were kept, and since when
# something is different. Needs no network.
set -u
# shellcheck source=tests/tap.bash
. tests/tap.bash
# shellcheck source=tests/support/results.bash
. tests/support/results.bash
BUILD=${BUILD:-build}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# One block of the three arms is a result that a history can use.
make_results "$folder/whole"
mkdir -p "$folder/one/trials" "$folder/kept"
sed 's/"blocks": 8/"blocks": 1/' "$folder/whole/manifest.json" \
	>"$folder/one/manifest.json"
cp -r "$folder"/whole/trials/{1,2,3}-x "$folder/one/trials"

# Fourteen of them, a day each. From the ninth on, of the other version, the arm
# takes 9 us and not 6; each differs a little from the one before it.
result() { # its number, where to, kernel
	local to=$2 by=$(($1 * 7 % 5)) more=0
	[ "$1" -lt 9 ] || more=3000
	cp -r "$folder/one" "$to"
	sed -i -e "s/\"now\"/\"2026-11-$((10 + $1))T09:30:00Z\"/" \
		-e "s/\"kernel\": \"6.1\"/\"kernel\": \"$3\"/" \
		-e "s/\"state\"/\"programs\": {\"version\": \"v$(($1 < 9 ? 1 : 2))<i>\"}, &/" \
		"$to/manifest.json"
	awk -F, -v OFS=, -v more=$((more + by * 40)) 'NR > 1 { $4 += more } 1' \
		"$to/trials/2-x/latencies.csv" >"$folder/csv"
	mv "$folder/csv" "$to/trials/2-x/latencies.csv"
}
# Not in the order in which they ran; two by two in folders of their own.
for number in {1..14}; do
	mkdir -p "$folder/kept/$((number % 7))"
	result "$number" "$folder/kept/$((number % 7))/$number" 6.1
done
result 3 "$folder/kept/other" 6.9

report "$folder/kept" --history --html "$folder/page.html"
check 'results of one machine are one history' \
	grep -qE '^14 results, from 2026-11-11T.* to 2026-11-24T' "$folder/out"
check 'those of another kernel are another' \
	grep -qE '^1 result, from 2026-11-13T' "$folder/out"
check 'its machine, kernel and place are told' \
	grep -qE '^test, accelerator none, Xeon <script>, 2 CPUs, Linux 6\.9$' "$folder/out"
check 'each arm has a row' \
	grep -qE '^p50 of base +14 +10\.75 us +10\.75 us +10\.75 us +10\.75 us +0$' "$folder/out"
check 'a change is told: when, since which version, by how much' \
	grep -qE "changed at 2026-11-19T09:30:00Z, programs v2<i>: -3[0-9.]+ % before, -[0-9.]+ % since; p 0\.[0-9]+ \($folder/kept/2/9\)" \
	"$folder/out"
check 'of the ratio, and of the p50' \
	test "$(grep -c '^  changed' "$folder/out")" -eq 2

page=$folder/page.html
check 'the page numbers it' test "$(grep -c 'class="change"' "$page")" -eq 2
check 'and says what it is' \
	grep -qE '1: <strong>.*</strong> against base: <strong>-3[0-9.]+ % → -11[0-9.]+ %</strong>' "$page"
check 'and since when' \
	grep -qF '>since 2026-11-19T09:30:00Z, programs v2&lt;i&gt;; p 0.' "$page"
check 'each result is a mark of its arm' \
	test "$(grep -c '<title>base: 10.75, ' "$page")" -eq 14
check 'each figure has a name and a description' \
	test "$(grep -c '^<title id=.*</desc>$' "$page")" -eq 2
check 'where the version is another one, it is named' \
	test "$(sed -n '/id="ratios0"/,/<figure>/p' "$page" | grep -cE '>v[12]&lt;i&gt;</text>')" -eq 2
check 'one result alone is none to compare' \
	grep -qF "nothing to hold it against: $folder/kept/other</p>" "$page"
expect_none 'no name becomes markup, nothing is loaded' < <(
	grep -niE '<(script|i|link|img)>|(src|href)=' "$page")
if command -v xmllint >/dev/null 2>&1; then
	sed 1d "$page" | xmllint --noout - 2>"$folder/err"
	check 'the page is well-formed' test "${PIPESTATUS[1]}" -eq 0
else
	skip 'the page is well-formed' 'xmllint is not installed'
fi

if command -v chromium >/dev/null 2>&1; then
	phone "$page"
	check 'on a phone nothing scrolls sideways' \
		grep -q '<title>is 390</title>' "$folder/out"
else
	skip 'on a phone nothing scrolls sideways' 'chromium is not installed'
fi

report "$folder/kept" --history --json
if command -v jq >/dev/null 2>&1; then
	check 'as JSON it is an object, with the results by their index' \
		jq -e '.schema == "t2t-history/1" and (.groups | length) == 2 and
			(.groups[0].results | length) == 14 and
			([.groups[0].series[].changes[].result] == [8, 8]) and
			.groups[0].series[0].against == "base" and
			.alpha == 0.05 / 8' "$folder/out"
else
	skip 'as JSON it is an object' 'jq is not installed'
fi
cp "$folder/out" "$folder/first"
report "$folder/kept" --history --json
check 'the same again' cmp -s "$folder/out" "$folder/first"

# What can't be used is named, and the rest is shown.
sed -i 's/"complete"/"running"/' "$folder/kept/1/1/manifest.json"
sed -i 's,t2t-run/2,t2t-run/1,' "$folder/kept/2/2/manifest.json"
truncate -s 99 "$folder/kept/3/3/trials/1-x/trial.json"
report "$folder/kept" --history --html "$page"
check 'the others are a history still' grep -q '^11 results, ' "$folder/out"
check 'what was cut off is left out' \
	grep -qxF "left out   $folder/kept/1/1: running" "$folder/out"
check 'what is of another schema' \
	grep -qxF "left out   $folder/kept/2/2: of another schema" "$folder/out"
check "what can't be read" \
	grep -qxF "left out   $folder/kept/3/3: it can't be read" "$folder/out"
check 'and why' grep -q 'kept/3/3/trials/1-x/trial.json: line' "$folder/err"
check 'the page says so, too' grep -qF "kept/1/1: running</p>" "$page"

# shellcheck disable=SC2317 # called by check
fails() { # text, argument...
	local text=$1
	shift
	! report "$@" && grep -qF -- "$text" "$folder/err" && [ ! -s "$folder/out" ]
}
mkdir "$folder/none"
check 'a folder without results is refused' \
	fails 'there is no complete result' "$folder/none" --history
check 'a folder that there is not' \
	fails 'No such file' "$folder/not" --history
check 'what belongs to one result is refused' \
	fails 'not with --history' "$folder/kept" --history --fail-if slower:2

verb() { # argument...
	env -u MAKEFLAGS -u MAKELEVEL make --no-print-directory -s -C .. -o build \
		history BUILD="$(realpath "$BUILD")" "$@" \
		>"$folder/out" 2>"$folder/err" </dev/null
}
verb RESULTS="$folder/kept"
check 'make history prints it, and where the page is' \
	grep -qF "history    $folder/kept/history.html" "$folder/out"
check 'which is there' test -s "$folder/kept/history.html"
finish
