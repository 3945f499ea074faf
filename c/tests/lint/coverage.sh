#!/bin/bash
# SPDX-License-Identifier: MIT
# tests/coverage counts rightly: a tree of one file, of which the tests run a
# half. `make coverage` builds the whole tree for it.
set -u
# shellcheck source=tests/lint/support.bash
. tests/lint/support.bash

for tool in python3 clang; do
	command -v $tool >/dev/null && continue
	skip 'coverage' "no $tool"
	finish
done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir -p "$folder"/c/{base,tests/unit,build/tests/unit}
cp tests/coverage tests/run tests/tap.bash tests/skips tests/skips.bash \
	"$folder/c/tests/"
cat >"$folder/c/base/half.c" <<'END'
int run(int n)
{
	return n + 1;
}

int not_run(int n)
{
	return n - 1;
}
END
cat >"$folder/c/tests/unit/half.c" <<'END'
#include <stdio.h>

int run(int n);

int main(void)
{
	printf("1..1\n%sok 1 - half\n", run(1) == RIGHT ? "" : "not ");
	return 0;
}
END
name='half of a file is half of a file'
cover() { # what is right
	(
		cd "$folder/c" || exit
		clang -DRIGHT="$1" -O1 -g -fprofile-instr-generate \
			-fcoverage-mapping -o build/tests/unit/half \
			"$folder/c/tests/unit/half.c" "$folder/c/base/half.c" &&
			env -u TEST_CASE tests/coverage build unit
	) >"$folder/said" 2>&1
}
if cover 2 && grep -qE '^base +6 +50\.0%$' "$folder/said" &&
	grep -qE '^base/half\.c +6 +50\.0%$' "$folder/said" &&
	grep -rq 'not_run' "$folder/c/build/html"; then
	pass "$name"
else
	fail "$name" <"$folder/said"
fi
name='a test that failed fails it, and is told'
if ! cover 3 && grep -q 'tests failed' "$folder/said" &&
	grep -qE '^all +6 +50\.0%$' "$folder/said"; then
	pass "$name"
else
	fail "$name" <"$folder/said"
fi
finish
