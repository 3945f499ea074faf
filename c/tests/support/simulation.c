/* SPDX-License-Identifier: MIT */
#include "tests/support/simulation.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
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

void simulation_line_send(unsigned int source, uint32_t index, uint16_t flags)
{
	const struct simulation_line *line = &simulation.line[source];
	struct simulation_arrival arrival = { .number = simulation.base + index,
					      .flags = flags,
					      .source = (uint8_t)source,
					      .at_ns = simulation.now_ns +
						       line->base_ns };
	const bool unheard =
		source < simulation.lines && index < simulation.joined;
	int copies = unheard || simulation_chance(line->lose) ? 0
		     : simulation_chance(line->twice)	      ? 2
							      : 1;

	if (simulation_chance(line->delay))
		arrival.at_ns += simulation_below(line->delay_ns);
	while (copies-- > 0)
		deliver(arrival);
}

/* Of another session; or, where ours is heard already, far from all that is
 * ours. */
void simulation_stranger_send(void)
{
	struct simulation_arrival arrival = {
		.number = simulation.base +
			  (uint32_t)simulation_below(SIMULATION_SENT_MAX),
		.flags = market_data_tag_flags(SIMULATION_OURS ^ 1),
		.source = (uint8_t)simulation_below(simulation.lines),
		.at_ns = simulation.now_ns
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

uint64_t simulation_apart_ns(void)
{
	uint64_t ns = 0;

	for (unsigned int i = 0; i < simulation.lines; i++)
		if (simulation.line[i].lag_ns > ns)
			ns = simulation.line[i].lag_ns;
	return ns;
}

static void datagram_make(struct simulation_sent *sent, uint32_t index)
{
	sent->header = (struct market_data_header){
		.sequence = simulation.base + index,
		.message_count = (uint16_t)(1 + simulation_below(2)),
		.flags = simulation.tag_flags
	};
	if (index < 3 && index < simulation.count && simulation.told)
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
	sent->given_up = sent->asked = false;
	memset(sent->applied, 0, sizeof(sent->applied));
}

void simulation_feed_make(void)
{
	for (uint32_t i = 0; i <= simulation.count; i++)
		datagram_make(&simulation.sent[i], i);
}

static double share(void)
{
	static const double shares[] = { 0, 0, 0.001, 0.01, 0.1, 0.4 };

	return shares[simulation_below(6)];
}

/* Of those that are not lost. */
static uint64_t impaired(void)
{
	return (uint64_t)(share() / 2 * IMPAIRMENTS_ALL);
}

static void impairments_draw(struct impairments_config *config)
{
	*config = (struct impairments_config){
		.lose = (uint64_t)(share() * IMPAIRMENTS_ALL),
		.duplicate = impaired(),
		.swap = impaired(),
		.delay = impaired(),
		.delay_ns = simulation_below(100 * SIMULATION_US) *
			    (1 + 9 * simulation_below(2))
	};
	if (simulation_below(20) == 0)
		*config = (struct impairments_config){
			.delay = IMPAIRMENTS_ALL,
			.delay_ns = simulation_below(100 * SIMULATION_US)
		};
	/* A dead one. */
	if (simulation_below(40) == 0)
		*config =
			(struct impairments_config){ .lose = IMPAIRMENTS_ALL };
}

static void exchange_draw(void)
{
	struct marketdata_config *config = &simulation.config;

	simulation.pace_ns = 1 + simulation_below(20 * SIMULATION_US);
	simulation.read_ns = 1 + simulation_below(50 * SIMULATION_US);
	simulation.forgets = simulation_below(4) == 0;
	*config = (struct marketdata_config){
		.lines = simulation.lines,
		.seed = simulation_below(UINT64_MAX),
		.pace.kind = (enum pace_kind)simulation_below(PACE_FILE + 1),
		.pace.burst = 1 + simulation_below(40),
		.pace.factor = DECIMAL_ONE
	};
	if (config->pace.kind != PACE_FILE)
		config->pace.factor *=
			(int64_t)(CLOCK_NS_PER_S / simulation.pace_ns);
	simulation.refuse = 0;
	if (simulation.lossless)
		return;
	simulation.refuse = share();
	config->on_full =
		simulation_below(2) ? MARKETDATA_RETRY : MARKETDATA_DROP;
	for (unsigned int i = 0; i < simulation.lines; i++)
		impairments_draw(&config->impairments[i]);
}

static void ways_draw(void)
{
	for (unsigned int i = 0; i < RECOVERY_SOURCES; i++) {
		struct simulation_line *line = &simulation.line[i];

		*line = (struct simulation_line){
			.base_ns = 1 + simulation_below(30 * SIMULATION_US)
		};
		line->lag_ns = simulation_below(
			simulation_below(3) ? 50 : 200 * SIMULATION_US);
		if (simulation.lossless)
			continue;
		line->delay = share();
		line->delay_ns = simulation_below(100 * SIMULATION_US) *
				 (1 + 9 * simulation_below(2));
		if (i != RECOVERY_RETRANSMITTED)
			continue;
		line->lose = share();
		line->twice = share();
		if (simulation_below(40) == 0)
			line->lose = 1;
	}
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
	simulation.now_ns = simulation.digest = 0;
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
	simulation.jump_max = simulation_below(2)
				      ? SESSION_JUMP_MAX
				      : 8 + (uint32_t)simulation_below(32);
	simulation.believed = 0;
	simulation.doubts = false;
	ways_draw();
	exchange_draw();
}
