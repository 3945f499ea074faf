/* SPDX-License-Identifier: MIT */
#include "tests/support/simulation.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/random.h"

struct simulation simulation;

void simulation_say(const char *format, ...)
{
	va_list list;

	if (!simulation.verbose)
		return;
	printf("%10" PRIu64 " ", simulation.now_ns);
	va_start(list, format);
	vprintf(format, list);
	va_end(list);
	putchar('\n');
}

void simulation_check(bool good, const char *what, uint32_t number)
{
	if (good)
		return;
	fflush(stdout);
	fprintf(stderr,
		"simulation: seed %" PRIu64 ", %" PRIu64 " ns: %s (%u)\n"
		"again by: make simulate SEED=%" PRIu64 "\n",
		simulation.seed, simulation.now_ns, what, number,
		simulation.seed);
	abort();
}

bool simulation_chance(double share)
{
	return random_unit(&simulation.random) <= share;
}

uint64_t simulation_below(uint64_t bound)
{
	return random_below(&simulation.random, bound);
}

static bool is_before(const struct simulation_arrival *one,
		      const struct simulation_arrival *other)
{
	return one->at_ns < other->at_ns ||
	       (one->at_ns == other->at_ns && one->order < other->order);
}

void simulation_push(struct simulation_arrival arrival)
{
	struct simulation_arrival *heap = simulation.heap;
	uint32_t at = simulation.heap_len++;

	simulation_check(at < SIMULATION_ARRIVALS_MAX, "too many arrivals", at);
	arrival.order = simulation.arrivals++;
	for (; at > 0 && is_before(&arrival, &heap[(at - 1) / 2]);
	     at = (at - 1) / 2)
		heap[at] = heap[(at - 1) / 2];
	heap[at] = arrival;
}

struct simulation_arrival simulation_pop(void)
{
	struct simulation_arrival *heap = simulation.heap, top = heap[0];
	const struct simulation_arrival last = heap[--simulation.heap_len];
	uint32_t at = 0, child;

