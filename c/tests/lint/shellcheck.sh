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

# From the folder that a script runs in: its sources are named from there, and
# are among the libraries.
check() { # script, number
	local key
	key=$(cat - "../$1" "${libraries[@]}" <<<"$version" | key_of)
	! is_silent "$key" || return 0
	case $1 in
	c/*) shellcheck -x -f gcc "${1#c/}" ;;
	*) (cd .. && shellcheck -x -f gcc "$1") ;;
	esac >"$work/$2" 2>&1
	[ -s "$work/$2" ] || note_silent "$key"
}
version=$(shellcheck --version)
mapfile -t libraries < <(list_files | sed -n '/\.bash$/s,^,../,p')

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mapfile -t scripts < <(list_scripts)
for i in "${!scripts[@]}"; do
	[ "$(jobs -r | wc -l)" -lt "$(nproc)" ] || wait -n
	: >"$work/$i"
	check "${scripts[i]}" "$i" &
done
wait
for i in "${!scripts[@]}"; do
	expect_none "${scripts[i]} passes shellcheck" <"$work/$i"
done
[ ${#scripts[@]} -gt 0 ] || fail 'shell scripts pass shellcheck' <<<'none found'
finish
