# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by the lints: TAP, and the list of files.
# shellcheck source=tests/tap.bash
. tests/tap.bash

# All files of the repository, new ones too, relative to its top folder;
# outside of a checkout all that are there but what a build leaves.
list_files() {
	local file
	if git -C .. rev-parse --git-dir >/dev/null 2>&1; then
		git -C .. ls-files -co --exclude-standard
	else
		(cd .. && find . \( -name .git -o -name build -o -name results \) \
			-prune -o -type f -printf '%P\n')
	fi | while IFS= read -r file; do
		[ -f "../$file" ] && printf '%s\n' "$file"
	done
}

# Those of the c folder, relative to it. A lint that finds nothing to look at
# has failed.
list_c_files() { # regular expression
	list_files | sed -n 's,^c/,,p' | grep -E "$1"
}

list_sources() {
	list_c_files '\.([ch]|cc)$'
}

# What a tool had nothing to say of it isn't asked about again: told by a key of
# all that its answer depends on, which stands on stdin.
silent=${BUILD:-build}/lint/silent
key_of() {
	sha256sum | cut -d ' ' -f 1
}
is_silent() { # key
	[ -n "$1" ] && [ -e "$silent/$1" ]
}
note_silent() { # key
	[ -z "$1" ] || { mkdir -p "$silent" && : >"$silent/$1"; }
}