	while ((child = 2 * at + 1) < simulation.heap_len) {
		if (child + 1 < simulation.heap_len &&
		    is_before(&heap[child + 1], &heap[child]))
			child++;
		if (is_before(&last, &heap[child]))
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = last;
	return top;
}

/* The tap is passed first, then it comes to the trader. */
static void deliver(struct simulation_arrival arrival)
{
	const struct simulation_line *line = &simulation.line[arrival.source];

	arrival.watcher = WITNESS;
	simulation_push(arrival);
	arrival.watcher = TRADER;
	arrival.at_ns += line->lag_ns;
	simulation_push(arrival);
}

void simulation_line_send(unsigned int source, uint32_t index, uint64_t at_ns)
{
	const struct simulation_line *line = &simulation.line[source];
	struct simulation_arrival arrival = {
		.number = simulation.base + index,
		.flags = simulation.sent[index].header.flags,
		.source = (uint8_t)source,
		.at_ns = at_ns + line->base_ns
	};
	const bool unheard =
		source < simulation.lines && index < simulation.joined;
	int copies = unheard || simulation_chance(line->lose) ? 0
		     : simulation_chance(line->twice)	      ? 2
							      : 1;

	if (source == RECOVERY_RETRANSMITTED)
		arrival.flags |= MARKET_DATA_RETRANSMITTED;
	if (simulation_chance(line->delay))
		arrival.at_ns += simulation_below(line->delay_ns);
	while (copies-- > 0)
		deliver(arrival);
}

/* Of another session; or, where ours is heard already, far from all that is
 * ours. */
static void stranger_send(uint64_t at_ns)
{
	struct simulation_arrival arrival = {
		.number = simulation.base +
			  (uint32_t)simulation_below(SIMULATION_SENT_MAX),
		.flags = market_data_tag_flags(SIMULATION_OURS ^ 1),
		.source = (uint8_t)simulation_below(simulation.lines),
		.at_ns = at_ns
	};

	if (simulation.lossless) {
		arrival.flags = simulation.tag_flags;
		arrival.number += 1000000 + (uint32_t)simulation_below(1 << 30);
		arrival.at_ns += 60 * SIMULATION_US;
	} else if (!simulation.told) {
		return;
	}
	if (simulation_chance(0.3))
		arrival.flags |= MARKET_DATA_END_OF_FEED;
	deliver(arrival);
}

static void datagram_make(struct simulation_sent *sent, uint32_t index)
{
	sent->header = (struct market_data_header){
		.sequence = simulation.base + index,
		.message_count = (uint16_t)(1 + simulation_below(2)),
		.flags = simulation.tag_flags
	};
	if (index < 3 && simulation.told)
		sent->header.flags |= MARKET_DATA_SNAPSHOT;
	if (index == simulation.count) {
		sent->header.flags |= MARKET_DATA_END_OF_FEED;
		sent->header.message_count = 0;
	}
	market_data_write_header(sent->bytes, &sent->header);
	for (unsigned int i = 0; i < sent->header.message_count; i++) {
		const bool bid = simulation_below(2);
		const struct market_data_message message = {
			.type = MARKET_DATA_UPDATE,
			.side = bid ? MARKET_DATA_BID : MARKET_DATA_ASK,
			.price = (bid ? 100 - simulation_below(8)
				      : 101 + simulation_below(8)) *
				 DECIMAL_ONE,
			.quantity = simulation_below(4) * 3 * DECIMAL_ONE
		};

		market_data_write(sent->bytes, i, &message);
	}
	sent->came_ns = sent->beyond_ns = UINT64_MAX;
	sent->given_up = false;
	memset(sent->applied, 0, sizeof(sent->applied));
}

void simulation_feed_send(void)
{
	const uint64_t pace_ns = 1 + simulation_below(20 * SIMULATION_US);
	uint64_t at_ns = SIMULATION_US;

	for (uint32_t i = 0; i <= simulation.count; i++) {
		struct simulation_sent *sent = &simulation.sent[i];

		datagram_make(sent, i);
		at_ns += simulation_below(2 * pace_ns);
		sent->at_ns = at_ns;
		for (unsigned int line = 0; line < simulation.lines; line++)
			for (int again = i == simulation.count
						 ? SIMULATION_LAST_ENDS
						 : 0;
			     again >= 0; again--)
				simulation_line_send(
					line, i,
					at_ns + (uint64_t)again * 500 *
							SIMULATION_US);
		if (simulation_chance(0.02))
			stranger_send(at_ns);
	}
}

static double share(void)
{
	static const double shares[] = { 0, 0, 0.001, 0.01, 0.1, 0.4 };

	return shares[simulation_below(6)];
}

void simulation_draw(uint64_t seed)
{
	static const uint32_t bases[] = { 0,
					  1,
					  UINT32_MAX,
					  UINT32_MAX - 20,
					  UINT32_MAX - 200,
					  INT32_MAX - 5 };

	simulation.seed = simulation.random = seed;
	simulation.heap_len = simulation.arrivals = 0;
	simulation.lines = 1 + (unsigned int)simulation_below(2);
	simulation.requests = simulation_below(4) > 0;
	simulation.told = simulation_below(3) > 0;
	simulation.lossless = simulation_below(8) == 0;
	simulation.tag_flags =
		simulation.told ? market_data_tag_flags(SIMULATION_OURS) : 0;
	simulation.base = simulation.told ? 0 : bases[simulation_below(6)];
	simulation.count =
		1 + (unsigned int)simulation_below(SIMULATION_SENT_MAX - 1);
	simulation.joined = 0;
	if (!simulation.lossless && simulation_below(6) == 0)
		simulation.joined =
			(uint32_t)simulation_below(simulation.count);
	simulation.give_up_ns =
		(1 + simulation_below(20)) * 100 * SIMULATION_US;
	simulation.again_ns = (1 + simulation_below(10)) * 20 * SIMULATION_US;
	for (unsigned int i = 0; i < RECOVERY_SOURCES; i++) {
		struct simulation_line *line = &simulation.line[i];

		*line = (struct simulation_line){
			.base_ns = 1 + simulation_below(30 * SIMULATION_US)
		};
		line->lag_ns = simulation_below(
			simulation_below(3) ? 50 : 200 * SIMULATION_US);
		if (simulation.lossless)
			continue;
		line->lose = share();
		line->twice = share();
		line->delay = share();
		line->delay_ns = simulation_below(100 * SIMULATION_US) *
				 (1 + 9 * simulation_below(2));
		/* A dead one. */
		if (simulation_below(40) == 0)
			line->lose = 1;
	}
}
