# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by scripts that wait for a state, not for a time.

# Until the command succeeds, with a bound; its exit code is the last one's.
within() { # seconds, command...
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || return
		sleep 0.1
	done
}

# A process that is a zombie is gone, too.
process_gone() { # pid
	! grep -qs '^State:.[^ZX]' "/proc/$1/status"
}
