/* SPDX-License-Identifier: MIT */
/*
 * Each codec's handshake and decode, at both ends: however the stream is
 * cut, the orders, the bytes consumed and the verdict are the same. The first
 * byte chooses the cuts.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "order/channel_ops.h"
#include "tests/support/channel_choice.h"

#define ORDERS_MAX 8192 /* of 64 KiB of input */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

struct outcome {
	struct order orders[ORDERS_MAX];
	size_t count;
	size_t consumed;
	int verdict; /* of the last call: 0 or a negative errno */
};

static struct outcome whole, pieces;

/* So many bytes have come; false when the stream is over. */
static bool feed(struct channel *end, bool *shaken, const uint8_t *in,
		 size_t len, struct outcome *outcome)
{
	struct order order;
	int got = 0;

	while (len > 0 && got >= 0) {
		size_t n, before = channel_buffer_len(&end->in);
		uint8_t *room = channel_room(end, &n);

		/* A message that is longer than the buffer is an error. */
		if (n == 0)
			abort();
		n = n < len ? n : len;
		memcpy(room, in, n);
		channel_received(end, n, 1);
		in += n;
		len -= n;
		if (!*shaken) {
			got = channel_handshake(end, 1);
			*shaken = got > 0;
		}
		while (*shaken && (got = channel_decode(end, &order)) > 0) {
			if (outcome->count < ORDERS_MAX)
				outcome->orders[outcome->count++] = order;
		}
		if (end->out.end > end->out.size || end->in.begin > end->in.end)
			abort();
		channel_sent(end, channel_buffer_len(&end->out));
		outcome->consumed += before + n - channel_buffer_len(&end->in);
	}
	outcome->verdict = got < 0 ? got : 0;
	return got >= 0;
}

static void decode(const struct channel_ops *ops, enum channel_role role,
		   const uint8_t *in, size_t len, uint32_t cuts,
		   struct outcome *outcome)
{
	struct channel *end;
	bool shaken = false;
	size_t had = 0, piece;

	outcome->count = outcome->consumed = 0;
	if (channel_open(channel_choice(ops->entry.name), role, &end) < 0)
		abort();
	if (channel_handshake(end, 1) > 0)
		shaken = true;
	channel_sent(end, channel_buffer_len(&end->out));
	do {
		piece = len - had;
		if (cuts) {
			cuts = cuts * 1664525 + 1013904223;
			if (piece > 1 + (cuts >> 24) % 40)
				piece = 1 + (cuts >> 24) % 40;
		}
		had += piece;
	} while (feed(end, &shaken, in + had - piece, piece, outcome) &&
		 had < len);
	channel_close(end);
}

static void compare(const struct channel_ops *ops, enum channel_role role,
		    const uint8_t *data, size_t size)
{
	decode(ops, role, data + 1, size - 1, 0, &whole);
	decode(ops, role, data + 1, size - 1, data[0] + 1U, &pieces);
	if (whole.count != pieces.count || whole.verdict != pieces.verdict ||
	    (!whole.verdict && whole.consumed != pieces.consumed) ||
	    memcmp(whole.orders, pieces.orders,
		   whole.count * sizeof(whole.orders[0])) != 0)
		abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	log_open("fuzz", LOG_ERROR);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct channel_ops *ops;

	if (size == 0)
		return 0;
	for (unsigned int i = 0; (ops = channel_codec(i)); i++) {
		if (ops->entry.unavailable_reason)
			continue;
		compare(ops, CHANNEL_EXCHANGE, data, size);
		compare(ops, CHANNEL_TRADER, data, size);
	}
	return 0;
}
