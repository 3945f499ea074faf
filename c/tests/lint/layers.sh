#!/bin/bash
# SPDX-License-Identifier: MIT
# Includes point down only:
#	programs > campaign > agent | report | wiretap > exchange | trader | echo
#		> receive | publish | order > net > wire | stats > base
# Of exchange and trader, wiretap uses trader/session, recovery, strategy and
# book, the oracle; agent, campaign and report use nothing, and programs alone
# use echo. Tests may include anything.
set -u
# shellcheck source=tests/lint/support.bash
. tests/lint/support.bash

declare -A rank=([base]=0 [wire]=1 [stats]=1 [net]=2 [receive]=3 [publish]=3
	[order]=3 [exchange]=4 [trader]=4 [echo]=4 [wiretap]=5 [report]=5 [agent]=5
	[campaign]=6 [programs]=7 [plugin]=7)

# "FILE:LINE TARGET" of each include that names a file of this tree, be it in
# quotes or in angle brackets (<net/if.h> is the system's).
list_includes() { # files...
	local file line target
	grep -HnoE '^[[:space:]]*#[[:space:]]*include[[:space:]]*["<][^">]+' "$@" |
		sed -E 's/^([^:]*):([0-9]*):[^"<]*(["<])/\1 \2 \3/' |
		while read -r file line target; do
			case $target in
			'<'*) [ -f "${target#<}" ] || continue ;;
			*/*) ;;
			# The file's own folder.
			*) target="\"$(dirname "$file")/${target#?}" ;;
			esac
			echo "$file:$line ${target#?}"
		done
}

may_include() { # layer, target
	local from=$1 to=${2%%/*}
	[ "$from" = tests ] && return 0
	[ -n "${rank[$from]:-}" ] && [ -n "${rank[$to]:-}" ] || return 1
	case $from:$2 in
	wiretap:trader/session.h | wiretap:trader/recovery.h | wiretap:trader/strategy.h | wiretap:trader/book.h) return 0 ;;
	wiretap:trader/* | wiretap:exchange/* | report:trader/* | report:exchange/* | \
		agent:trader/* | agent:exchange/* | \
		campaign:trader/* | campaign:exchange/* | \
		wiretap:echo/* | report:echo/* | agent:echo/* | campaign:echo/*) return 1 ;;
	esac
	[ "$from" = "$to" ] || [ "${rank[$to]}" -lt "${rank[$from]}" ]
}

mapfile -t sources < <(list_sources)
mapfile -t includes < <(list_includes "${sources[@]}" /dev/null)
if [ ${#includes[@]} -eq 0 ]; then
	fail 'includes point down only' <<<'no include was found'
	finish
fi
pointing_up() {
	local include
	for include in "${includes[@]}"; do
		may_include "${include%%/*}" "${include#* }" ||
			echo "${include%% *}: may not include ${include#* }"
	done
}
expect_none "includes point down only (${#includes[@]} includes)" \
	< <(pointing_up)
finish
