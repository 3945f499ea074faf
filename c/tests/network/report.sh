#!/bin/bash
# SPDX-License-Identifier: MIT
# t2t-report: a folder of known figures in, the right verdict and a sound page
# out; and what it refuses. Needs no network.
set -u
# A disk that is full is mounted in a namespace of our own.
if [ -z "${T2T_MOUNTS:-}" ] && unshare --mount true 2>/dev/null; then
	T2T_MOUNTS=1 exec unshare --mount bash "$0"
fi
# shellcheck source=tests/tap.bash
. tests/tap.bash
# shellcheck source=tests/support/results.bash
. tests/support/results.bash
BUILD=${BUILD:-build}
folder=$(mktemp -d)
trap 'umount "$folder/small" 2>/dev/null; rm -rf "$folder"' EXIT

make_results "$folder/good"

# Where no market data called for an order there is no curve, but a page.
make_results "$folder/quiet"
for trial in "$folder"/quiet/trials/*; do
	sed -i 1q "$trial/latencies.csv"
	sed -i -E 's/(triggers|orders|matched|count)": [0-9]+/\1": 0/' \
		"$trial/trial.json"
done
report "$folder/quiet" --html "$folder/quiet.html"
check 'a campaign without orders has a page, which says so' \
	grep -q 'No correct trial has orders' "$folder/quiet.html"

mkdir "$folder/files"
report "$folder/good" --files "$folder/files"
check 'the verdict is right' grep -q 'faster by 39.9 %' "$folder/out"
check 'what it is in time is the same ratio' grep -qE \
	'^  of 10\.79 us at p50 +-4\.31 us +\(95 % CI -4\.32\.\.-4\.30\)$' "$folder/out"
# Of block n 4000 and 10 n less: the middle of 0 to 7 is 3.5.
check 'and where it comes from is told by stage' grep -qE \
	'^  kernel to user +-4\.0[34] us +\(95 % CI -4\.05\.\.-4\.02\)$' "$folder/out"
# The arm that is not decided: its blocks differ by tenths of a percent.
cp -r "$folder/good" "$folder/even"
for trial in "$folder"/even/trials/*; do
	grep -q '"arm": 1,' "$trial/trial.json" || continue
	block=$(sed -n 's/.*"block": \([0-9]\).*/\1/p' "$trial/trial.json")
	# By turns half a percent more and less than the baseline.
	awk -F, -v OFS=, -v up=$((block % 2 ? 1 : -1)) 'NR > 1 { $4 = int($4 / 0.6 * (1 + up * 0.005)) } 1' \
		"$trial/latencies.csv" >"$folder/csv" && cp "$folder/csv" "$trial/latencies.csv"
done
report "$folder/even"
check 'who is told ~ is told what could have been found' grep -qE \
	'^  so many blocks that differ as much find [0-9.]+ % in 9 of 10 campaigns; for 5 % it takes about 6$' \
	"$folder/out"
report "$folder/good"
check 'and who is not, is not' test "$(grep -c 'differ as much' "$folder/out")" = 0
check 'what was skipped is shown, and why' \
	grep -qE '^e1001 +skipped: QEMU <has> none$' "$folder/out"
check 'a curve for HdrHistogram' \
	grep -qE '^ +6\.[0-9]+ 0\.000000000000 +1 +1\.00$' "$folder/files/"01-*.hgrm
check 'CSV has a row a trial' test "$(wc -l <"$folder/files/trials.csv")" -eq 25
check 'JUnit has a case a trial, and one a comparison' \
	test "$(grep -c '<testcase' "$folder/files/junit.xml")" -eq 25
report "$folder/good" --json
cp "$folder/out" "$folder/first"
report "$folder/good" --json
check 'the same again, to the last digit' cmp -s "$folder/out" "$folder/first"

