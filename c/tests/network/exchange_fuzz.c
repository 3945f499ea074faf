/* SPDX-License-Identifier: MIT */
/*
 * 10,000 order streams at random, the same for the same seed
 * (FUZZ_SEED, FUZZ_STREAMS): random bytes, cut at random, begun before or
 * after TRANSMIT, ended at random. Whatever is a well-formed order is logged
 * exactly once and in order; all else is a reject. A sanitizer's build, where
 * each takes three times as long, has fewer, of a seed of its own.
 */
#include "tests/support/lab.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/decimal.h"
#include "wire/order.h"

#define STREAMS	   (SANITIZED ? 2500 : 10000)
#define SEED	   (SANITIZED ? 20240809 : 20240808)
#define BYTES_MAX  400
#define PIECES_MAX 12

static struct lab lab;
static struct program exchange;
static uint64_t random_state;

static int clean(void **state)
{
	(void)state;
	program_end(&exchange);
	return 0;
}

/* xorshift64* */
static uint32_t random_below(uint32_t limit)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (uint32_t)((random_state * UINT64_C(2685821657736338717)) >>
			  33) %
	       limit;
}

static uint64_t number_from(const char *name, uint64_t initial)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : initial;
}

enum ending { END_FIN, END_HALF, END_RESET, END_RASH, ENDINGS };

struct stream {
	uint8_t bytes[BYTES_MAX];
	size_t len;
	enum ending ending;
	bool early; /* the first piece goes before TRANSMIT */
};

static void stream_make(struct stream *stream)
{
	stream->len = random_below(BYTES_MAX);
	for (size_t i = 0; i < stream->len; i++)
		stream->bytes[i] = (uint8_t)random_below(256);
	/* Most of what is random has a bad side: mend three in four. */
	for (size_t i = 0; i + ORDER_LEN <= stream->len; i += ORDER_LEN) {
		if (random_below(4))
			stream->bytes[i + ORDER_LEN - 1] &= 1;
		if (!random_below(16))
			memset(stream->bytes + i, 0, 4);
	}
	stream->ending = random_below(ENDINGS);
	stream->early = random_below(2);
}

/* In pieces, with a pause after some. */
static void stream_send(int client, const struct stream *stream, size_t from,
			size_t to)
{
	while (from < to) {
		size_t len = 1 + random_below((uint32_t)(to - from));

		if (random_below(3) == 0 && len > ORDER_LEN)
			len = 1 + random_below(ORDER_LEN);
		order_client_send(client, stream->bytes + from, len);
		from += len;
		if (!random_below(8))
			usleep(random_below(200));
	}
}

/* Logged lines of one stream against its bytes; how many whole messages of
 * it the log has. */
static size_t lines_check(const struct stream *stream, bool whole)
{
	size_t whole_len = stream->len / ORDER_LEN, i = 0;

	for (;;) {
		const char *line = lab_line(&exchange, "");
		struct order order;
		int64_t price;
		char side[8];

		if (!strncmp(line, "state INIT", 10))
			break;
		if (!strncmp(line, "state ", 6))
			continue;
		assert_true(i < whole_len);
		order = order_read(stream->bytes + i++ * ORDER_LEN);
		if (order.quantity == 0 || order.side > ORDER_SELL) {
			assert_memory_equal(line, "reject recv_ns=", 15);
			continue;
		}
		assert_memory_equal(line, "order recv_ns=", 14);
		assert_int_equal(lab_number(line, "quantity"), order.quantity);
		line = strstr(line, "price=") + 6;
		assert_int_equal(
			decimal_parse(line, strcspn(line, " "), &price), 0);
		assert_int_equal(price, order.price);
		assert_int_equal(
			sscanf(strstr(line, "side="), "side=%7s", side), 1);
		assert_string_equal(side, order.side ? "sell" : "buy");
	}
	if (whole)
		assert_int_equal(i, whole_len);
	return i;
}

static size_t stream_run(const struct stream *stream)
{
	size_t early =
		stream->early ? random_below((uint32_t)stream->len + 1) : 0;
	bool rash = stream->ending == END_RASH;
	int client = lab_connect();
	size_t logged;

	stream_send(client, stream, 0, early);
	/* Ends that don't wait may come before TRANSMIT: nothing is promised
	 * then but that nothing is made up. */
	if (!rash)
		lab_line(&exchange, "state TRANSMIT");
	stream_send(client, stream, early, stream->len);
	if (stream->ending == END_HALF)
		order_client_half_close(client);
	else if (stream->ending == END_FIN)
		order_client_close(client);
	else
		order_client_reset(client);
	logged = lines_check(stream, stream->ending == END_FIN ||
					     stream->ending == END_HALF);
	if (stream->ending == END_HALF)
		order_client_close(client);
	return logged;
}

static void fuzz(void **state)
{
	uint64_t seed = number_from("FUZZ_SEED", SEED);
	uint64_t streams = number_from("FUZZ_STREAMS", STREAMS);
	struct stream stream;
	size_t logged = 0, descriptors;

	(void)state;
	random_state = seed;
	lab_exchange(&lab, &exchange, lab_feed(&lab, 1, 1), NULL);
	descriptors = program_descriptors(&exchange);
	for (uint64_t i = 0; i < streams; i++) {
		stream_make(&stream);
		logged += stream_run(&stream);
	}
	print_message("# seed %ju: %ju streams, %zu messages logged\n",
		      (uintmax_t)seed, (uintmax_t)streams, logged);
	assert_true(logged > streams * 5);
	lab_descriptors(&exchange, descriptors);

	/* It still serves as if nothing had been. */
	stream = (struct stream){ .len = ORDER_LEN, .ending = END_FIN };
	order_write(&(struct order){ .quantity = 77, .price = 5, .side = 1 },
		    stream.bytes);
	assert_int_equal(stream_run(&stream), 1);
	assert_int_equal(program_stop(&exchange, SIGTERM, LAB_SOON_MS), 0);
}

static const struct CMUnitTest tests[] = {
	LAB_TEST("A.3 fuzzed order streams: each order once, no more", fuzz,
		 clean),
};

int main(int argc, char **argv)
{
	return lab_run(&lab, "exchange_fuzz", tests, ARRAY_SIZE(tests), argc,
		       argv);
}
