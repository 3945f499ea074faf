#!/bin/bash
# SPDX-License-Identifier: MIT
# The fuzz targets again, by clang's libFuzzer, which is led by coverage, of the
# address sanitizer's build; each on a copy of its corpus. Takes long: seconds each.
set -u
. tests/lint/support.bash
BUILD=${BUILD:-build}
runs=50000
seconds=5

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

echo 'int LLVMFuzzerTestOneInput(const char *d, unsigned long n);
int LLVMFuzzerTestOneInput(const char *d, unsigned long n)
{ return !d && n; }' >"$work/probe.c"
if ! command -v clang >/dev/null 2>&1; then
	skip libFuzzer 'clang is not installed'
	finish
elif ! clang -fsanitize=fuzzer,address -o "$work/probe" "$work/probe.c" \
	2>/dev/null || ! "$work/probe" -runs=1 >/dev/null 2>&1; then
	skip libFuzzer "clang's -fsanitize=fuzzer does not work"
	finish
fi

# The settings of an outer make are not ours.
[ "$(basename "$BUILD")" = asan ] || BUILD=$BUILD/asan
if ! env -u MAKEFLAGS -u MAKELEVEL make -s -j"$(nproc)" BUILD="$BUILD" \
	libfuzzers >"$work/make.log" 2>&1; then
	fail 'libFuzzer targets build' < <(tail -n 30 "$work/make.log")
	finish
fi

for target in "$BUILD"/tests/libfuzzer/*; do
	name=$(basename "$target")
	# Not what was cut off while it was linked.
	[ -f "tests/fuzz/$name.c" ] || continue
	mkdir "$work/$name"
	cp -r "tests/fuzz/corpus/$name/." "$work/$name/"
	if "$target" -runs=$runs -max_total_time=$seconds -seed=1 \
		-artifact_prefix="${TMPDIR:-/tmp}/$name-" \
		"$work/$name" >"$work/$name.log" 2>&1; then
		executed=$(sed -nE 's/^Done ([0-9]+) runs.*/\1/p' "$work/$name.log")
		pass "libFuzzer $name: $executed runs"
	else
		fail "libFuzzer $name" < <(tail -n 40 "$work/$name.log")
	fi
done
finish
