#!/bin/bash
# SPDX-License-Identifier: MIT
# HOT objects call nothing of the system: no allocation, lock, log line or
# system call can hide in them. What the cold functions of the same file need
# is listed beside it.
set -u
# shellcheck source=tests/lint/support.bash
. tests/lint/support.bash
BUILD=${BUILD:-build}

objects=(wire/market_data wire/order wire/datagram net/xdp_socket_rings
	trader/book trader/strategy channel/raw)
everywhere='memcpy|memmove|memset|memcmp|__stack_chk_fail|_GLOBAL_OFFSET_TABLE_'
# open, close and the rare growth; of AF_XDP, wake-ups and a look now and then
declare -A cold=([net/xdp_socket_rings]='recvfrom|sendto|getsockopt|__errno_location'
	[trader/book]='malloc|calloc|realloc|free'
	[trader/strategy]='malloc|calloc|realloc|free')

if grep -qE '^SANITIZE := .' "$BUILD/config.mk" 2>/dev/null; then
	skip 'HOT objects call only what they may' 'a sanitizer adds calls'
	finish
fi

# Symbols of this tree that are no log line: their files are judged by
# themselves, or by who reads the include.
own=$(find "$BUILD" -maxdepth 2 -name '*.o' -exec \
	nm -g --defined-only -P {} + 2>/dev/null |
	awk 'NF > 1 && $1 !~ /^log_/ { print $1 }' | sort -u)

for object in "${objects[@]}"; do
	name="$object calls only what it may"
	if [ ! -f "$BUILD/$object.o" ]; then
		fail "$name" <<<"it is not built in $BUILD"
		continue
	fi
	expect_none "$name" < <(nm -u -P "$BUILD/$object.o" | awk '{ print $1 }' |
		grep -vxE "$everywhere|${cold[$object]:-}" |
		grep -vxF "$own")
done
finish
