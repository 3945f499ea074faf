# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced first by the scripts here: none of them ends without a reason. A
# command that fails where nobody asked whether it would ends the script, and
# is named. That holds for `variable=$(command)` alone: in the arguments of
# another command, and behind `local`, a failure would go unseen.
set -Eeuo pipefail
shopt -s inherit_errexit
trap 'echo "${0##*/}: ${BASH_SOURCE[0]##*/}, line $LINENO: this ended with $?: $BASH_COMMAND" >&2' ERR
umask 022
# Whoever calls it: the same messages, the same order, numbers with a point.
export LC_ALL=C.UTF-8
unset LANGUAGE

here=${BASH_SOURCE[0]%script.bash}
here=$(realpath "${here:-.}")

# What unshare is told, so that nobody else sees what is mounted. In a chroot,
# where / is no mount point, it can't do that: whoever made the chroot has.
at_root=$(awk '$5 == "/"' /proc/self/mountinfo)
propagation=--propagation=${at_root:+private}
[ -n "$at_root" ] || propagation+=unchanged

fail() {
	echo "${0##*/}: $*" >&2
	exit 1
}

misused() {
	echo "${0##*/}: $* (--help)" >&2
	exit 2
}

# Sum of what is read.
hash_of() { sha256sum | cut -d' ' -f1; }

# Since make-image began, on its standard output.
progress() {
	local tenths=$(((${EPOCHREALTIME/./} - ${T2T_STARTED/./}) / 100000))
	printf 'image: %3d.%d s  %s\n' $((tenths / 10)) $((tenths % 10)) "$*" >&3
}
