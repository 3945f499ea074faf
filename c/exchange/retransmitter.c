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

static void queues_empty(struct retransmitter *retransmitter)
{
	for (unsigned int i = 0; i < RETRANSMITTER_TURNS; i++)
		retransmitter->queue[i].count = 0;
}

void retransmitter_begin(struct retransmitter *retransmitter, uint16_t tag,
			 const struct retransmitter_peer *trader)
{
	retransmitter->head = 0;
	retransmitter->oldest = retransmitter->next = 0;
	retransmitter->running = true;
	retransmitter->tag = tag;
	retransmitter->trader = *trader;
	queues_empty(retransmitter);
	rate_limit_start(&retransmitter->budget, RETRANSMITTER_PER_S,
			 RETRANSMITTER_AT_ONCE);
	memset(&retransmitter->counts, 0, sizeof(retransmitter->counts));
}

void retransmitter_end(struct retransmitter *retransmitter)
{
	retransmitter->running = false;
	queues_empty(retransmitter);
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
static struct retransmitter_request *waiting(struct retransmitter_queue *queue,
					     unsigned int i)
{
	return &queue->waiting[(queue->begin + i) % RETRANSMITTER_WAITING_MAX];
}

static int wait_add(struct retransmitter *retransmitter,
		    const struct retransmitter_request *request)
{
	const bool own = request->from.port == retransmitter->trader.port;
	struct retransmitter_queue *queue =
		&retransmitter->queue[own ? RETRANSMITTER_OWN
					  : RETRANSMITTER_OTHERS];

	for (unsigned int i = 0; i < queue->count; i++)
		if (is_same(waiting(queue, i), request)) {
			retransmitter->counts.repeated++;
			return -EALREADY;
		}
	if (queue->count == RETRANSMITTER_WAITING_MAX) {
		retransmitter->counts.crowded++;
		return -EBUSY;
	}
	*waiting(queue, queue->count++) = *request;
	retransmitter->counts.requests++;
	return 0;
}

int retransmitter_ask(struct retransmitter *retransmitter, const uint8_t *bytes,
		      size_t len, const struct retransmitter_peer *from)
{
	struct retransmitter_counts *counts = &retransmitter->counts;
	struct retransmit_request asked;
	struct retransmitter_request request = { .from = *from };

	if (!retransmitter->running ||
	    from->address != retransmitter->trader.address) {
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

/* What of it is remembered, from request->done on; false: nothing more. */
static bool is_left(struct retransmitter *retransmitter,
		    struct retransmitter_request *request)
{
	for (; request->done < request->count; request->done++) {
		if (is_kept(retransmitter, request->first + request->done))
			return true;
		retransmitter->counts.unknown++;
	}
	return false;
}

/* Whose turn it is; NULL: nobody's. */
static struct retransmitter_request *turn(struct retransmitter *retransmitter)
{
	for (unsigned int i = 0; i < RETRANSMITTER_TURNS; i++) {
		struct retransmitter_queue *queue = &retransmitter->queue[i];

		for (; queue->count > 0; queue->count--) {
			struct retransmitter_request *first = waiting(queue, 0);

			if (is_left(retransmitter, first))
				return first;
			queue->begin =
				(queue->begin + 1) % RETRANSMITTER_WAITING_MAX;
		}
	}
	return NULL;
}

const struct retransmitter_answer *retransmitter_next(
	struct retransmitter *retransmitter, uint64_t now_ns)
{
	struct retransmitter_request *request = turn(retransmitter);
	const struct retransmitter_place *found;

	if (!request || !rate_limit_take(&retransmitter->budget, now_ns))
		return NULL;
	found = place(retransmitter, request->first + request->done++);
	retransmitter->counts.answered++;
	retransmitter->answer = (struct retransmitter_answer){
		.to = request->from,
		.bytes = (const uint8_t *)retransmitter->bytes.base + found->at,
		.len = found->len,
	};
	return &retransmitter->answer;
}

uint64_t retransmitter_due_ns(const struct retransmitter *retransmitter)
{
	for (unsigned int i = 0; i < RETRANSMITTER_TURNS; i++)
		if (retransmitter->queue[i].count > 0)
			return rate_limit_next_ns(&retransmitter->budget);
	return UINT64_MAX;
}
