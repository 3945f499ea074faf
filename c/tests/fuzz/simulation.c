/* SPDX-License-Identifier: MIT */
/*
 * A session on simulated time, all of it drawn from one seed: the exchange's
 * own lines, one or two, with its paces and impairments, its retransmitter,
 * strangers, trader/recovery and the rule, and a witness of all that comes to
 * the trader.
 * It is held against what a plain model says: a number is applied once, in
 * order, as it was sent; one is given up only when it had not come, and not
 * before its time; one that is near the highest that came is not doubted;
 * nothing waits for ever; the counts add up; with nothing lost the books are
 * the sender's; the witness ends with the trader's books unless it says that a
 * notice raced, or that two lines came so near that the trader may have had
 * them in another order.
 *
 * The input's first eight bytes are the seed. By environment:
 *	SIMULATE_SEED=7 SIMULATE_SEEDS=1	these, and what happened in each
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "tests/support/simulation.h"
#include "tests/support/simulation_exchange.h"

#define DIGEST_PRIME UINT64_C(0x100000001b3) /* of FNV-1a */
#define TWICE_EVERY  50

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static void watchers_begin(void)
{
	for (unsigned int i = 0; i < WATCHERS; i++) {
		const struct recovery_config config = {
			.lines = simulation.lines,
			.requests = simulation.requests,
			.give_up_ns = i == WITNESS && simulation.requests
					      ? UINT64_MAX
					      : simulation.give_up_ns,
			.again_ns = simulation.again_ns,
			.jump_max = simulation.jump_max,
			.apart_ns = i == WITNESS && !simulation.requests
					    ? simulation_apart_ns()
					    : 0
		};

		if (recovery_open(&simulation.recovery[i], &config) < 0)
			abort();
		recovery_begin(&simulation.recovery[i],
			       simulation.told ? SIMULATION_OURS : 0);
		strategy_reset(&simulation.strategy[i]);
		simulation.orders[i] = simulation.next[i] = 0;
		simulation.passed_over[i] = simulation.came[i] = 0;
		simulation.started[i] = simulation.told;
	}
	simulation.by_timer = false;
}

static uint64_t rule(struct strategy *strategy, const uint8_t *bytes,
		     const struct market_data_header *header)
{
	uint64_t hash = 0;

	strategy_datagram(strategy, bytes, header);
	for (unsigned int i = 0; i < header->message_count; i++) {
		const struct market_data_message message =
			market_data_read(bytes, i);
		struct order order;

		if (strategy_update(strategy, &message,
				    header->flags & MARKET_DATA_SNAPSHOT,
				    &order))
			hash = hash * 31 + (uint64_t)order.price + order.side +
			       header->sequence;
	}
	return hash;
}

/* As without recovery: a gap is told and taken at once. */
static bool takes_gaps(void)
{
	return simulation.lines == 1 && !simulation.requests;
}

static void apply(unsigned int watcher,
		  const struct recovery_datagram *datagram)
{
	const uint32_t index = datagram->header.sequence - simulation.base;
	struct simulation_sent *sent;

	if (watcher == TRADER)
		simulation_say("applied %u", datagram->header.sequence);
	simulation_check(index <= simulation.count, "applied what was not sent",
			 index);
	sent = &simulation.sent[index];
	simulation_check(memcmp(datagram->data, sent->bytes, datagram->len) ==
				 0,
			 "other bytes", index);
	simulation_check(!sent->applied[watcher], "applied twice", index);
	if (!simulation.started[watcher]) {
		simulation.started[watcher] = true;
		simulation.next[watcher] = index;
	}
	simulation_check(index >= simulation.next[watcher], "not in order",
			 index);
	for (uint32_t i = simulation.next[watcher]; i < index; i++)
		simulation_check(watcher == WITNESS ||
					 simulation.sent[i].given_up ||
					 takes_gaps(),
				 "passed over in silence", i);
	simulation.next[watcher] = index + 1;
	sent->applied[watcher] = true;
	simulation.orders[watcher] += rule(&simulation.strategy[watcher],
					   datagram->data, &datagram->header) *
				      (index + 1);
}

/* Is it right that these are given up, now? */
static void given_up(const struct recovery_told *told)
{
	const uint32_t end = told->got - simulation.base;

	simulation_say("given up %u to %u", told->expected, told->got - 1);
	for (uint32_t i = told->expected - simulation.base; i < end; i++) {
		struct simulation_sent *sent = &simulation.sent[i];
		bool passed = !simulation.requests;

		simulation_check(i <= simulation.count,
				 "gave up what was not sent", i);
		simulation_check(sent->came_ns == UINT64_MAX,
				 "gave up what had come", i);
		simulation_check(!sent->given_up, "gave it up twice", i);
		sent->given_up = true;
		for (unsigned int line = 0; line < simulation.lines; line++)
			passed &= i < simulation.line[line].passed;
		simulation_check(
			passed || (sent->beyond_ns != UINT64_MAX &&
				   simulation.now_ns >=
					   sent->beyond_ns +
						   simulation.give_up_ns),
			"gave it up before its time", i);
	}
}

