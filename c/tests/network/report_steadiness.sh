#!/bin/bash
# SPDX-License-Identifier: MIT
# t2t-report of campaigns whose machine was not the same all the while: what is
# said of it, in every output, and that verdicts are none of its business.
set -u
# shellcheck source=tests/tap.bash
. tests/tap.bash
BUILD=${BUILD:-build}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# base, fast and base@again in 24 blocks; their p50s in ns, by an expression of
# the block b and of what is drawn, r, between 0 and 1.
campaign() { # folder, base, fast
	mkdir -p "$folder/$1/trials"
	cat >"$folder/$1/manifest.json" <<-'END'
		{"schema": "t2t-run/2", "state": "complete", "started": "now",
		 "place": "test", "accelerator": "none", "command_line": "again",
		 "question": "which?", "host": {"kernel": "6.1"},
		 "parameters": {"arms": ["base", "fast", "base@again"],
		  "aa": 2, "blocks": 24, "seed": 1}}
	END
	awk -v to="$folder/$1/trials/" 'BEGIN {
		srand(4)
		for (b = 0; b < 24; b++)
			for (arm = 0; arm < 3; arm++) {
				r = rand()
				p50 = int(arm == 1 ? '"$3"' : '"$2"')
				trial = to (++n) "-x"
				system("mkdir " trial)
				printf "{\"schema\": \"t2t-run/2\", \"number\": %d, \"block\": %d, \"arm\": %d,\"folder\": \"trials/%d-x\", \"analysis\": {\"correct\": true, \"packets\": 9, \"triggers\": 9, \"orders\": 9, \"matched\": 9, \"missing\": 0, \"extra\": 0, \"wrong\": 0}}\n", n, b, arm, n >(trial "/trial.json")
				close(trial "/trial.json")
				print "sequence,trigger_ns,order_ns,latency_ns" >(trial "/latencies.csv")
				for (i = -12; i <= 12; i++)
					print "1,2,3," p50 + i >(trial "/latencies.csv")
				close(trial "/latencies.csv")
			}
	}'
	"$BUILD/t2t-report" "$folder/$1" --html "$folder/$1.html" --markdown \
		"$folder/$1.md" >"$folder/$1.txt" 2>&1
	"$BUILD/t2t-report" "$folder/$1" --json >"$folder/$1.json" 2>&1
}
# Each kind that was noticed, a line.
kinds() { jq -r '.noticed[].kind' "$folder/$1.json"; }

campaign steady '10000 + 900 * r' '6000 + 500 * r'
expect_none 'of a steady machine nothing is said' < <(
	kinds steady
	grep -oE '^noticed|(drift|autocorrelation|two groups): ' "$folder"/steady.{txt,html,md}
	jq -r '.steadiness | .drift, .autocorrelation[], .groups[] |
		select(.p == null or .p <= 0.01)' "$folder/steady.json"
)

campaign drift '10000 + 300 * b + 900 * r' '6000 + 180 * b + 500 * r'
expect_none 'a drift is said, in every output' < <(
	diff <(kinds drift) - <<<drift
	for output in txt html md; do
		grep -qE 'drift: the baseline.*s p50 changed .?\+[0-9]+ %' \
			"$folder/drift.$output" || echo "not in $output"
	done
)
expect_none 'and changes no verdict' < <(
	for one in steady drift; do
		jq -r '.comparisons[].call' "$folder/$one.json" | grep -vx faster
	done
)

# The ratio, not the base, wanders: ten blocks high, fourteen low.
campaign alike '10000 + 900 * r' '(b % 12 < 6 ? 6000 : 7000) + 900 * r'
expect_none 'neighbours that are alike are said, of the arm alone' < <(
	kinds alike | sort -u | grep -vx 'autocorrelation'
	grep -q 'noticed .*autocorrelation: fast against the baseline' "$folder/alike.txt" ||
		cat "$folder/alike.txt"
	grep 'autocorrelation: base@again' "$folder/alike.txt"
)

campaign groups '10000 + 900 * r' '(r < 0.5 ? 4000 : 8000) + 300 * r'
expect_none 'two groups are said, with both of their p50s' < <(
	diff <(kinds groups) - <<<groups
	grep -qE 'two groups: fast has p50s about 4\.[01][0-9] us in [0-9]+ trials and about 8\.2[0-9] us in [0-9]+ ' \
		"$folder/groups.txt" || cat "$folder/groups.txt"
)

expect_none 'a fleet says it of each cell' < <(
	mkdir -p "$folder/fleet/cells"
	cp -r "$folder/steady" "$folder/fleet/cells/quiet"
	cp -r "$folder/drift" "$folder/fleet/cells/warm"
	echo '{"schema": "t2t-fleet/1", "started": "now",
		"cells": [{"cell": "quiet"}, {"cell": "warm"}]}' >"$folder/fleet/fleet.json"
	"$BUILD/t2t-report" "$folder/fleet" --html "$folder/fleet.html" >"$folder/fleet.txt" 2>&1
	for output in txt html; do
		grep -q 'warm: drift: the baseline' "$folder/fleet.$output" ||
			echo "not in $output"
	done
	grep 'quiet: drift' "$folder/fleet.txt"
)
finish
