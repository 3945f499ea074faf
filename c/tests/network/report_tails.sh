#!/bin/bash
# SPDX-License-Identifier: MIT
# t2t-report: tails and deciles of all orders, and a campaign that judges the
# tail. Needs no network.
set -u
# shellcheck source=tests/tap.bash
. tests/tap.bash
# shellcheck source=tests/support/results.bash
. tests/support/results.bash
BUILD=${BUILD:-build}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
make_results "$folder/few"

# Twice as many blocks: the same trials once more.
cp -r "$folder/few" "$folder/good"
for trial in "$folder/few"/trials/*-x; do
	number=$(basename "$trial" -x)
	to=$folder/good/trials/$((number + 24))-x
	cp -r "$trial" "$to"
	jq '.number += 24 | .block += 8' "$trial/trial.json" >"$to/trial.json"
done
sed -i 's/"blocks": 8/"blocks": 16/' "$folder/good/manifest.json"

report "$folder/few"
expect_none 'of a few blocks no decile and no tail is told' < <(
	grep -E 'at p10|of all orders  ' "$folder/out")
report "$folder/good"
check 'deciles show where the difference lies' \
	grep -qE '^  at p10, p20... p90   -4\.[0-9]+\*( -[45]\.[0-9]+\*){8} us' "$folder/out"
# Of the 48 orders beyond p90, 30 are of one block, which tells of itself alone.
cp -r "$folder/good" "$folder/lone"
awk -F, -v OFS=, 'NR > 1 { $4 *= 10 } 1' "$folder/good/trials/1-x/latencies.csv" \
	>"$folder/lone/trials/1-x/latencies.csv"
cp "$folder/out" "$folder/whole"
report "$folder/lone"
check 'a decile that is not told leaves its place' \
	grep -qE '^  at p10, p20... p90  ( -[0-9.]+\*?){8} - us' "$folder/out"
cp "$folder/whole" "$folder/out"
expect_none 'a tail of a few orders is not told' < <(grep 'p99 .*of all orders' "$folder/out")
cp "$folder/out" "$folder/first"
report "$folder/good"
expect_none 'drawn blocks are the same the next time' < <(diff "$folder/first" "$folder/out")

# 48 of 480 orders lie beyond.
sed -i 's/"blocks": 16/"blocks": 16, "judged": 90/' "$folder/good/manifest.json"
report "$folder/good"
check 'the verdict is on the percentile that is judged' \
	grep -q 'against base: at p90 faster by 39.9 %' "$folder/out"
check 'in time too' grep -qE '^  of 11\.[0-9]+ us at p90 +-4\.[0-9]+ us' "$folder/out"
check 'as of the baseline itself' grep -q '^A/A: .* differs by' "$folder/out"
sed -i 's/"judged": 90/"judged": 99/' "$folder/good/manifest.json"
report "$folder/good" --json
check 'and none where too few orders lie beyond it' \
	grep -q '"call": "too few orders"' "$folder/out"
expect_none 'nor any word of one' < <(
	jq -r '.comparisons[0], .aa | [.ratio, .ratio_low, .difference.estimate_ns][] | select(. != null)' "$folder/out")
sed -i 's/"judged": 99/"judged": 20/' "$folder/good/manifest.json"
report "$folder/good"
check 'what is no percentile to be judged is refused' \
	grep -q "key 'parameters.judged' is 20: expected 50 to 100" "$folder/err"
finish