/* What the trader sends comes to the exchange, as a rule. */
static void ask(const struct retransmit_request *request)
{
	const struct simulation_line *way =
		&simulation.line[RECOVERY_RETRANSMITTED];

	if (simulation_chance(way->lose / 2))
		return;
	simulation_push((struct simulation_arrival){
		.at_ns = simulation.now_ns + way->base_ns,
		.kind = ASKED,
		.request = *request });
}

static void request(const struct retransmit_request *request)
{
	simulation_say("asked for %u, %u of them", request->first,
		       request->count);
	simulation_check(request->count <= RECOVERY_ASKED_MAX,
			 "asked for too many", request->count);
	simulation_check(request->flags == simulation.tag_flags,
			 "another's tag", 0);
	for (uint32_t i = 0; i < request->count; i++) {
		const uint32_t index = request->first + i - simulation.base;

		simulation_check(index < simulation.count,
				 "asked for what is not sent", index);
		simulation_check(simulation.sent[index].came_ns == UINT64_MAX,
				 "asked for what had come", index);
		simulation.sent[index].asked = true;
	}
	ask(request);
}

/* Was a line waited for in vain? */
static bool is_by_timer(unsigned int watcher, const struct recovery_told *told)
{
	const struct recovery *recovery = &simulation.recovery[watcher];

	for (unsigned int i = 0; i < recovery->lines; i++)
		if (told->got - recovery->line[i].next - 1 < INT32_MAX)
			return true;
	return false;
}

static void event_handle(unsigned int watcher, enum recovery_event event,
			 const struct recovery_told *told)
{
	if (event == RECOVERY_GAVE_UP)
		simulation.by_timer |= is_by_timer(watcher, told);
	if (watcher == WITNESS)
		return;
	switch (event) {
	case RECOVERY_GAP:
		simulation_say("gap: expected %u, got %u", told->expected,
			       told->got);
		break;
	case RECOVERY_REQUEST:
		request(&told->request);
		break;
	case RECOVERY_GAVE_UP:
		given_up(told);
		if (!simulation.requests)
			break;
		simulation_push((struct simulation_arrival){
			.at_ns = simulation.now_ns,
			.kind = NOTICE,
			.request = told->request });
		ask(&told->request);
		break;
	case RECOVERY_NOTHING:
		break;
	}
}

static void look(unsigned int watcher)
{
	struct recovery *recovery = &simulation.recovery[watcher];
	const struct recovery_datagram *waited;
	struct recovery_told told;
	enum recovery_event event;

	if (!recovery->busy)
		return;
	do {
		while ((waited = recovery_next(recovery)))
			apply(watcher, waited);
		event = recovery_event(recovery, simulation.now_ns, &told);
		event_handle(watcher, event, &told);
	} while (event != RECOVERY_NOTHING);
	simulation_check(!recovery->busy ||
				 recovery_due_ns(recovery) != UINT64_MAX ||
				 watcher == WITNESS,
			 "waits for ever", recovery->session.expected);
}

/* Of the session, and not of a stranger? */
static bool is_ours(const struct simulation_arrival *arrival)
{
	return arrival->number - simulation.base <= simulation.count &&
	       (arrival->flags & MARKET_DATA_TAG) == simulation.tag_flags;
}

/* An end that nobody waits for, which has to be told again. */
static bool is_lone_end(const struct simulation_arrival *arrival)
{
	return (arrival->flags & MARKET_DATA_END_OF_FEED) &&
	       (takes_gaps() || !simulation.told);
}

/* One that is doubted is as if it had not come. */
static void doubt_check(const struct simulation_arrival *arrival)
{
	const uint32_t index = arrival->number - simulation.base;

	if (!is_ours(arrival) || is_lone_end(arrival))
		return;
	simulation.doubts = true;
	simulation_check(arrival->watcher == WITNESS ||
				 index > simulation.believed +
						 simulation.jump_max,
			 "doubted what is near", index);
}

/* What the trader can know of. */
static void came_note(const struct simulation_arrival *arrival)
{
	const uint32_t index = arrival->number - simulation.base;
	struct simulation_line *line = &simulation.line[arrival->source];

	if (!is_ours(arrival))
		return;
	if (index >= simulation.believed)
		simulation.believed = index + 1;
	if (index >= line->passed)
		line->passed = index + 1;
	if (simulation.sent[index].came_ns == UINT64_MAX)
		simulation.sent[index].came_ns = simulation.now_ns;
	for (uint32_t i = index; i-- > 0;) {
		if (simulation.sent[i].beyond_ns != UINT64_MAX)
			break;
		simulation.sent[i].beyond_ns = simulation.now_ns;
	}
}

