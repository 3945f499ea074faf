# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by tests that are scripts and run in the c folder: TAP.

test_count=0
failed=0

pass() { # name
	test_count=$((test_count + 1))
	echo "ok $test_count - $1"
}

# Diagnostics come on stdin.
fail() { # name
	test_count=$((test_count + 1))
	failed=1
	echo "not ok $test_count - $1"
	sed 's/^/# /'
}

skip() { # name, reason
	test_count=$((test_count + 1))
	echo "ok $test_count - $1 # SKIP $2"
}

# Passes when stdin is empty, else shows it.
expect_none() { # name
	local offenders
	offenders=$(cat)
	if [ -z "$offenders" ]; then
		pass "$1"
	else
		fail "$1" <<<"$offenders"
	fi
}

finish() {
	echo "1..$test_count"
	exit $failed
}
