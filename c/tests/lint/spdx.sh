#!/bin/bash
# SPDX-License-Identifier: MIT
# Each text file names its licence near its top; but LICENSE itself, what
# the fuzzers eat, and formats that have no comments.
set -u
# shellcheck source=tests/lint/support.bash
. tests/lint/support.bash
lines=5

mapfile -t files < <(list_files | grep -vE \
	-e '^LICENSE$' -e '^c/tests/fuzz/corpus/' -e '\.(json|csv|jsonl)$')

unmarked() {
	local file top
	for file in "${files[@]}"; do
		mapfile -n $lines top <"../$file" 2>/dev/null
		[[ "${top[*]}" == *'SPDX-License-Identifier: MIT'* ]] && continue
		# Binary or empty.
		grep -qI . "../$file" || continue
		echo "$file: no SPDX line in its first $lines lines"
	done
}
expect_none "each file names its licence (${#files[@]} files)" < <(unmarked)
[ ${#files[@]} -gt 0 ] || fail 'each file names its licence' <<<'none found'
finish