static void arrive(const struct simulation_arrival *arrival)
{
	struct recovery *recovery = &simulation.recovery[arrival->watcher];
	const uint32_t index = arrival->number - simulation.base;
	struct recovery_datagram datagram = { .source = arrival->source };
	uint8_t bytes[sizeof(simulation.sent[0].bytes)] = { 0 };
	enum recovery_verdict verdict;

	simulation.came[arrival->watcher]++;
	simulation.digest = (simulation.digest ^ simulation.now_ns ^
			     (uint64_t)arrival->number << 32 ^
			     (uint64_t)arrival->flags << 8 ^ arrival->source) *
			    DIGEST_PRIME;
	datagram.header =
		(struct market_data_header){ .sequence = arrival->number,
					     .flags = arrival->flags };
	datagram.len = sizeof(bytes);
	datagram.data = bytes;
	if (index <= simulation.count) {
		memcpy(bytes, simulation.sent[index].bytes, sizeof(bytes));
		datagram.header.message_count =
			simulation.sent[index].header.message_count;
		datagram.len = (uint32_t)market_data_len(
			datagram.header.message_count);
	}
	verdict = recovery_look(recovery, &datagram.header, arrival->source);
	if (verdict == RECOVERY_UNSURE)
		verdict = recovery_take(recovery, &datagram, simulation.now_ns);
	if (arrival->watcher == TRADER)
		simulation_say("came %u by %u, flags %04x", arrival->number,
			       arrival->source, arrival->flags);
	if (verdict == RECOVERY_DOUBTED)
		doubt_check(arrival);
	else if (arrival->watcher == TRADER)
		came_note(arrival);
	if (verdict == RECOVERY_APPLY)
		apply(arrival->watcher, &datagram);
	simulation.passed_over[arrival->watcher] +=
		verdict == RECOVERY_FOREIGN || verdict == RECOVERY_DOUBTED;
	memset(bytes, 0xee, sizeof(bytes));
	look(arrival->watcher);
}

static void arrival_handle(const struct simulation_arrival *arrival)
{
	switch ((enum simulation_kind)arrival->kind) {
	case DATAGRAM:
		arrive(arrival);
		break;
	case NOTICE:
		recovery_goes_on(&simulation.recovery[WITNESS],
				 &arrival->request, arrival->at_ns);
		look(WITNESS);
		break;
	case ASKED:
		simulation_exchange_asked(&arrival->request);
		break;
	}
}

static void now_is(uint64_t now_ns)
{
	if (now_ns > simulation.now_ns)
		simulation.now_ns = now_ns;
}

/* To the end of all that is sent, on its way, or waited for. */
static void play(void)
{
	for (;;) {
		const uint64_t exchange_ns = simulation_exchange_due();
		uint64_t arrival_ns = UINT64_MAX, due_ns = UINT64_MAX;
		unsigned int due = TRADER;

		if (simulation.heap_len > 0)
			arrival_ns = simulation.heap[0].at_ns;
		for (unsigned int i = 0; i < WATCHERS; i++)
			if (recovery_due_ns(&simulation.recovery[i]) < due_ns) {
				due = i;
				due_ns = recovery_due_ns(
					&simulation.recovery[i]);
			}
		if (arrival_ns != UINT64_MAX && arrival_ns <= exchange_ns &&
		    arrival_ns <= due_ns) {
			const struct simulation_arrival arrival =
				simulation_pop();

			now_is(arrival.at_ns);
			arrival_handle(&arrival);
		} else if (exchange_ns != UINT64_MAX && exchange_ns <= due_ns) {
			now_is(exchange_ns);
			simulation_exchange_turn();
		} else if (due_ns == UINT64_MAX ||
			   (due == WITNESS && arrival_ns == UINT64_MAX &&
			    exchange_ns == UINT64_MAX && simulation.requests &&
			    !simulation.recovery[TRADER].busy)) {
			/* The witness asks in vain: it only looks on. */
			break;
		} else {
			now_is(due_ns);
			look(due);
		}
	}
}

