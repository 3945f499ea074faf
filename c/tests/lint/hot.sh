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

objects=(wire/market_data wire/order wire/fix wire/fix_value wire/datagram wire/frame_build
	net/xdp_socket_rings net/dpdk_port_frames net/frame_flow receive/receive_frames trader/book trader/session trader/strategy
	order/channel_raw wire/utf8 wire/websocket wire/websocket_mask)
everywhere='memcpy|memmove|memset|memcmp|__stack_chk_fail|_GLOBAL_OFFSET_TABLE_'
# open and close; of AF_XDP, wake-ups and a look now and then
declare -A cold=([wire/fix]='memchr|strlen' [receive/receive_frames]='log_write'
	[net/xdp_socket_rings]='recvfrom|sendto|getsockopt|__errno_location'
	[trader/strategy]='calloc|free' [wire/websocket]='strnlen')

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
trader/trader_loop trader_loop market_data_decode strategy_books_begin strategy_update session_weigh transport_send_late trader_loop_idle trader_loop_gap trader_loop_passed_over trader_loop_bad trader_loop_room_make trader_loop_unsent trader_loop_inject_delay trader_loop_unreceived trader_loop_housekeeping
trader/trader_recovery trader_recovery_loop market_data_decode strategy_books_begin strategy_update transport_send_late recovery_take recovery_next recovery_event recovery_settle clock_monotonic_ns sources_wait sources_answer sources_ask gave_up trader_loop_idle trader_loop_gap trader_loop_passed_over trader_loop_bad trader_loop_room_make trader_loop_unsent trader_loop_inject_delay trader_loop_unreceived trader_loop_housekeeping
trader/sources sources_wait ppoll receive_descriptor
trader/sources sources_answer syscall unreachable
order/channel_raw raw_encode order_write
order/channel_raw raw_decode order_read
order/channel_null null_encode
order/channel_null null_decode
order/channel_fix fix_encode clock_realtime_ns fix_prepared_patch fix_send_keep fix_order_build
order/channel_fix fix_decode message_next fix_send_waiting fix_order_cause
order/channel_fix message_next clock_realtime_ns fix_read fix_order_take fix_session_held fix_session_take fix_echo_send
order/fix_order fix_order_take fix_decimal fix_find fix_session_reject
order/channel_fix fix_retract
order/channel_fix fix_mark
order/fix_send fix_send_keep
order/channel_login login_encode order_write
order/channel_login login_decode order_read
order/channel_ws ws_encode order_write websocket_mask websocket_mask_next
order/channel_ws ws_decode order_read websocket_decode websocket_frame_ready websocket_close_write websocket_control_write websocket_header_write websocket_mask_next websocket_mask_refill
order/channel_tls tls_encode tls_session_seal
order/channel_tls tls_decode tls_session_next tls_session_take tls_session_seal tls_session_answer_early tls_session_renew tls_sight_next tls_sight_take
order/tls_session tls_session_seal tls_record_seal
wire/tls_record tls_record_seal EVP_EncryptInit_ex EVP_EncryptUpdate EVP_EncryptFinal_ex EVP_CIPHER_CTX_ctrl
wire/tls_record tls_record_open EVP_DecryptInit_ex EVP_DecryptUpdate EVP_DecryptFinal_ex EVP_CIPHER_CTX_ctrl
order/transport_bypass bypass_send frame_stream_send frame_stream_wait
order/transport_null null_send
order/transport_shm shm_send shm_stream_send
order/transport_shm end_send shm_stream_send
order/transport_rdma rdma_send rdma_stream_send
order/transport_rdma end_send rdma_stream_send
net/rdma_stream rdma_stream_send rdma_queue_send rdma_queue_reap look
net/rdma_queue rdma_queue_send
net/rdma_queue rdma_queue_reap rdma_queue_status
net/rdma_group rdma_group_send rdma_queue_send rdma_queue_reap
order/order_end socket_send send
net/shm_stream shm_stream_send clock_realtime_ns syscall end shm_stream_alive
order/transport_send send_send syscall
order/transport_uring uring_send io_uring_submit io_uring_submit_and_wait __io_uring_get_cqe
order/transport_zerocopy zerocopy_send_all zerocopy_send zerocopy_wait
publish/packet packet_send publish_frame_build sendmmsg
publish/packet_tx_ring ring_send publish_frame_build send
publish/publish_frame publish_frame_build frame_header_build
publish/send send_send send
publish/sendmmsg sendmmsg_send sendmmsg
publish/shm shm_send clock_realtime_ns shm_writer_ring
net/shm_ring shm_writer_ring syscall
net/shm_ring shm_reader_astray
net/shm_ring shm_reader_wait syscall
publish/uring uring_send io_uring_submit_and_wait
publish/rdma rdma_send rdma_group_send
publish/xdp xdp_send publish_frame_build xdp_socket_flush xdp_socket_frame xdp_socket_send
publish/zerocopy zerocopy_publish_path zerocopy_send
receive/block block_poll syscall errno_is_transient socket_message_stamp_search
receive/busy busy_poll syscall errno_is_transient socket_message_stamp_search
receive/epoll epoll_poll epoll_wait syscall errno_is_transient socket_message_stamp_search
receive/mmsg mmsg_poll recvmmsg errno_is_transient socket_message_stamp_search
receive/null null_poll market_data_write_header
receive/packet packet_poll datagram_read datagram_sums_up receive_frames_more receive_frames_odd syscall errno_is_transient socket_message_stamp_search
receive/replay replay_poll
receive/shm shm_poll shm_reader_astray shm_reader_wait
receive/rdma rdma_poll poll rdma_group_look rdma_queue_arm rdma_queue_offer
receive/spin spin_poll syscall errno_is_transient socket_message_stamp_search
receive/uring uring_poll io_uring_submit io_uring_submit_and_wait_timeout __io_uring_get_cqe errno_is_transient socket_message_stamp_search
receive/xdp xdp_poll xdp_socket_take datagram_read datagram_sums_up receive_frames_more receive_frames_odd
receive/dpdk dpdk_poll dpdk_port_take datagram_read datagram_sums_up receive_frames_odd
receive/receive_frames receive_frames_more
receive/receive_frames receive_frames_odd datagram_read_any
receive/receive_socket errno_is_transient network_error
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
	for source in receive/*.c publish/*.c order/*.c; do
		sed -nE 's/^\t\.(poll|send|encode|decode) = (\w+),$/\2/p' "$source" |
			while read -r function; do
				[[ $functions == *$'\n'"${source%.c} $function"[$' \n']* ]] ||
					echo "$source: $function"
			done
	done
)
finish