page=$folder/page.html
report "$folder/good" --html "$page"
check 'the page is written' test -s "$page"
# shellcheck disable=SC2317 # called by check
curves() {
	[ "$(grep -oE 'class="curve( dashed)? c[0-9]"' "$page" | sort -u | wc -l)" -eq 3 ]
}
check 'every arm has a curve' curves
# shellcheck disable=SC2317 # called by check
quiet() {
	! grep -qiE '<script|<link|<img|<iframe|@import|url\(http' "$page" &&
		! grep -oE '(src|href)="?(https?:)?//[^ ]*' "$page"
}
check 'nothing is loaded, no name becomes markup' quiet
check 'the page has it in time and by stage, too' \
	grep -qE '<td>kernel to user</td><td>-4\.0[34]</td><td>-4\.05</td><td>-4\.02</td>' "$page"
check 'knobs wanted and found are shown' grep -q '<td>49</td>' "$page"
check 'what was skipped is on the page' \
	grep -q '<td>e1001</td>.*<td>QEMU &lt;has&gt; none</td>' "$page"
check 'counters are shown, an arm a column' \
	grep -q '<td>drops</td><td>2</td><td>2</td><td>2</td>' "$page"
# The table of those that differ has this one alone.
expect_none 'those that differ between arms come first' < <(
	sed -n '/<h2>Counters that differ/,/<details>/s/^<tr><td>\([a-z]*\).*/\1/p' \
		"$page" | diff - <(printf '%s\n' xdp switches)
)
check 'one that a trial does not name is 0' \
	grep -q '<td>xdp</td><td>0</td><td>7</td><td>0</td>' "$page"
# Question, verdict in words and in us, its ratio, its picture, and the machine.
first=$(sed '/All orders, by percentile/,$d' "$page")
for text in 'is &lt;b&gt; faster?' '<strong>faster by 39.9 % (95 % CI' \
	'p50 10.79 → 6.48 us: <strong>-4.31 us</strong> (95 % CI -4.32..-4.30)' \
	'ratio 0.601 (0.600..0.602); 8 blocks' \
	'stages most in <strong>kernel to user</strong>, -4.03 us (95 % CI -4.05..-4.02)' 'id="forest"' '>ALARM: differs from itself, +0.01 us' \
	'<b>Xeon &lt;script&gt;, 2 CPUs</b>' 'Linux <b>6.1</b>'; do
	check "the first screen has: $text" grep -qF -- "$text" <<<"$first"
done
check 'each figure has a name and a description' \
	test "$(grep -cE '^<title id="[a-z]+-title">.+</title><desc id="[a-z]+-text">.+</desc>' "$page")" \
	-eq "$(grep -c '<figure>' "$page")" -a "$(grep -c '<figure>' "$page")" -eq 4
check 'each trial is a mark in the order they ran' \
	test "$(sed -n '/id="trials"/,/<figcaption>/p' "$page" | grep -c '<title>trial [0-9]*, block')" -eq 24
check 'each trial is a row' \
	test "$(grep -cE '^<tr><td>[0-9]+</td><td>[1-8]</td><td>.*>latencies</a>' "$page")" -eq 24
expect_none 'each link leads to a file' < <(
	grep -oE 'href="[^"]*"' "$page" | sed 's/href="\(.*\)"/\1/' | sort -u |
		while read -r link; do
			[ -e "$folder/$link" ] || echo "$link"
		done
)
# A plan of thousands of trials is in the manifest, and took 60 pages of paper.
jq '.experiment.trials = [range(33)] | .experiment.few = [range(32)]' \
	"$folder/good/manifest.json" >"$folder/long" &&
	cp -r "$folder/good" "$folder/planned" &&
	mv "$folder/long" "$folder/planned/manifest.json"
report "$folder/planned" --html "$folder/planned.html"
check 'of a long list the page says how long it is' \
	grep -q '<td>experiment.trials</td><td>33 entries: manifest.json</td>' "$folder/planned.html"
check 'one that people read through is shown' \
	grep -q '<td>experiment.few</td><td>\[0,1,2,.*,31\]</td>' "$folder/planned.html"
check 'it prints' grep -q '@media print' "$page"
check 'it fits a phone' grep -q 'name="viewport".*' "$page"
check 'it is dark where the reader wants that' \
	grep -q 'prefers-color-scheme:dark' "$page"
