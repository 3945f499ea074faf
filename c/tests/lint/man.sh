#!/bin/bash
# SPDX-License-Identifier: MIT
# Each program explains itself: --help ends well, and --man is a page that the
# formatter has nothing against.
set -u
# shellcheck source=tests/lint/support.bash
. tests/lint/support.bash
BUILD=${BUILD:-build}

formatter=
if command -v groff >/dev/null 2>&1; then
	formatter='groff -man -Tutf8 -ww -z'
elif command -v man >/dev/null 2>&1; then
	formatter='man --warnings -l -'
fi

# What the page's formatter says; nothing for a good page.
complaints() { # program
	local page
	page=$("$1" --man </dev/null) || echo "--man ended with $?"
	grep -q '^\.TH ' <<<"$page" || echo 'it has no title line (.TH)'
	$formatter <<<"$page" 2>&1 >/dev/null
}

help_faults() { # program
	local text code
	text=$("$1" --help </dev/null 2>/dev/null)
	code=$?
	[ $code -eq 0 ] || echo "it ended with $code"
	grep -q -e '--help' <<<"$text" || echo 'stdout does not name --help'
}

found=0
for program in "$BUILD"/t2t-*; do
	if [ ! -f "$program" ] || [ ! -x "$program" ]; then
		continue
	fi
	found=$((found + 1))
	name=$(basename "$program")
	expect_none "$name --help" < <(help_faults "$program")
	if [ -z "$formatter" ]; then
		skip "$name --man" 'neither groff nor man is installed'
	else
		expect_none "$name --man" < <(complaints "$program")
	fi
done
[ $found -gt 0 ] ||
	fail 'programs explain themselves' <<<"none is built in $BUILD"
finish
