#!/bin/bash
# SPDX-License-Identifier: MIT
# Results that an older version left are reported as ever: each figure of
# tests/old_results/, to the last digit.
set -u
# shellcheck source=tests/tap.bash
. tests/tap.bash
BUILD=$(realpath "${BUILD:-build}")
cd tests/old_results || exit

for wanted in *.json; do
	result=${wanted%.json}
	expect_none "$result: every figure to the last digit" < <(
		"$BUILD/t2t-report" "$result" --json 2>&1 </dev/null |
			diff "$wanted" - | head -n 20
	)
	for arm in block spin block@again; do
		if "$BUILD/t2t-report" "$result" 2>&1 </dev/null |
			grep -q "^$arm .* 294 *294 *0 *0 *0  correct"; then
			pass "$result: $arm in the table"
		else
			fail "$result: $arm in the table" < <("$BUILD/t2t-report" "$result" 2>&1)
		fi
	done
done
finish
