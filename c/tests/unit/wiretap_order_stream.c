/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "wiretap/order_bytes.h"
#include "wiretap/order_stream.h"

#define SEEN_MAX 4096

static struct order_stream stream;
static struct {
	struct order order;
	uint64_t stamp_ns;
} seen[SEEN_MAX];
static size_t seen_count;
static int answer;
static uint64_t now_ns;

static int each(void *context, const struct order_stream_connection *connection,
		const struct order *order, uint64_t stamp_ns)
{
	assert_ptr_equal(context, &stream);
	assert_true(connection->number > 0);
	assert_true(seen_count < SEEN_MAX);
	seen[seen_count].order = *order;
	seen[seen_count++].stamp_ns = stamp_ns;
	return answer;
}

static int setup(void **state)
{
	(void)state;
	seen_count = 0;
	answer = 0;
	now_ns = 0;
	order_stream_open(&stream,
			  &(struct order_stream_config){ .port = 9012,
							 .each = each,
							 .context = &stream });
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	order_stream_close(&stream);
	return 0;
}

/* count orders with prices 0, 1, 2 ... */
static uint8_t *orders_make(size_t count)
{
	uint8_t *bytes = malloc(count * ORDER_LEN);

	assert_non_null(bytes);
	for (size_t i = 0; i < count; i++)
		order_write(&(struct order){ .quantity = 1,
					     .price = (int64_t)i + 1 },
			    bytes + i * ORDER_LEN);
	return bytes;
}

static int client(uint16_t port, uint8_t flags, uint32_t sequence,
		  const uint8_t *bytes, size_t len)
{
	return order_stream_frame(&stream,
				  &(struct frame){ .protocol = FRAME_TCP,
						   .source = 2,
						   .destination = 1,
						   .source_port = port,
						   .destination_port = 9012,
						   .tcp_flags = flags,
						   .tcp_sequence = sequence,
						   .payload = bytes,
						   .payload_len = len },
				  ++now_ns);
}

static int exchange(uint16_t port, uint32_t acknowledgment)
{
	return order_stream_frame(
		&stream,
		&(struct frame){ .protocol = FRAME_TCP,
				 .source = 1,
				 .destination = 2,
				 .source_port = 9012,
				 .destination_port = port,
				 .tcp_flags = FRAME_TCP_ACK,
				 .tcp_acknowledgment = acknowledgment },
		++now_ns);
}

