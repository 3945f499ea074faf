#!/bin/bash
# SPDX-License-Identifier: MIT
# What an object depends on is written down under the name of its folder, so
# that one has a single name.
set -u
# shellcheck source=tests/tap.bash
. tests/tap.bash

# The name that make goes by.
name_of() { # BUILD as it is given
	make -pn help BUILD="$1" 2>/dev/null | sed -n 's/^BUILD := //p'
}

for given in build ./build "$PWD/build" build/; do
	if [ "$(name_of "$given")" = build ]; then
		pass "the folder ${given/#$PWD/\$PWD} is build"
	else
		fail "the folder ${given/#$PWD/\$PWD} is build" <<<"$(name_of "$given")"
	fi
done
if [ "$(name_of /tmp/elsewhere)" = /tmp/elsewhere ]; then
	pass 'another one keeps its own'
else
	fail 'another one keeps its own' <<<"$(name_of /tmp/elsewhere)"
fi
finish
