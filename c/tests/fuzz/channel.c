/* SPDX-License-Identifier: MIT */
/*
 * Each codec's decode: however the stream is cut, the orders, the bytes
 * consumed and the verdict are the same. The first byte chooses the cuts.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "channel/channel_ops.h"

#define ANSWER_MAX 4096
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

/* Take what is there of in[0..len); false when the stream is over. */
static bool feed(struct channel *end, const uint8_t *in, size_t len,
		 struct outcome *outcome)
{
	for (;;) {
		uint8_t answer[ANSWER_MAX];
		struct channel_bytes bytes = {
			.in = in + outcome->consumed,
			.in_len = len - outcome->consumed,
			.out = answer,
			.out_size = sizeof(answer),
		};
		struct order order;
		int got;

		got = end->ops->decode(end, &bytes, &order);
		if (bytes.consumed > bytes.in_len ||
		    bytes.out_len > bytes.out_size || got > 1)
			abort();
		outcome->consumed += bytes.consumed;
		outcome->verdict = got < 0 ? got : 0;
		if (got <= 0)
			return got == 0;
		if (bytes.consumed == 0)
			abort();
		if (outcome->count < ORDERS_MAX)
			outcome->orders[outcome->count++] = order;
	}
}

static void decode(const struct channel_ops *ops, const uint8_t *in, size_t len,
		   uint32_t cuts, struct outcome *outcome)
{
	struct channel *end;
	size_t had = 0;

	outcome->count = outcome->consumed = 0;
	if (channel_open(ops->entry.name, &end) < 0)
		abort();
	do {
		size_t piece = len - had;

		if (cuts) {
			cuts = cuts * 1664525 + 1013904223;
			if (piece > 1 + (cuts >> 24) % 40)
				piece = 1 + (cuts >> 24) % 40;
		}
		had += piece;
	} while (feed(end, in, had, outcome) && had < len);
	channel_close(end);
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
		decode(ops, data + 1, size - 1, 0, &whole);
		decode(ops, data + 1, size - 1, data[0] + 1U, &pieces);
		if (whole.count != pieces.count ||
		    whole.consumed != pieces.consumed ||
		    whole.verdict != pieces.verdict ||
		    memcmp(whole.orders, pieces.orders,
			   whole.count * sizeof(whole.orders[0])) != 0)
			abort();
	}
	return 0;
}
