#!/bin/bash
# SPDX-License-Identifier: MIT
# tests/REQUIREMENTS.md: a line for each requirement that a test names, and the
# tests that show it. A line says which tests ("| A.1 | text | unit/x |") until
# the heading "Not built yet"; behind it, none.
set -u
# shellcheck source=tests/lint/support.bash
. tests/lint/support.bash
list=${REQUIREMENTS:-tests/REQUIREMENTS.md}

# "number|tests" of each line; "not built" in place of the tests.
lines() {
	awk -F ' *[|] *' '
		/^## / { unbuilt = /Not built yet/ }
		$2 ~ /^[A-Z][.][0-9]+$/ {
			print $2 "|" (unbuilt ? "not built" $4 : $4)
		}' "$list"
}

# "number kind/name" wherever a test names one.
named() {
	list_c_files '^tests/(unit|conformance|network|fuzz|lab|lint)/.*\.(c|sh|py|yml)$' |
		grep -v '^tests/lint/requirements.sh$' |
		while IFS= read -r file; do
			test=${file#tests/}
			# All of lab/python/ is one test.
			case $test in lab/python/*) test=lab/python.py ;; esac
			grep -ohE "\b[A-Z]\.[0-9]+ " "$file" | sed "s,\$,${test%.*},"
		done | sort -u
}

faults() {
	local number tests test before='' at

	while IFS='|' read -r number tests; do
		[ "$number" != "$before" ] || echo "$number: two lines"
		before=$number
		case $tests in
		'not built') continue ;;
		'not built'*) echo "$number: not built, yet a test is named" ;;
		'') echo "$number: no test shows it" ;;
		esac
		for test in ${tests#not built}; do
			at=$(find tests/"${test%/*}" -maxdepth 1 -name "${test##*/}.c" \
				-o -maxdepth 1 -name "${test##*/}.sh" 2>/dev/null)
			[ -n "$at" ] || echo "$number: $test: there is no such test"
		done
	done < <(lines | sort -V)
	while read -r number test; do
		lines | grep -q "^${number//./\\.}|" ||
			{ echo "$test names $number, which has no line"; continue; }
		lines | grep -E "^${number//./\\.}\|" | grep -qE "[| ]$test( |\$)" ||
			echo "$test names $number, whose line does not name it"
	done < <(named)
	# Other numberings mean nothing here.
	list_c_files '^tests/.*\.(c|sh)$' | while IFS= read -r file; do
		grep -HnE "(LAB_TEST\(\"|name=')[A-Z]?[0-9]+\.[0-9]+ " "$file"
	done
}

if [ ! -f "$list" ]; then
	fail 'requirements' <<<"$list is missing"
	finish
fi
expect_none 'each requirement that a test names has its line, each line its tests' < <(faults)
# A list that is not read has no faults either.
if [ -z "$(lines)" ] || [ -z "$(named)" ]; then
	fail 'the list and the tests are read' <<<'no line, or no test that names one'
fi
finish