static void assert_prices(size_t count)
{
	assert_int_equal(seen_count, count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(seen[i].order.price, i + 1);
}

static void byte_by_byte(void **state)
{
	uint8_t *bytes = orders_make(3);

	(void)state;
	client(7, FRAME_TCP_SYN, UINT32_MAX - 20, NULL, 0);
	for (uint32_t i = 0; i < 3 * ORDER_LEN; i++)
		assert_int_equal(client(7, FRAME_TCP_ACK, UINT32_MAX - 19 + i,
					bytes + i, 1),
				 0);
	assert_prices(3);
	assert_int_equal(seen[0].stamp_ns, 1 + ORDER_LEN);
	assert_int_equal(stream.retransmissions, 0);
	free(bytes);
}

static struct order_stream_connection *connection(void)
{
	return order_stream_find(&stream, stream.numbers);
}

static void opening_and_end_are_known(void **state)
{
	(void)state;
	client(7, FRAME_TCP_SYN, 100, NULL, 0);
	assert_null(order_stream_established(&stream, 0));
	client(7, FRAME_TCP_ACK, 101, NULL, 0);
	assert_ptr_equal(order_stream_established(&stream, 0), connection());
	assert_null(order_stream_established(&stream, 1));
	assert_false(order_stream_ended(connection()));
	client(7, FRAME_TCP_FIN, 101, NULL, 0);
	assert_true(order_stream_ended(connection()));
	assert_null(order_stream_established(&stream, 0));
	assert_int_equal(stream.connects, 1);
}

static void server(uint8_t flags, uint32_t sequence, uint32_t acknowledgment)
{
	order_stream_frame(
		&stream,
		&(struct frame){ .protocol = FRAME_TCP,
				 .source = 1,
				 .destination = 2,
				 .source_port = 9012,
				 .destination_port = 7,
				 .tcp_flags = flags,
				 .tcp_sequence = sequence,
				 .tcp_acknowledgment = acknowledgment },
		++now_ns);
}

static void resets_must_be_the_connections_own(void **state)
{
	(void)state;
	client(7, FRAME_TCP_SYN, 100, NULL, 0);
	server(FRAME_TCP_SYN | FRAME_TCP_ACK, 500, 101);
	client(7, FRAME_TCP_ACK, 101, NULL, 0);
	server(FRAME_TCP_RST, 777, 0);
	client(7, FRAME_TCP_RST, 99999999, NULL, 0);
	assert_false(order_stream_ended(connection()));
	server(FRAME_TCP_RST, 501, 0);
	assert_true(order_stream_ended(connection()));
	/* A client that is refused was never there. */
	client(7, FRAME_TCP_SYN, 300, NULL, 0);
	server(FRAME_TCP_RST | FRAME_TCP_ACK, 0, 301);
	assert_null(connection());
}

static void half_a_handshake_will_do(void **state)
{
	uint8_t *bytes = orders_make(1);

	(void)state;
	server(FRAME_TCP_SYN | FRAME_TCP_ACK, 500, 101);
	client(7, FRAME_TCP_ACK, 105, bytes + 4, 9);
	client(7, FRAME_TCP_ACK, 101, bytes, 4);
	assert_prices(1);
	assert_true(connection()->start_known);
	free(bytes);
}

static void other_ports_are_passed_over(void **state)
{
	uint8_t *bytes = orders_make(1);
	struct frame frame = { .protocol = FRAME_TCP,
			       .source_port = 1,
			       .destination_port = 9013,
			       .tcp_flags = FRAME_TCP_SYN,
			       .payload = bytes,
			       .payload_len = ORDER_LEN };

	(void)state;
	assert_int_equal(order_stream_frame(&stream, &frame, 1), 0);
	assert_int_equal(stream.frames, 0);
	assert_int_equal(seen_count, 0);
	free(bytes);
}

/* Cut anywhere, sent twice, mixed within groups of ten: the orders come out
 * once and in order. */
static void any_segmentation_and_order(void **state)
{
	enum { ORDERS = 400, BYTES = ORDERS * ORDER_LEN };
	uint8_t *bytes = orders_make(ORDERS);
	struct {
		uint32_t at, len;
	} segments[2 * BYTES], swap;

	(void)state;
	srand(20240808);
	for (int round = 0; round < 50; round++) {
		uint32_t first = (uint32_t)rand() * 2;
		size_t count = 0;

		seen_count = 0;
		if (connection())
			client(7, FRAME_TCP_RST, connection()->next, NULL, 0);
		client(7, FRAME_TCP_SYN, first, NULL, 0);
		for (uint32_t at = 0, len; at < BYTES; at += len) {
			len = 1 + (uint32_t)rand() % 60;
			if (len > BYTES - at)
				len = BYTES - at;
			segments[count].at = at;
			segments[count++].len = len;
			if (rand() % 4)
				continue;
			/* again, and some of what lies before */
			swap = segments[count - 1];
			swap.at -= at >= 5 ? 5 : 0;
			segments[count++] = swap;
		}
		for (size_t i = 0; i + 10 < count; i++) {
			size_t k = i - i % 10 + (size_t)rand() % 10;

			swap = segments[i];
			segments[i] = segments[k];
			segments[k] = swap;
		}
		for (size_t i = 0; i < count; i++)
			assert_int_equal(client(7, FRAME_TCP_ACK,
						first + 1 + segments[i].at,
						bytes + segments[i].at,
						segments[i].len),
					 0);
		assert_prices(ORDERS);
	}
	assert_true(stream.out_of_order > 0);
	assert_int_equal(stream.lost_bytes, 0);
	assert_int_equal(stream.partial_orders, 0);
	free(bytes);
}

static void hole_waits_for_the_acknowledgement(void **state)
{
	uint8_t *bytes = orders_make(4);

	(void)state;
	client(7, FRAME_TCP_SYN, 999, NULL, 0);
	client(7, FRAME_TCP_ACK, 1000, bytes, 20);
	/* 20..29 is never seen; what follows waits. */
	client(7, FRAME_TCP_ACK, 1030, bytes + 30, 22);
	assert_int_equal(seen_count, 1);
	exchange(7, 1020);
	assert_int_equal(seen_count, 1);
	exchange(7, 1052);
	assert_int_equal(seen_count, 2);
	assert_int_equal(seen[1].order.price, 4);
	assert_int_equal(seen[1].stamp_ns, 3);
	assert_int_equal(stream.lost_bytes, 10);
	free(bytes);
}

static void too_many_waiting_give_the_hole_up(void **state)
{
	uint8_t *bytes = orders_make(ORDER_STREAM_HELD_MAX + 3);

	(void)state;
	client(7, FRAME_TCP_SYN, 999, NULL, 0);
	for (uint32_t i = 1; i < ORDER_STREAM_HELD_MAX + 3; i++)
		client(7, FRAME_TCP_ACK, 1000 + i * ORDER_LEN,
		       bytes + i * ORDER_LEN, ORDER_LEN);
	assert_int_equal(seen_count, ORDER_STREAM_HELD_MAX + 2);
	assert_int_equal(seen[0].order.price, 2);
	assert_int_equal(stream.lost_bytes, ORDER_LEN);
	free(bytes);
}

static void end_gives_holes_up_and_counts_the_rest(void **state)
{
	uint8_t *bytes = orders_make(3);

	(void)state;
	client(7, FRAME_TCP_SYN, 999, NULL, 0);
	client(7, FRAME_TCP_ACK, 1013, bytes + 13, 13 + 6);
	assert_int_equal(seen_count, 0);
	assert_int_equal(order_bytes_settle(&stream, connection()), 0);
	assert_int_equal(seen_count, 1);
	assert_int_equal(stream.partial_orders, 0);
	assert_int_equal(order_stream_end(&stream), 0);
	assert_int_equal(stream.partial_orders, 1);
	free(bytes);
}

static void repeated_syn_is_one_connection(void **state)
{
	uint8_t *bytes = orders_make(2);

	(void)state;
	client(7, FRAME_TCP_SYN, 999, NULL, 0);
	client(7, FRAME_TCP_SYN, 999, NULL, 0);
	client(7, FRAME_TCP_ACK, 1000, bytes, 20);
	client(7, FRAME_TCP_SYN, 999, NULL, 0);
	client(7, FRAME_TCP_ACK, 1020, bytes + 20, 6);
	assert_prices(2);
	assert_int_equal(stream.connects, 1);
	free(bytes);
}

static void port_used_again_starts_afresh(void **state)
{
	uint8_t *bytes = orders_make(1);

	(void)state;
	client(7, FRAME_TCP_SYN, 999, NULL, 0);
	client(7, FRAME_TCP_ACK, 1000, bytes, 5);
	client(7, FRAME_TCP_RST, 1005, NULL, 0);
	client(7, FRAME_TCP_SYN, 500, NULL, 0);
	client(7, FRAME_TCP_ACK, 501, bytes, 13);
	assert_prices(1);
	assert_int_equal(stream.connects, 2);
	assert_int_equal(stream.partial_orders, 1);
	free(bytes);
}

static void middle_of_a_connection_begins_with_an_order(void **state)
{
	uint8_t *bytes = orders_make(2);

	(void)state;
	client(7, FRAME_TCP_ACK, 5000, NULL, 0);
	client(7, FRAME_TCP_ACK, 5000, bytes, 26);
	assert_prices(2);
	assert_int_equal(stream.connects, 0);
	/* A connection whose SYN was missed too, far from this one. */
	client(7, FRAME_TCP_ACK, 5000 + (1U << 30), bytes, 13);
	assert_int_equal(seen_count, 3);
	assert_int_equal(stream.lost_bytes, 0);
	free(bytes);
}

static void connections_do_not_mix(void **state)
{
	uint8_t *bytes = orders_make(1);

	(void)state;
	/* More than are remembered: the first makes room for the last. */
	for (uint16_t i = 0; i < ORDER_STREAM_CONNECTION_MAX + 1; i++) {
		client(i, FRAME_TCP_SYN, 999, NULL, 0);
		client(i, FRAME_TCP_ACK, 1000, bytes, 6);
	}
	assert_int_equal(stream.partial_orders, 1);
	for (uint16_t i = 1; i < ORDER_STREAM_CONNECTION_MAX + 1; i++)
		client(i, FRAME_TCP_ACK, 1006, bytes + 6, 7);
	assert_int_equal(seen_count, ORDER_STREAM_CONNECTION_MAX);
	for (size_t i = 0; i < seen_count; i++)
		assert_int_equal(seen[i].order.price, 1);
	free(bytes);
}

static void callers_error_comes_back(void **state)
{
	uint8_t *bytes = orders_make(2);

	(void)state;
	answer = -ENOMEM;
	assert_int_equal(client(7, FRAME_TCP_ACK, 1000, bytes, 26), -ENOMEM);
	assert_int_equal(seen_count, 1);
	free(bytes);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(byte_by_byte),
		TEST(opening_and_end_are_known),
		TEST(resets_must_be_the_connections_own),
		TEST(half_a_handshake_will_do),
		TEST(other_ports_are_passed_over),
		TEST(any_segmentation_and_order),
		TEST(hole_waits_for_the_acknowledgement),
		TEST(too_many_waiting_give_the_hole_up),
		TEST(end_gives_holes_up_and_counts_the_rest),
		TEST(repeated_syn_is_one_connection),
		TEST(port_used_again_starts_afresh),
		TEST(middle_of_a_connection_begins_with_an_order),
		TEST(connections_do_not_mix),
		TEST(callers_error_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
