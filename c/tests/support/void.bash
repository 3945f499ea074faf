# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by tests of what can't be judged.

# The programs in a folder of their own ($1), with an oracle that can't tell of
# the second trial, as often as void_times says.
void_programs() {
	local real
	real=$(realpath "${BUILD:-build}")
	mkdir "$1"
	cp "$real"/t2t-{run,agent,frames,report,exchange,trader} "$1/"
	cat >"$1/t2t-wiretap" <<-END
		#!/bin/bash
		[[ "\$*" == *--read*trials/02-* ]] && echo >>"$1/reads"
		[[ "\$*" == *--read*trials/02-* ]] &&
			[ "\$(wc -l <"$1/reads")" -le "\$(cat "$1/times")" ] ||
			exec "$real/t2t-wiretap" "\$@"
		"$real/t2t-wiretap" "\$@" | sed '
			s/"correct": [a-z]*/"correct": null/
			s/"reason": null/"reason": "the capture <was> cut"/'
		exit 1
	END
	chmod +x "$1/t2t-wiretap"
}

void_times() { # folder, from now on
	: >"$1/reads"
	echo "$2" >"$1/times"
}
