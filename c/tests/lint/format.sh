#!/bin/bash
# SPDX-License-Identifier: MIT
# clang-format 14 decides the layout of C; other versions decide otherwise.
set -u
# shellcheck source=tests/lint/support.bash
. tests/lint/support.bash

# The formatter breaks no string and leaves some comments alone.
expect_none 'no line of C is longer than 80 columns' < <(
	list_sources | while IFS= read -r source; do
		expand "$source" | LC_ALL=C.UTF-8 grep -nE '^.{81}' | sed "s,^,$source:,"
	done
)

wanted=14
name='layout of C is what clang-format makes'

formatter=
for candidate in clang-format-$wanted clang-format; do
	if command -v "$candidate" >/dev/null 2>&1; then
		formatter=$candidate
		break
	fi
done
if [ -z "$formatter" ]; then
	skip "$name" "clang-format is not installed"
	finish
fi
major=$("$formatter" --version | sed -E 's/.*version ([0-9]+).*/\1/')
if [ "$major" != $wanted ]; then
	skip "$name" "the layout is that of clang-format $wanted, here is $major"
	finish
fi

mapfile -t sources < <(list_sources)
if [ ${#sources[@]} -eq 0 ]; then
	fail "$name" <<<'no source was found'
	finish
fi
# Each file is judged by a process of its own: as many at a time as can run.
unformatted() {
	# shellcheck disable=SC2016 # that shell expands it
	printf '%s\0' "${sources[@]}" | xargs -0 -n 1 -P "$(nproc)" sh -c '
		"$0" --dry-run --Werror "$1" >/dev/null 2>&1 ||
			echo "$1: run $0 -i"' "$formatter"
}
expect_none "$name (${#sources[@]} files)" < <(unformatted)
finish
