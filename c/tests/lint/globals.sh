#!/bin/bash
# SPDX-License-Identifier: MIT
# A backend is one file with one global symbol: its table. Backends are the
# files of the families without a header of their own.
set -u
# shellcheck source=tests/lint/support.bash
. tests/lint/support.bash
BUILD=${BUILD:-build}

# "SECTION NAME" of each.
list_globals() { # object
	# clang's address sanitizer marks each global by another.
	nm -g --defined-only -f sysv "$1" | tr -d ' ' |
		awk -F'|' 'NF == 7 && !/^__odr_asan/ { print $7, $1 }' |
		grep -v '^Section'
}

found=0
for source in receive/*.c publish/*.c order/*.c; do
	object=$BUILD/${source%.c}.o
	[ -f "${source%.c}.h" ] && continue
	found=$((found + 1))
	name="$source has one global symbol"
	if [ ! -f "$object" ]; then
		fail "$name" <<<"it is not built in $BUILD"
		continue
	fi
	globals=$(list_globals "$object")
	case $globals in
	*$'\n'* | '') fail "$name" <<<"${globals:-it has none}" ;;
	# Constant, or constant once it is relocated.
	.rodata*' '* | .data.rel.ro*' '*) pass "$name: ${globals#* }" ;;
	*) fail "$name" <<<"$globals is no constant table" ;;
	esac
done
[ "$found" -gt 0 ] || fail 'backends have one global symbol' <<<'none found'
finish