if command -v xmllint >/dev/null 2>&1; then
	sed 1d "$page" | xmllint --noout - 2>"$folder/err"
	check 'the page is well-formed' test "${PIPESTATUS[1]}" -eq 0
	check 'JUnit is well-formed' xmllint --noout "$folder/files/junit.xml"
else
	skip 'the page is well-formed' 'xmllint is not installed'
fi
if command -v chromium >/dev/null 2>&1; then
	mkdir -p "$BUILD/tests/log"
	timeout 60 chromium --headless --no-sandbox --disable-gpu \
		--user-data-dir="$folder/chromium" --enable-logging=stderr \
		--window-size=1000,2600 \
		--screenshot="$BUILD/tests/log/report.png" \
		"file://$page" >"$folder/out" 2>"$folder/err"
	check 'Chromium shows it' test -s "$BUILD/tests/log/report.png"
	# Of its own pages (chrome://) it says things on a slow machine.
	expect_none 'Chromium has nothing against it' < <(
		grep 'CONSOLE' "$folder/err" | grep -v 'source: chrome://'
	)
	phone "$page"
	check 'on a phone nothing but tables scrolls sideways' \
		grep -q '<title>is 390</title>' "$folder/out"
else
	skip 'Chromium shows it' 'chromium is not installed'
fi

# A copy with one thing wrong is refused, with file and key, and nothing is
# written.
refuses() { # name, text in the message, command in the copy...
	local name=$1 text=$2 copy=$folder/copy none=$folder/none code
	shift 2
	rm -rf "$copy" "$none"
	cp -r "$folder/good" "$copy"
	mkdir "$none"
	(cd "$copy" && "$@")
	report "$copy" --files "$none" --html "$none/page.html"
	code=$?
	if [ $code -eq 1 ] && grep -qF -- "$text" "$folder/err" &&
		[ ! -s "$folder/out" ] && [ -z "$(ls -A "$none")" ]; then
		pass "$name"
	else
		fail "$name" < <(echo "exit $code"; cat "$folder/err" "$folder/out"; ls -A "$none")
	fi
}
refuses 'no manifest' 'manifest.json: No such file' rm manifest.json
refuses 'half-written' "key 'state' is 'running'" \
	sed -i 's/"complete"/"running"/' manifest.json
refuses 'another schema' "key 'schema' is 't2t-run/1'" \
	sed -i 's,t2t-run/2,t2t-run/1,' manifest.json
refuses 'a manifest cut off' 'manifest.json: line' truncate -s 99 manifest.json
refuses 'a state that there is not' "key 'state' is 'done'" \
	sed -i 's/"complete"/"done"/' manifest.json
refuses 'no folder at all' 'copy/manifest.json: No such file' \
	rm -r "$folder/copy"
# shellcheck disable=SC2016 # it is that shell's
refuses 'no folder but a file' 'copy/manifest.json: Not a directory' \
	bash -c 'rm -r "$PWD" && touch "$PWD"'
refuses 'a folder of something else' 'manifest.json: No such file' \
	bash -c 'rm -r ./* && touch notes.txt'
refuses 'JSON of something else' "key 'schema' is 'missing'" \
	bash -c 'echo "{}" >manifest.json'
refuses 'no folder of trials' 'copy/trials: No such file' rm -r trials
refuses 'a trial cut off' 'trials/1-x/trial.json: line' \
	truncate -s 99 trials/1-x/trial.json
refuses 'a trial that is empty' 'trials/1-x/trial.json: line' \
	truncate -s 0 trials/1-x/trial.json
refuses 'a trial of another schema' \
	"trials/1-x/trial.json: key 'schema' is 't2t-run/3'" \
	sed -i 's,t2t-run/2,t2t-run/3,' trials/1-x/trial.json
refuses 'a trial that lacks a key' \
	"trials/1-x/trial.json: key 'analysis.orders' is missing" \
	sed -i 's/"orders": 9,//' trials/1-x/trial.json
