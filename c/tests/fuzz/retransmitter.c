/* SPDX-License-Identifier: MIT */
/*
 * Requests among datagrams. Of the input each step is a byte and what it
 * takes: datagrams are published, bytes come from the trader or a stranger,
 * time passes and answers leave. Whatever comes, an answer is one of the last
 * datagrams as it was published, goes to who asked, and there are no more of
 * them than a request may have and time allows.
 */
#include <stdlib.h>
#include <string.h>

#include "exchange/retransmitter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MEMORY = 16, TAG = 0xabc, TRADER = 7, STRANGER = 8, PORT = 40000 };
enum { STEP_PUBLISH, STEP_TRADER, STEP_STRANGER, STEP_PASS, STEPS };

static const struct retransmitter_peer trader = { TRADER, PORT };

/* Requests that were taken, the last ones. */
static struct {
	struct retransmit_request all[64];
	size_t count;
} asked;

/* flags: besides the tag. */
static size_t make(uint32_t sequence, uint16_t flags, uint8_t *bytes)
{
	const struct market_data_header header = {
		.sequence = sequence,
		.message_count = sequence % 50,
		.flags = (uint16_t)(TAG << 4 | flags),
	};
	const size_t len = market_data_len(header.message_count);

	memset(bytes, (int)sequence, len);
	market_data_write_header(bytes, &header);
	return len;
}

static bool was_asked(uint32_t sequence)
{
	for (size_t i = 0; i < asked.count && i < ARRAY_SIZE(asked.all); i++)
		if (sequence - asked.all[i].first < asked.all[i].count)
			return true;
	return false;
}

static void check(const struct retransmitter_answer *answer, uint32_t next)
{
	uint8_t bytes[MARKET_DATA_DATAGRAM_MAX];
	struct market_data_header header;

	if (answer->to.address != TRADER || answer->to.port != PORT ||
	    market_data_decode(answer->bytes, answer->len, &header) < 0 ||
	    next - 1 - header.sequence >= MEMORY ||
	    !was_asked(header.sequence) ||
	    answer->len !=
		    make(header.sequence, MARKET_DATA_RETRANSMITTED, bytes) ||
	    memcmp(answer->bytes, bytes, answer->len) != 0)
		abort();
}

/* A step that takes so many of the bytes that are left. */
static size_t step(struct retransmitter *retransmitter, const uint8_t *data,
		   size_t len, uint32_t *next, uint64_t *now_ns)
{
	const struct retransmitter_peer from = {
		data[0] % STEPS == STEP_STRANGER ? STRANGER : TRADER, PORT
	};
	const struct retransmitter_answer *answer;
	uint8_t bytes[MARKET_DATA_DATAGRAM_MAX];
	size_t request_len = data[0] / STEPS % 16;

	switch (data[0] % STEPS) {
	case STEP_PUBLISH:
		for (unsigned int i = 0; i <= data[0] / STEPS; i++, ++*next)
			retransmitter_keep(retransmitter, *next, bytes,
					   make(*next, 0, bytes));
		return 1;
	case STEP_TRADER:
	case STEP_STRANGER:
		/* Mostly of the length that one has. */
		request_len =
			request_len < 12 ? RETRANSMIT_REQUEST_LEN : request_len;
		if (request_len > len - 1)
			request_len = len - 1;
		if (retransmitter_ask(retransmitter, data + 1, request_len,
				      &from) == 0)
			retransmit_request_decode(
				data + 1, request_len,
				&asked.all[asked.count++ %
					   ARRAY_SIZE(asked.all)]);
		return 1 + request_len;
	}
	*now_ns += (uint64_t)data[0] * 100000;
	while ((answer = retransmitter_next(retransmitter, *now_ns)))
		check(answer, *next);
	return 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint64_t begin_ns = CLOCK_NS_PER_S;
	struct retransmitter retransmitter;
	uint64_t now_ns = begin_ns;
	uint32_t next = 0;

	asked.count = 0;
	if (retransmitter_open(&retransmitter, MEMORY) < 0)
		return 0;
	retransmitter_begin(&retransmitter, TAG, &trader);
	/* Wrap-around is near in some. */
	if (size > 0 && data[0] & 0x80)
		next = UINT32_MAX - 8;
	for (size_t at = 0; at < size;)
		at += step(&retransmitter, data + at, size - at, &next,
			   &now_ns);
	if (retransmitter.counts.answered >
		    retransmitter.counts.requests * RETRANSMITTER_ANSWER_MAX ||
	    retransmitter.counts.answered >
		    RETRANSMITTER_AT_ONCE + (now_ns - begin_ns) *
						    RETRANSMITTER_PER_S /
						    CLOCK_NS_PER_S)
		abort();
	retransmitter_close(&retransmitter);
	return 0;
}
