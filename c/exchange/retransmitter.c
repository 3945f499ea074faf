/* SPDX-License-Identifier: MIT */
#include "exchange/retransmitter.h"

#include <errno.h>
#include <string.h>

int retransmitter_open(struct retransmitter *retransmitter, uint64_t memory)
{
	uint64_t rounded = 1;
	int err;

	*retransmitter = (struct retransmitter){ 0 };
	if (memory < 1 || memory > RETRANSMITTER_MEMORY_MAX)
		return -EINVAL;
	while (rounded < memory)
		rounded *= 2;
	/* One more: what is left at the end where a datagram does not fit. */
	err = mem_arena_reserve(&retransmitter->bytes,
				(rounded + 1) * MARKET_DATA_DATAGRAM_MAX);
	if (!err)
		err = mem_arena_reserve(
			&retransmitter->places,
			rounded * sizeof(struct retransmitter_place));
	if (err) {
		retransmitter_close(retransmitter);
		return err;
	}
	retransmitter->memory = (uint32_t)rounded;
	return 0;
}

void retransmitter_close(struct retransmitter *retransmitter)
{
	mem_arena_close(&retransmitter->bytes);
	mem_arena_close(&retransmitter->places);
	retransmitter->memory = 0;
	retransmitter->running = false;
}

void retransmitter_begin(struct retransmitter *retransmitter, uint16_t tag,
			 uint32_t trader)
{
	retransmitter->head = 0;
	retransmitter->oldest = retransmitter->next = 0;
	retransmitter->running = true;
	retransmitter->tag = tag;
	retransmitter->trader = trader;
	retransmitter->begin = retransmitter->count = 0;
	rate_limit_start(&retransmitter->budget, RETRANSMITTER_PER_S,
			 RETRANSMITTER_AT_ONCE);
	memset(&retransmitter->counts, 0, sizeof(retransmitter->counts));
}

void retransmitter_end(struct retransmitter *retransmitter)
{
	retransmitter->running = false;
	retransmitter->count = 0;
}

static struct retransmitter_place *place(
	const struct retransmitter *retransmitter, uint32_t sequence)
{
	struct retransmitter_place *places = retransmitter->places.base;

	return &places[sequence & (retransmitter->memory - 1)];
}

void retransmitter_keep(struct retransmitter *retransmitter, uint32_t sequence,
			const uint8_t *bytes, size_t len)
{
	uint8_t *base = retransmitter->bytes.base;

	if (!retransmitter->memory || len > MARKET_DATA_DATAGRAM_MAX)
		return;
	if (sequence != retransmitter->next)
		retransmitter->oldest = sequence;
	else if (sequence - retransmitter->oldest == retransmitter->memory)
		retransmitter->oldest++;
	if (retransmitter->head + MARKET_DATA_DATAGRAM_MAX >
	    (retransmitter->memory + UINT64_C(1)) * MARKET_DATA_DATAGRAM_MAX)
		retransmitter->head = 0;
	*place(retransmitter, sequence) = (struct retransmitter_place){
		.at = retransmitter->head,
		.len = (uint32_t)len,
	};
	memcpy(base + retransmitter->head, bytes, len);
	market_data_write_flags(base + retransmitter->head, len, sequence,
				MARKET_DATA_RETRANSMITTED);
	retransmitter->head += len;
	retransmitter->next = sequence + 1;
}

static bool is_same(const struct retransmitter_request *one,
		    const struct retransmitter_request *other)
{
	return one->from.address == other->from.address &&
	       one->from.port == other->from.port &&
	       one->first == other->first && one->count == other->count;
}

/* Number i of those that wait. */
static struct retransmitter_request *waiting(
	struct retransmitter *retransmitter, unsigned int i)
{
	return &retransmitter->waiting[(retransmitter->begin + i) %
				       RETRANSMITTER_WAITING_MAX];
}

static int wait_add(struct retransmitter *retransmitter,
		    const struct retransmitter_request *request)
{
	for (unsigned int i = 0; i < retransmitter->count; i++)
		if (is_same(waiting(retransmitter, i), request)) {
			retransmitter->counts.repeated++;
			return -EALREADY;
		}
	if (retransmitter->count == RETRANSMITTER_WAITING_MAX) {
		retransmitter->counts.crowded++;
		return -EBUSY;
	}
	*waiting(retransmitter, retransmitter->count++) = *request;
	retransmitter->counts.requests++;
	return 0;
}

int retransmitter_ask(struct retransmitter *retransmitter, const uint8_t *bytes,
		      size_t len, const struct retransmitter_peer *from)
{
	struct retransmitter_counts *counts = &retransmitter->counts;
	struct retransmit_request asked;
	struct retransmitter_request request = { .from = *from };

	if (!retransmitter->running || from->address != retransmitter->trader) {
		counts->strangers++;
		return -EPERM;
	}
	if (retransmit_request_decode(bytes, len, &asked) < 0) {
		counts->malformed++;
		return -EBADMSG;
	}
	if (market_data_tag(asked.flags) != retransmitter->tag) {
		counts->foreign++;
		return -ESTALE;
	}
	if (asked.count == 0) {
		counts->notices++;
		return 0;
	}
	request.first = asked.first;
	request.count = asked.count < RETRANSMITTER_ANSWER_MAX
				? asked.count
				: RETRANSMITTER_ANSWER_MAX;
	return wait_add(retransmitter, &request);
}

static bool is_kept(const struct retransmitter *retransmitter,
		    uint32_t sequence)
{
	return sequence - retransmitter->oldest <
	       retransmitter->next - retransmitter->oldest;
}

const struct retransmitter_answer *retransmitter_next(
	struct retransmitter *retransmitter, uint64_t now_ns)
{
	while (retransmitter->count > 0) {
		struct retransmitter_request *request =
			waiting(retransmitter, 0);
		uint32_t sequence = request->first + request->done;
		const struct retransmitter_place *found;

		if (request->done == request->count) {
			retransmitter->begin = (retransmitter->begin + 1) %
					       RETRANSMITTER_WAITING_MAX;
			retransmitter->count--;
			continue;
		}
		if (!is_kept(retransmitter, sequence)) {
			retransmitter->counts.unknown++;
			request->done++;
			continue;
		}
		if (!rate_limit_take(&retransmitter->budget, now_ns))
			return NULL;
		request->done++;
		retransmitter->counts.answered++;
		found = place(retransmitter, sequence);
		retransmitter->answer = (struct retransmitter_answer){
			.to = request->from,
			.bytes = (const uint8_t *)retransmitter->bytes.base +
				 found->at,
			.len = found->len,
		};
		return &retransmitter->answer;
	}
	return NULL;
}

uint64_t retransmitter_due_ns(const struct retransmitter *retransmitter)
{
	return retransmitter->count > 0
		       ? rate_limit_next_ns(&retransmitter->budget)
		       : UINT64_MAX;
}
