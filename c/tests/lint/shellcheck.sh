#!/bin/bash
# SPDX-License-Identifier: MIT
# All shell scripts of the repository, by name or by first line.
set -u
# shellcheck source=tests/lint/support.bash
. tests/lint/support.bash

if ! command -v shellcheck >/dev/null 2>&1; then
	skip 'shell scripts pass shellcheck' 'shellcheck is not installed'
	finish
fi

list_scripts() {
	local file line
	list_files | while IFS= read -r file; do
		case $file in
		*.sh | *.bash)
			echo "$file"
			continue
			;;
		esac
		IFS= read -r line <"../$file" 2>/dev/null
		[[ $line =~ ^#!.*[/\ ](ba|da)?sh($|\ ) ]] && echo "$file"
	done 2>/dev/null
}

mapfile -t scripts < <(list_scripts)
for script in "${scripts[@]}"; do
	# From the folder that a script runs in: its sources are named from there.
	case $script in
	c/*) folder=. path=${script#c/} ;;
	*) folder=.. path=$script ;;
	esac
	expect_none "$script passes shellcheck" \
		< <(cd $folder && shellcheck -x -f gcc "$path" 2>&1)
done
[ ${#scripts[@]} -gt 0 ] || fail 'shell scripts pass shellcheck' <<<'none found'
finish
