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
mapfile -t sources < <(list_c_files '\.c$' | grep -v '^tests/')
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
# system's headers, which are not shown.
found() {
	# shellcheck disable=SC2016 # that shell expands it
	printf '%s\0' "${sources[@]}" | xargs -0 -n 1 -P "$(nproc)" bash -c '
		said=$(clang-tidy --quiet "${@: -1}" "${@:1:$#-1}" 2>&1)
		[ -z "$said" ] || printf "%s\n" "$said"' tidy \
		"${deep[@]}" -- "${flags[@]}" "${libraries[@]}" |
		grep -v '^[0-9]* warnings\? generated'
}
expect_none "$name (${#sources[@]} files)" < <(found)
finish
