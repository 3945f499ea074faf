#!/bin/bash
# SPDX-License-Identifier: MIT
# HOT code calls nothing of the system but what it is for: no allocation, lock,
# log line or stray system call can hide in it. Objects that are HOT as a
# whole, with what their cold functions need beside them; then functions of
# others, with all that each may call.
set -u
# shellcheck source=tests/lint/support.bash
. tests/lint/support.bash
BUILD=${BUILD:-build}

objects=(wire/market_data wire/order wire/datagram net/xdp_socket_rings
	receive/receive_frames trader/book trader/session trader/strategy channel/raw)
everywhere='memcpy|memmove|memset|memcmp|__stack_chk_fail|_GLOBAL_OFFSET_TABLE_'
# open and close; of AF_XDP, wake-ups and a look now and then
declare -A cold=([receive/receive_frames]='log_write'
	[net/xdp_socket_rings]='recvfrom|sendto|getsockopt|__errno_location'
	[trader/strategy]='calloc|free')

for tool in python3 objdump; do
	command -v $tool >/dev/null && continue
	skip 'HOT code calls only what it may' "no $tool"
	finish
done
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

# Object, function, and what that may call, "syscall" for one without libc's
# wrapper: of its own file these are cold, and all else is looked into.
functions='
trader/trader trader_loop market_data_decode strategy_books_begin strategy_update session_weigh transport_send_late idle_use gap passed_over bad room_make unsent handicap unreceived look_around
channel/raw raw_encode order_write
channel/raw raw_decode order_read
channel/null null_encode
channel/null null_decode
channel/transport_bypass bypass_send xdp_stream_send xdp_stream_wait
channel/transport_null null_send
channel/transport_send send_send syscall
channel/transport_uring uring_send io_uring_submit io_uring_submit_and_wait __io_uring_get_cqe
channel/transport_zerocopy zerocopy_send_all zerocopy_send zerocopy_wait
receive/block block_poll syscall receive_socket_soften socket_message_stamp_search
receive/busy busy_poll syscall receive_socket_soften socket_message_stamp_search
receive/epoll epoll_poll epoll_wait syscall receive_socket_soften socket_message_stamp_search
receive/mmsg mmsg_poll recvmmsg receive_socket_soften socket_message_stamp_search
receive/null null_poll market_data_write_header
receive/packet packet_poll datagram_read datagram_checksum_right receive_frames_more receive_frames_odd syscall receive_socket_soften socket_message_stamp_search
receive/replay replay_poll
receive/spin spin_poll syscall receive_socket_soften socket_message_stamp_search
receive/uring uring_poll io_uring_submit io_uring_submit_and_wait_timeout __io_uring_get_cqe receive_socket_soften socket_message_stamp_search
receive/xdp xdp_poll xdp_socket_take datagram_read datagram_checksum_right receive_frames_more receive_frames_odd
receive/receive_frames receive_frames_more
receive/receive_frames receive_frames_odd datagram_read_any datagram_checksum_right
receive/receive_socket receive_socket_soften network_error
net/network_error network_error
trader/session session_weigh
net/socket socket_message_stamp_search
'
while read -r object function allowed; do
	[ -f "$object.c" ] || continue
	read -ra allowed <<<"$allowed"
	if called=$(python3 tests/lint/hot.py "$BUILD/$object.o" "$function" \
		"${allowed[@]}" 2>&1); then
		called=$(grep -vxE "$everywhere|__errno_location" <<<"$called" |
			grep -vxF "$(printf '%s\n' "${allowed[@]}" -)")
	fi
	expect_none "$object: $function calls only what it may" <<<"$called"
done <<<"$functions"

# Each member of these families has a line above.
expect_none 'each HOT member of a family is looked at' < <(
	for source in receive/*.c channel/*.c; do
		sed -nE 's/^\t\.(poll|send|encode|decode) = (\w+),$/\2/p' "$source" |
			while read -r function; do
				[[ $functions == *$'\n'"${source%.c} $function"[$' \n']* ]] ||
					echo "$source: $function"
			done
	done
)
finish