refuses 'a bias cut off' 'bias/analysis.json: line' \
	bash -c 'mkdir bias && echo "{\"back_to" >bias/analysis.json'
refuses 'a key of another type' "key 'parameters.blocks' is not an integer" \
	sed -i 's/"blocks": 8/"blocks": "8"/' manifest.json
refuses 'too many blocks' "key 'parameters.blocks' is 9999" \
	sed -i 's/"blocks": 8/"blocks": 9999/' manifest.json
refuses 'no such A/A arm' "key 'parameters.aa'" sed -i 's/"aa": 2/"aa": 7/' manifest.json
refuses 'a trial missing' 'no trial of block 2' rm -r trials/7-x
refuses 'a trial of no such arm' "keys 'block' and 'arm'" \
	sed -i 's/"arm": 0/"arm": 9/' trials/1-x/trial.json
refuses 'samples cut off' 'latencies.csv: line' truncate -s -2 trials/1-x/latencies.csv
refuses 'samples that are none' 'is not a sample' \
	sed -i '3s/.*/1,2,3,x/' trials/1-x/latencies.csv
refuses 'samples below 0' 'is not a sample' \
	sed -i '3s/.*/1,2,3,-5/' trials/1-x/latencies.csv
# shellcheck disable=SC2016 # it is sed's $
refuses 'samples lost at the end of a line' '10 samples, but trial.json counts 30' \
	sed -i '12,$d' trials/1-x/latencies.csv
refuses 'a trial twice' 'block 0 has a second trial of arm' \
	cp -r trials/1-x trials/99-x
refuses 'samples empty' 'latencies.csv: is empty' truncate -s 0 trials/1-x/latencies.csv
refuses 'samples missing' 'latencies.csv: No such file' rm trials/1-x/latencies.csv

