#!/bin/bash
# SPDX-License-Identifier: MIT
# No script ends without a reason: a failing command in place of each of its
# substitutions in turn. Takes long: each of some hundred, a script's run each.
set -u
# shellcheck source=tests/tap.bash
. tests/tap.bash

for tool in python3 jq flock setpriv pkg-config gcc; do
	command -v "$tool" >/dev/null && continue
	skip 'scripts end with a reason' "$tool is not installed"
	finish
done
exec python3 -B tests/lint/substitutions.py