static void counts_check(unsigned int watcher)
{
	const struct recovery *recovery = &simulation.recovery[watcher];
	const struct recovery_counts *counts = &recovery->counts;
	uint64_t applied = 0, first = 0, late = 0;

	for (uint32_t i = 0; i <= simulation.count; i++)
		applied += simulation.sent[i].applied[watcher];
	for (unsigned int i = 0; i < RECOVERY_SOURCES; i++) {
		first += recovery->line[i].first;
		late += recovery->line[i].late;
	}
	simulation_check(!recovery->busy, "waits at the end",
			 recovery->session.expected);
	simulation_check(first == applied, "firsts are not what was applied",
			 (uint32_t)first);
	simulation_check(first + late + simulation.passed_over[watcher] ==
				 simulation.came[watcher],
			 "what came does not add up", (uint32_t)late);
	simulation_check(counts->missing == counts->filled + counts->recovered +
						    counts->given_up,
			 "what was missing does not add up",
			 (uint32_t)counts->missing);
	simulation_check(counts->fills <= counts->gaps, "more fills than gaps",
			 (uint32_t)counts->fills);
}

/* What was applied, in order, without any of this. */
static void model_check(void)
{
	uint64_t orders = 0;
	uint32_t applied = 0;

	strategy_reset(&simulation.model);
	for (uint32_t i = 0; i <= simulation.count; i++) {
		const struct simulation_sent *sent = &simulation.sent[i];

		simulation_check(sent->came_ns == UINT64_MAX ||
					 sent->applied[TRADER] ||
					 sent->given_up || !simulation.told ||
					 takes_gaps(),
				 "came, and is nowhere", i);
		if (!sent->applied[TRADER])
			continue;
		applied++;
		orders += rule(&simulation.model, sent->bytes, &sent->header) *
			  (i + 1);
	}
	simulation_check(orders == simulation.orders[TRADER], "other orders",
			 applied);
	if (simulation.lossless && !simulation.doubts)
		simulation_check(applied == simulation.count + 1, "lost one",
				 applied);
}

static void witness_check(void)
{
	/* A timer's time is each watcher's own; who takes gaps takes them in
	 * the order in which he has them. */
	if (simulation.recovery[WITNESS].counts.raced > 0 || !simulation.told ||
	    simulation.doubts || takes_gaps() ||
	    (!simulation.requests && simulation.by_timer))
		return;
	for (uint32_t i = 0; i <= simulation.count; i++)
		simulation_check(simulation.sent[i].applied[TRADER] ==
					 simulation.sent[i].applied[WITNESS],
				 "the witness sees it otherwise", i);
	simulation_check(simulation.orders[TRADER] ==
				 simulation.orders[WITNESS],
			 "the witness's orders", 0);
}

static void play_seed(uint64_t seed)
{
	simulation_draw(seed);
	watchers_begin();
	simulation_feed_make();
	simulation_exchange_begin();
	play();
	simulation_exchange_end();
	counts_check(TRADER);
	model_check();
	witness_check();
	simulation.raced += simulation.recovery[WITNESS].counts.raced > 0;
	for (unsigned int i = 0; i < WATCHERS; i++)
		recovery_close(&simulation.recovery[i]);
}

/* Now and then twice: what fails can be had again, to the same datagram. */
static void run(uint64_t seed)
{
	uint64_t digest;

	play_seed(seed);
	if (seed % TWICE_EVERY)
		return;
	digest = simulation.digest;
	play_seed(~seed);
	play_seed(seed);
	simulation_check(digest == simulation.digest, "is not the same again",
			 0);
}

/* Of the environment. */
static bool number_of(const char *name, uint64_t *number)
{
	const char *text = getenv(name);
	char *end;

	if (!text)
		return false;
	*number = strtoull(text, &end, 0);
	if (end != text && !*end)
		return true;
	fprintf(stderr, "%s='%s': a number is wanted\n", name, text);
	exit(2);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const struct strategy_config config = { .threshold_usd =
							500 * DECIMAL_ONE,
						.quantity = 1,
						.symbols_max = 1,
						.levels_max = 16 };
	uint64_t seed, seeds = 1;

	(void)argc;
	(void)argv;
	if (strategy_open(&simulation.strategy[TRADER], &config) < 0 ||
	    strategy_open(&simulation.strategy[WITNESS], &config) < 0 ||
	    strategy_open(&simulation.model, &config) < 0)
		abort();
	simulation_exchange_open();
	if (!number_of("SIMULATE_SEED", &seed))
		return 0;
	number_of("SIMULATE_SEEDS", &seeds);
	simulation.verbose = seeds == 1;
	for (uint64_t i = 0; i < seeds; i++)
		run(seed + i);
	printf("ok 1 - simulation: %" PRIu64 " seeds from %" PRIu64
	       ", a race in %" PRIu64 "\n1..1\n",
	       seeds, seed, simulation.raced);
	exit(0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t seed = 0;

	if (size > sizeof(seed))
		size = sizeof(seed);
	if (size > 0)
		memcpy(&seed, data, size);
	run(seed);
	return 0;
}