# A baseline that differs from itself.
rm -rf "$folder/copy"
cp -r "$folder/good" "$folder/copy"
for trial in "$folder"/copy/trials/*; do
	grep -q '"arm": 2' "$trial/trial.json" || continue
	sed -i 's/,\(1[0-9]\{4\}\)$/,9\1/' "$trial/latencies.csv"
done
report "$folder/copy" --html "$folder/page.html"
check 'a baseline that differs from itself is an alarm' grep -q '^ALARM: ' "$folder/out"

rm -rf "$folder/copy"
cp -r "$folder/good" "$folder/copy"
report "$folder/good" --compare "$folder/copy"
check 'two results stand side by side' grep -q '^base .* 1.00$' "$folder/out"
report "$folder/good" --json --compare "$folder/copy"
if command -v jq >/dev/null 2>&1; then
	check 'two results are one JSON object' \
		jq -se 'length == 1 and (.[0].beside.arms | length) == 3' "$folder/out"
else
	skip 'two results are one JSON object' 'jq is not installed'
fi
sed -i 's/"accelerator": "none"/"accelerator": "tcg"/' "$folder/copy/manifest.json"
report "$folder/good" --compare "$folder/copy"
check 'different accelerators are refused' grep -q 'accelerators none and tcg' "$folder/err"
check 'and nothing is printed then' test ! -s "$folder/out"
report "$folder/good" --html /dev/full/x
check "a page that can't be written is said" grep -q "can't write" "$folder/err"

# -- make report

verb() { # argument...
	env -u MAKEFLAGS -u MAKELEVEL make --no-print-directory -s -C .. -o build \
		report BUILD="$(realpath "$BUILD")" "$@" \
		>"$folder/out" 2>"$folder/err" </dev/null
}
rm -rf "$folder/copy"
cp -r "$folder/good" "$folder/copy"
verb RESULT="$folder/copy"
check 'make report makes a report' test $? -eq 0
check 'it prints the tables and where the page is' \
	grep -qF "report     $folder/copy/report.html" "$folder/out"
check 'and writes page and files' test -s "$folder/copy/report.html" -a \
	-s "$folder/copy/summary.json" -a -s "$folder/copy/trials.csv"
verb COMPARE="$folder/copy,$folder/good"
check 'make report COMPARE=a,b sets two side by side' \
	grep -q "^beside $folder/good" "$folder/out"
truncate -s 99 "$folder/copy/manifest.json"
verb RESULT="$folder/copy"
check "what it can't use ends make" test $? -ne 0
check 'with file and line' grep -q 'manifest.json: line' "$folder/err"
verb
check 'make report without a result is told' grep -q 'RESULT=FOLDER' "$folder/err"

# -- No space left

full='No space left on device'
"$BUILD/t2t-report" "$folder/good" >/dev/full 2>"$folder/err"
check 'tables into a full disk are told' test $? -eq 1
check 'by name' grep -q "stdout: $full" "$folder/err"
"$BUILD/t2t-report" "$folder/good" --json >/dev/full 2>"$folder/err"
check 'JSON into a full disk is told' test $? -eq 1
check 'by name too' grep -q "stdout: $full" "$folder/err"

# What is written is read back before it takes the place of what was there.
report "$folder/good" --files "$folder/files"
sha256sum "$folder"/files/* >"$folder/sums"
mv "$folder/files/summary.json" "$folder/before"
ln -s /dev/null "$folder/files/summary.json"
report "$folder/good" --files "$folder/files"
check 'a summary that does not read back is refused' test $? -eq 1
check 'with file and line' grep -q '/dev/null: line' "$folder/err"
check 'and the other files are kept' test -L "$folder/files/summary.json" -a ! -L "$folder/files/trials.csv"
mv "$folder/before" "$folder/files/summary.json"
check 'as they were' sha256sum --quiet -c "$folder/sums"

small=$folder/small
mkdir "$small"
if [ -z "${T2T_MOUNTS:-}" ] || ! mount -t tmpfs -o size=4k tmpfs "$small" 2>/dev/null; then
	skip 'a full disk' 'mounting is not permitted'
	finish
fi

# With a page of memory more each time: what is there is whole, what is not is
# told.
name='at no size of disk is there half a file'
rm -rf "$folder/whole"
mkdir "$folder/whole"
report "$folder/good" --files "$folder/whole" --html "$folder/whole/page.html"
pages=1 failures=0 faults=''
while [ $pages -lt 200 ]; do
	rm -f "$small"/*
	mount -o "remount,size=$((4 * pages))k" "$small"
	report "$folder/good" --files "$small" --html "$small/page.html" && break
	failures=$((failures + 1))
	grep -qE "can't write $small/[^ ]+: $full" "$folder/err" ||
		faults+="$pages pages: $(cat "$folder/err")"$'\n'
	for file in "$small"/*; do
		[ ! -e "$file" ] || cmp -s "$file" "$folder/whole/${file##*/}" ||
			faults+="$pages pages: half a file: $file"$'\n'
	done
	pages=$((pages + 1))
done
[ $failures -ge 5 ] && [ $pages -lt 200 ] || faults+="$failures failures, $pages pages"
expect_none "$name" <<<"$faults"

name='on a full disk what was there is kept'
sha256sum "$small"/* >"$folder/sums"
cat /dev/zero >"$small/fill" 2>/dev/null
report "$folder/good" --files "$small" --html "$small/page.html"
if [ $? -eq 1 ] && grep -q "can't write $small/summary.json: $full" "$folder/err" &&
	sha256sum --quiet -c "$folder/sums" 2>>"$folder/err" &&
	[ -z "$(find "$small" -name '*.new-*')" ]; then
	pass "$name"
else
	fail "$name" < <(cat "$folder/err"; ls -l "$small")
fi

# Of a device of our own: whoever takes its place by a file harms no one.
rm "$small/fill"
if mknod "$small/full" c 1 7 2>/dev/null && : 2>/dev/null <"$small/full"; then
	report "$folder/good" --html "$small/full"
	check 'a page into /dev/full is told' \
		grep -q "can't write $small/full: $full" "$folder/err"
	check 'and the device is one still' test -c "$small/full"
else
	skip 'a page into /dev/full' "devices can't be made"
fi
finish
