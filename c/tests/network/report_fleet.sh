#!/bin/bash
# SPDX-License-Identifier: MIT
# t2t-report of a fleet: cells with results, one without, one that is cut off.
# Needs no network.
set -u
# shellcheck source=tests/tap.bash
. tests/tap.bash
# shellcheck source=tests/support/results.bash
. tests/support/results.bash
BUILD=${BUILD:-build}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

fleet=$folder/fleet
mkdir -p "$fleet/cells" "$folder/files"
make_results "$fleet/cells/one"
cp -r "$fleet/cells/one" "$fleet/cells/two"
# A slower machine, on which the change is the same.
sed -i -E '2,$s/,([0-9]+)$/,\10/' "$fleet"/cells/two/trials/*/latencies.csv
record() { # cells...
	local IFS=,
	echo "{\"schema\": \"t2t-fleet/1\", \"started\": \"now\", \"cells\": [$*]}" \
		>"$fleet/fleet.json"
}
# shellcheck disable=SC2317 # called by check
exit_code() { # wanted, argument...
	local wanted=$1
	shift
	report "$@"
	[ $? = "$wanted" ]
}

record '{"cell": "one"}' '{"cell": "two"}'
check 'all cells are there' exit_code 0 "$fleet" --html "$folder/page.html" \
	--files "$folder/files"
check 'the change of both, in 16 blocks' grep -qE 'on 2 cells: faster by 39\.9 %' "$folder/out"
check 'each cell has its own latencies' test \
	"$(grep -cE '^(one +base +10\.81 |two +base +108\.[0-9]+ )' "$folder/out")" = 2
check 'the page has both' test "$(grep -cE '<td>(one|two)</td><td>base</td>' "$folder/page.html")" = 2
check 'no name becomes markup' test "$(grep -c '<script' "$folder/page.html")" = 0
report "$fleet" --json
check 'summary.json is what is printed' cmp -s "$folder/out" "$folder/files/summary.json"
check 'other results are not set beside it' exit_code 1 "$fleet" --compare "$fleet/cells/one"
check 'which is said' grep -q 'compare its cells' "$folder/err"

record '{"cell": "one"}' '{"cell": "two"}' '{"cell": "three", "dead": "no <route>"}'
check 'a dead cell is no success' exit_code 1 "$fleet" --html "$folder/page.html"
check 'it is named, and the rest goes on' grep -qxF 'not in it: cell three, dead: no <route>' "$folder/out"
check 'on the page too' grep -qF 'cell three, dead: no &lt;route&gt;' "$folder/page.html"
check 'the others are merged' grep -q 'on 2 cells: faster by 39.9 %' "$folder/out"

record '{"cell": "one"}' '{"cell": "two"}'
sed -i 's/"complete"/"running"/' "$fleet/cells/two/manifest.json"
check 'a cell that was cut off is a dead one' exit_code 1 "$fleet"
check 'which is named' grep -q '^not in it: cell two, dead: its result' "$folder/out"
check 'and why is said' grep -q "cells/two/manifest.json: half-written" "$folder/err"
sed -i 's/"running"/"complete"/; s/"blocks": 8/"blocks": 8, "pace": "max"/' \
	"$fleet/cells/two/manifest.json"
check 'a cell of another campaign is refused' exit_code 1 "$fleet"
check 'by name' grep -qF "cell two, refused: another campaign than one's: 'parameters.pace' is \"max\", there missing" \
	"$folder/out"

for bad in '{"cell": "../one"}' '{"cell": ""}' '{"dead": "x"}' '3' \
	'{"cell": "one"},{"cell": "one"}'; do
	record "$bad"
	check "no cell: $bad" exit_code 1 "$fleet"
	check 'the file is named' grep -q "fleet.json: " "$folder/err"
done
finish
