# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by tests that end a program with all that it started.

# "PID NAME" of each that comes from these.
family() { # pid
	local child children
	read -ra children <"/proc/$1/task/$1/children"
	for child in "${children[@]}"; do
		echo "$child $(cat "/proc/$child/comm")"
		family "$child"
	done
} 2>/dev/null
