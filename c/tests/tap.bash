# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by tests that are scripts and run in the c folder: TAP. All of a
# script runs; with $TEST_CASE only the cases of that name are judged.

test_count=0
failed=0

# shellcheck disable=SC2053 # it is a pattern
judged() { # name
	[[ $1 == ${TEST_CASE:-*} ]]
}

pass() { # name
	judged "$1" || return 0
	test_count=$((test_count + 1))
	echo "ok $test_count - $1"
}

# Diagnostics come on stdin.
fail() { # name
	judged "$1" || return 0
	test_count=$((test_count + 1))
	failed=1
	echo "not ok $test_count - $1"
	sed 's/^/# /'
}

skip() { # name, reason
	judged "$1" || return 0
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

# Passes when the command does, else shows what the test's shown() prints.
check() { # name, command...
	local name=$1
	shift
	if "$@"; then
		pass "$name"
	else
		fail "$name" < <(shown)
	fi
}

finish() {
	echo "1..$test_count"
	exit $failed
}
