#!/bin/bash
# SPDX-License-Identifier: MIT
# clang-tidy, by the short list of checks in .clang-tidy. The analyzer looks at
# each function shallowly: a fifteenth of the time, and the most of what it finds.
# `make tidy` looks deeply.
set -u
# shellcheck source=tests/lint/support.bash
. tests/lint/support.bash
BUILD=${BUILD:-build}
name='clang-tidy has nothing to say'

if ! command -v clang-tidy >/dev/null 2>&1; then
	skip "$name" 'clang-tidy is not installed'
	finish
fi
# Not what is built by DPDK's headers, which need not be there.
mapfile -t sources < <(list_c_files '\.c$' | grep -vE '^tests/|^net/dpdk_plugin(_xdp)?\.c$')
if [ ${#sources[@]} -eq 0 ]; then
	fail "$name" <<<'no source was found'
	finish
fi
flags=(-std=gnu17 -D_GNU_SOURCE -I. -w)
read -ra libraries < <(sed -n 's/^DEPENDENCY_FLAGS :=//p' "$BUILD/config.mk")
deep=()
[ -n "${TIDY_DEEP:-}" ] || for word in -analyzer-config mode=shallow; do
	deep+=(--extra-arg=-Xclang --extra-arg="$word")
done
# As many at a time as can run. "N warnings generated" counts those of the
# system's headers, which are not shown. What a source is made of stands in what
# the compiler wrote beside its object.
asked() { # source
	local files said key=
	if files=$(sed -n '1,/[^\\]$/{s/^[^:]*://;s/\\$//;p}' \
		"$BUILD/${1%.c}.d" 2>/dev/null); then
		# shellcheck disable=SC2086 # a name a word
		key=$(cat - $files <<<"$how" 2>&1 | key_of)
	fi
	! is_silent "$key" || return 0
	said=$(clang-tidy --quiet "$1" "${deep[@]}" -- "${flags[@]}" \
		"${libraries[@]}" 2>&1 | grep -v '^[0-9]* warnings\? generated')
	[ -z "$said" ] || printf '%s\n' "$said"
	[ -n "$said" ] || note_silent "$key"
}
how=$(clang-tidy --version && printf '%s\n' "${deep[@]}" "${flags[@]}" \
	"${libraries[@]}" && cat .clang-tidy)
found() {
	local source
	for source in "${sources[@]}"; do
		[ "$(jobs -r | wc -l)" -lt "$(nproc)" ] || wait -n
		asked "$source" &
	done
	wait
}
expect_none "$name (${#sources[@]} files)" < <(found)
finish
