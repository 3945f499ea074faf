#!/bin/bash
# SPDX-License-Identifier: MIT
# The Python of ansible/ that decides: pins, checks, knobs, and the record.
# Waits for the machine's knobs: lab/life has them for minutes.
set -u
# shellcheck source=tests/tap.bash
. tests/tap.bash

if ! command -v python3 >/dev/null; then
	skip 'what decides, in Python' 'no python3'
	finish
fi
BUILD=$(realpath "${BUILD:-build}")
# Experiments are checked against what the programs say of their options.
if [ ! -e "$BUILD/options.json" ]; then
	fail 'what decides, in Python' <<<"no $BUILD/options.json: make"
	finish
fi
export BUILD
# Knobs of the machine are turned: see lab_machine_knobs() in lab.bash.
exec 8>"$BUILD/machine-knobs.lock"
flock 8
exec python3 -B tests/lab/python/tap.py
