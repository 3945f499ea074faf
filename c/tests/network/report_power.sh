#!/bin/bash
# SPDX-License-Identifier: MIT
# t2t-report of what make power counted. Needs no network.
set -u
# shellcheck source=tests/tap.bash
. tests/tap.bash
BUILD=${BUILD:-build}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

kind() { # kind, per cent, ns, right, of, seconds, busy processes
	echo "{\"kind\": \"$1\", \"busy\": ${7:-0}, \"percent\": $2, \"ns\": $3, \"right\": $4, \"of\": $5,
	 \"seconds\": $6, \"times\": ${8:-[]}, \"until\": \"decided,40\", \"others_cpus\": 0.1,
	 \"calls\": {\"slower\": $4, \"<~>\": $(($5 - $4))}}"
}
cat >"$folder/power.json" <<-END
	{"schema": "t2t-lab-power/1", "arm": "spin", "pace": "rate:20000",
	 "kinds": [$(kind aa 0 0 395 400 9.5), $(kind slow1us 0 1000 19 20 12.25),
	  $(kind curve1 1 0 1 5 null), $(kind curve2 2 0 4 5 90),
	  $(kind curve5 5 0 5 5 20 0 "[14, 18, 20, 25, 31]"), $(kind curve10 10 0 5 5 8),
	  $(kind busy1 1 0 0 5 null 2), $(kind busy5 5 0 5 5 40 2), $(kind busy10 10 0 5 5 16 2)]}
END
"$BUILD/t2t-report" "$folder" --html "$folder/page.html" >"$folder/out" 2>&1
check 'the counts are a table' \
	grep -qE '^slower by 1 us +decided,40 +19 of +20 +12\.2 +slower 19, <~> 1$' "$folder/out"
check 'what ran beside busy processes says so' \
	grep -qE '^slower by 5 %, 2 busy .* 5 of +5 +40\.0 ' "$folder/out"
check 'what half never decided has no time' \
	grep -qE '^slower by 1 % .* 1 of +5 +-  ' "$folder/out"
expect_none 'the page has both, escaped, and the curve' < <(
	grep -q '<td>slower by 5 %</td>' "$folder/page.html" || echo 'no row'
	grep -q '&lt;~&gt; 5' "$folder/page.html" || echo 'no calls'
	grep -q '<~>' "$folder/page.html" && echo 'not escaped'
	grep -q '<svg' "$folder/page.html" || echo 'no curve'
	grep -q 'seconds until half are decided' "$folder/page.html" || echo 'no axis'
	for point in '2 %: 90.0 s, by itself' '5 %: 40.0 s, beside busy' \
		'1 %: not within 40 s, by itself' '1 %: not within 40 s, beside'; do
		grep -q "<title>$point" "$folder/page.html" || echo "no $point"
	done
	[ "$(grep -c 'class="cross' "$folder/page.html")" = 2 ] || echo 'not two beyond'
	# Of equal lengths but for the one whose times are told.
	grep 'class="reach c0"' "$folder/page.html" |
		sed 's/.*y1="\([^"]*\)".*y2="\([^"]*\)".*/\1 \2/' |
		awk '$1 != $2 { n++ } END { if (n != 1) print n + 0 " with a spread" }'
)
check 'what only a campaign has is refused' \
	test "$("$BUILD/t2t-report" "$folder" --compare "$folder" 2>&1 >/dev/null | grep -c 'is of make power')" = 1
sed -i 's/"kinds": \[/"kind": [/' "$folder/power.json"
check 'half a file is refused' \
	test "$("$BUILD/t2t-report" "$folder" 2>&1 >/dev/null | grep -c "key 'kinds' is missing")" = 1
finish
