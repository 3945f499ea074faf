/* SPDX-License-Identifier: MIT */
#include "exchange/impairments.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/random.h"

void impairments_set(struct impairments *impairments,
		     const struct impairments_config *config)
{
	bool is_late = config->delay == IMPAIRMENTS_ALL;

	impairments->config = *config;
	impairments->any = config->lose || config->duplicate || config->swap ||
			   (config->delay && !is_late);
	impairments->shift_ns = is_late ? config->delay_ns : 0;
}

int impairments_open(struct impairments *impairments,
		     const struct impairments_config *config)
{
	*impairments = (struct impairments){ 0 };
	impairments_set(impairments, config);
	if (!impairments->any)
		return 0;
	impairments->swapped.held =
		calloc(IMPAIRMENTS_HELD, sizeof(struct impairments_held));
	impairments->delayed.held =
		calloc(IMPAIRMENTS_HELD, sizeof(struct impairments_held));
	if (impairments->swapped.held && impairments->delayed.held)
		return 0;
	impairments_close(impairments);
	log_error("no memory for datagrams that are held back");
	return -ENOMEM;
}

void impairments_close(struct impairments *impairments)
{
	free(impairments->swapped.held);
	free(impairments->delayed.held);
	impairments->swapped.held = impairments->delayed.held = NULL;
}

static void queue_empty(struct impairments_queue *queue)
{
	queue->begin = queue->leaving = queue->ready = queue->end = 0;
}

void impairments_start(struct impairments *impairments, uint64_t seed)
{
	impairments->random = seed;
	queue_empty(&impairments->swapped);
	queue_empty(&impairments->delayed);
	memset(&impairments->counts, 0, sizeof(impairments->counts));
}

static struct impairments_held *place(const struct impairments_queue *queue,
				      uint32_t number)
{
	return &queue->held[number % IMPAIRMENTS_HELD];
}

/* False: there is no room. */
static bool hold(struct impairments_queue *queue, const uint8_t *bytes,
		 size_t len, uint32_t sequence, uint64_t due_ns)
{
	struct impairments_held *held = place(queue, queue->end);

	if (queue->end - queue->begin == IMPAIRMENTS_HELD)
		return false;
	held->due_ns = due_ns;
	held->sequence = sequence;
	held->len = len;
	memcpy(held->bytes, bytes, len);
	queue->end++;
	return true;
}

enum impairments_fate impairments_take(struct impairments *impairments,
				       const uint8_t *bytes, size_t len,
				       uint32_t sequence, uint64_t due_ns)
{
	const struct impairments_config *config = &impairments->config;
	struct impairments_counts *counts = &impairments->counts;
	uint64_t drawn = random_below(&impairments->random, IMPAIRMENTS_ALL);
	struct impairments_queue *queue = &impairments->swapped;
	uint64_t *count = &counts->swapped;

	if (drawn < config->lose) {
		counts->lost++;
		return IMPAIRMENTS_LOSE;
	}
	drawn -= config->lose;
	if (drawn < config->duplicate) {
		counts->duplicated++;
		return IMPAIRMENTS_DUPLICATE;
	}
	drawn -= config->duplicate;
	if (drawn >= config->swap) {
		if (drawn - config->swap >= config->delay)
			return IMPAIRMENTS_PASS;
		queue = &impairments->delayed;
		count = &counts->delayed;
		due_ns += config->delay_ns;
	}
	if (!hold(queue, bytes, len, sequence, due_ns)) {
		counts->crowded++;
		return IMPAIRMENTS_PASS;
	}
	++*count;
	return IMPAIRMENTS_HOLD;
}

void impairments_passed(struct impairments *impairments, uint64_t due_ns)
{
	struct impairments_queue *swapped = &impairments->swapped;

	while (swapped->ready != swapped->end)
		place(swapped, swapped->ready++)->due_ns = due_ns;
}

const struct impairments_held *impairments_due(struct impairments *impairments,
					       uint64_t now_ns)
{
	struct impairments_queue *swapped = &impairments->swapped;
	struct impairments_queue *delayed = &impairments->delayed;

	if (swapped->leaving != swapped->ready)
		return place(swapped, swapped->leaving++);
	if (delayed->leaving != delayed->end &&
	    place(delayed, delayed->leaving)->due_ns <= now_ns)
		return place(delayed, delayed->leaving++);
	return NULL;
}

uint64_t impairments_next_ns(const struct impairments *impairments)
{
	const struct impairments_queue *swapped = &impairments->swapped;
	const struct impairments_queue *delayed = &impairments->delayed;

	if (swapped->leaving != swapped->ready)
		return 0;
	return delayed->leaving == delayed->end
		       ? UINT64_MAX
		       : place(delayed, delayed->leaving)->due_ns;
}

void impairments_sent(struct impairments *impairments)
{
	impairments->swapped.begin = impairments->swapped.leaving;
	impairments->delayed.begin = impairments->delayed.leaving;
}
