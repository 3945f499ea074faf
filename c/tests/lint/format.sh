#!/bin/bash
# SPDX-License-Identifier: MIT
# clang-format 14 decides the layout of C; other versions decide otherwise.
set -u
# shellcheck source=tests/lint/support.bash
. tests/lint/support.bash

# The formatter breaks no string and leaves some comments alone.
# shellcheck disable=SC2016 # this is Python's
long='
import sys

for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if len(line.rstrip("\n").expandtabs(8)) > 80:
                print(f"{path}:{number}: {line}", end="")
'
mapfile -t sources < <(list_sources)
if [ ${#sources[@]} -eq 0 ]; then
	fail 'C has a layout' <<<'no source was found'
	finish
fi
expect_none 'no line of C is longer than 80 columns' \
	< <(python3 -c "$long" "${sources[@]}" 2>&1)

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

# Forty to a process, which takes longer to start than to judge one.
unformatted() {
	printf '%s\0' "${sources[@]}" | xargs -0 -n 40 -P "$(nproc)" \
		"$formatter" --dry-run --Werror --ferror-limit=1 2>&1 |
		grep -F "code should be clang-formatted"
}
expect_none "$name (${#sources[@]} files)" < <(unformatted)
finish
