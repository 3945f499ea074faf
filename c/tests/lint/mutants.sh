#!/bin/bash
# SPDX-License-Identifier: MIT
# Each mutant of tests/mutants/ still can be applied, and its tests are there;
# and the tool that runs them tells those that live, that are useless and that
# are killed from each other. `make mutants` is what proves the tests.
set -u
# shellcheck source=tests/lint/support.bash
. tests/lint/support.bash

if ! command -v python3 >/dev/null; then
	skip 'mutants' 'no python3'
	finish
fi
expect_none 'each mutant applies, and its tests are there' \
	< <(tests/mutants/run --check 2>&1 | grep -vE '^applies|^[0-9]+ applies, 0 alive$')

# A tree that holds one test, of one file's contents.
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir -p "$folder"/c/tests/{mutants,lint}
cp tests/mutants/run "$folder/c/tests/mutants/"
cp tests/run tests/tap.bash "$folder/c/tests/"
for needed in tests/skips tests/skips.bash; do
	[ -e "$needed" ] && cp "$needed" "$folder/c/tests/"
done
printf 'left\nleft\n\tright\n' >"$folder/c/file"
cat >"$folder/c/tests/lint/sees.sh" <<'END'
. tests/tap.bash
pass 'all is well'
expect_none 'right is right' < <(grep -q right file || echo wrong)
finish
END
cp "$folder/c/tests/lint/sees.sh" "$folder/c/tests/lint/red.sh"
sed -i 's/right file/nothing file/' "$folder/c/tests/lint/red.sh"
mutant() { # name, old, new, test
	printf '# why\nname %s\nfile c/file\nold %s\nnew %s\ntests %s\n' "${@:1:4}"
	printf '%s\n\n' "${5:+case   $5}"
}
{
	mutant dies right wrong lint:sees
	mutant lives right 'not right' lint:sees
	mutant half right wrong 'lint:sees lint:sees2'
	mutant drifted up down lint:sees
	mutant twice left wrong lint:sees
	mutant untested right wrong lint:nothing
	mutant red right wrong lint:red
	mutant seen right wrong lint:sees 'right*'
	mutant unseen right wrong lint:sees 'all*'
} >"$folder/c/tests/mutants/all.txt"
sed 's/right file/left file/' "$folder/c/tests/lint/sees.sh" >"$folder/c/tests/lint/sees2.sh"
(
	unset GIT_DIR
	cd "$folder" && git init -q . && git add -A &&
		c/tests/mutants/run "$folder/build" >"$folder/out" 2>&1
)
code=$?
# The tool's own words, without what the tests said.
said=$(sed -nE 's/^(killed|ALIVE|USELESS) +([a-z]+) .*/\1 \2/p; $p' "$folder/out")
wanted='killed dies
ALIVE lives
ALIVE half
USELESS drifted
USELESS twice
USELESS untested
USELESS red
killed seen
ALIVE unseen
2 killed, 3 alive, 4 prove nothing'
name='mutants that live, are useless or are killed are told apart'
if [ $code -eq 1 ] && [ "$said" = "$wanted" ]; then
	pass "$name"
else
	fail "$name" < <(echo "exit $code"; diff <(echo "$wanted") <(echo "$said"); cat "$folder/out")
fi
name='and the tree is as it was'
if [ "$(git -C "$folder" diff; tail -n 1 "$folder/build/mutants/c/file")" = $'\tright' ]; then
	pass "$name"
else
	fail "$name" < <(git -C "$folder" diff; cat "$folder/build/mutants/c/file")
fi
name='two of them in one folder are refused'
if (cd "$folder" && flock build/mutants c/tests/mutants/run "$folder/build") \
	>"$folder/out" 2>&1 || ! grep -q 'another run is at work' "$folder/out"; then
	fail "$name" <"$folder/out"
else
	pass "$name"
fi
finish
