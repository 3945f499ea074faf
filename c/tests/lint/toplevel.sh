#!/bin/bash
# SPDX-License-Identifier: MIT
# The top folder's layout is fixed, and nothing that a build or a run makes is
# kept.
set -u
# shellcheck source=tests/lint/support.bash
. tests/lint/support.bash
allowed='ansible|domains|c|images|inventory|Makefile|README\.md|LICENSE|\..*'
made='o|so|a|d|gcda|gcno|pcap|pcapng|qcow2|img|iso|pyc|core'

mapfile -t files < <(list_files)
if [ ${#files[@]} -eq 0 ]; then
	fail 'the top folder holds only what it may' <<<'no file was found'
	finish
fi

built() {
	local file magic
	printf '%s\n' "${files[@]}" | grep -E "\.($made)$"
	for file in "${files[@]}"; do
		LC_ALL=C IFS= read -r -N 4 magic <"../$file" 2>/dev/null
		[ "$magic" = $'\x7fELF' ] && echo "$file: an ELF file"
	done
}

expect_none 'the top folder holds only what it may' < <(
	printf '%s\n' "${files[@]}" | cut -d/ -f1 | sort -u | grep -vxE "$allowed"
)
expect_none 'nothing built is kept' < <(built | sort -u)
finish
