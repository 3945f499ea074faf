#!/bin/bash
# SPDX-License-Identifier: MIT
# No file over 500 lines and no function over 60, unless a comment beside it
# says why: "long: REASON" within the first ten lines of the file, or in the
# line above the function. No circle between modules: a module is x.c, x.h, of a
# family x_ops.h, and what says that it is "for x alone" in its header; it uses
# those whose headers it includes. Tests are lists of cases: they may be long,
# their functions may not.
set -u
# shellcheck source=tests/lint/support.bash
. tests/lint/support.bash
lines=500
function_lines=60


long_files() {
	list_files | grep -E '\.([ch]|cc|py|sh|bash)$' | grep -v '^c/tests/' |
		while IFS= read -r file; do
		count=$(wc -l <"../$file")
		[ "$count" -le $lines ] || head -n 10 "../$file" | grep -q 'long: ' ||
			echo "$file: $count lines, more than $lines: divide it by theme"
	done
}

# By clang-format's layout: a body stands between a "{" and a "}" in the first
# column.
long_functions() {
	# shellcheck disable=SC2016 # those of awk
	list_c_files '\.[ch]$' | xargs awk -v most=$function_lines '
		FNR == 1 { start = 0; before = "" }
		/^[a-z].*\(/ { above = before }
		/^{$/ { start = FNR }
		/^}/ {
			len = FNR - start - 1
			if (start && len > most && above !~ /long: /)
				printf "%s:%d: a function of %d lines, more than %d\n",
					FILENAME, start, len, most
			start = 0
		}
		{ before = $0 }'
}

# "MODULE MODULE" of each include; of each module also itself, for tsort.
uses() {
	local file parts=()
	while IFS= read -r file; do
		parts+=(-e "$(tr '\n' ' ' <"$file" | sed -nE \
			's,^.*[Ff]or[ *]+([a-z]+/[a-z_]+)[ *]+alone\..*$,s|'"${file%.*}"'|\1|g,p')")
	done < <(list_c_files '^[a-z]+/[a-z0-9_-]+\.h$' |
		xargs grep -lE 'alone\.')
	list_c_files '^[a-z]+/[a-z0-9_-]+\.[ch]$' | while IFS= read -r file; do
		sed -nE 's,^#include "([^"]+)\.h"$,'"${file%.*}"' \1,p' "$file"
	done | sed 's/_ops\b//g' | sed "${parts[@]}" -e '' |
		awk '{ print $1, $1; print }' | sort -u
}
circles() {
	uses | tsort 2>&1 >/dev/null | awk '
		/contains a loop/ { if (loop) print loop; loop = ""; next }
		{ loop = loop (loop ? " and " : "") $2 }
		END { if (loop) print loop }' |
		sed 's/$/: each uses the other/'
}

expect_none "no file over $lines lines" < <(long_files)
expect_none "no function over $function_lines lines" < <(long_functions)
if [ "$(uses | wc -l)" -lt 100 ]; then
	fail 'no circle between modules' < <(uses)
else
	expect_none 'no circle between modules' < <(circles)
fi
finish
