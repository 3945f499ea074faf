/* SPDX-License-Identifier: MIT */
/*
 * What the loops of a trader share: a datagram applied to book and rule, the
 * orders that follow, and a look around now and then. For trader/trader
 * alone.
 */
#ifndef TRADER_TRADER_LOOP_H
#define TRADER_TRADER_LOOP_H

#include "receive/receive_ops.h"
#include "trader/trader.h"

/* A path that sleeps comes back empty-handed seldom; one that spins, all the
 * time: the clock is read only after so many empty polls. */
#define TRADER_LOOP_IDLE_SPINS 1024
#define TRADER_LOOP_GAPS_SHOWN 10 /* each; further ones are counted */

/* HOT. One line, datagrams as they come. 0: a signal; 1: the end of the feed;
 * a negative errno, logged. */
int trader_loop(struct trader *trader);

/* What an order meets that is none of the HOT path: no more room for samples;
 * it was not sent (0: and that is no fault); it is slowed on purpose. */
int trader_loop_room_make(struct trader *trader);
int trader_loop_unsent(struct trader *trader, int err);
void trader_loop_inject_delay(uint64_t ns);

/* One that can't be read. */
void trader_loop_bad(struct trader *trader, uint32_t len);

/* A gap is counted, the first ones told. */
void trader_loop_gap(struct trader *trader, uint32_t expected,
		     uint32_t sequence);

/* It goes on without count datagrams of the session, from number first on: they
 * are counted and kept, for whoever judges its orders. */
void trader_loop_lacks(struct trader *trader, const struct session *session,
		       uint32_t first, uint32_t count);

/* Not applied, and not of the line's order: told once, and counted. */
void trader_loop_passed_over(struct trader *trader,
			     const struct session *session,
			     const struct market_data_header *header,
			     enum session_verdict verdict);

/* Two receives that find nothing, and the clock. 0 or a negative errno,
 * logged. */
int trader_loop_housekeeping(struct trader *trader);

/* Nothing is waiting: what takes its time costs nobody else's. As that. */
int trader_loop_idle(struct trader *trader);

/* Why a line's path is broken, told; the errno. */
int trader_loop_unreceived(const struct trader *trader, unsigned int line,
			   int err);

/* Keep whether an error of the order connection is its end, which a new one
 * may put right. The error. */
int trader_loop_gone(struct trader *trader, int err);

/* The order connection. 0 or a negative errno, logged. */
int trader_loop_exchange_look(struct trader *trader, uint64_t now_ns);

/* Symbols and levels that were left out: HOT code has counted. */
void trader_loop_limits_tell(struct trader *trader);

/* HOT. Is it time to look around? now: the counter. */
static inline bool trader_loop_housekeeping_due(const struct trader *trader,
						uint64_t now)
{
	return __builtin_expect(
		now - trader->looked >= trader->housekeeping_ticks, 0);
}

/* HOT. Encode, send, stamp. 0, or a negative errno, logged. */
static inline int trader_loop_order(struct trader *trader,
				    const struct order *order,
				    struct stages_sample *sample)
{
	int err;

	sample->decision = clock_counter();
	if (__builtin_expect(trader->inject_delay_ns > 0, 0))
		trader_loop_inject_delay(trader->inject_delay_ns);
	trader->connection.channel->cause = (struct order_cause){
		.tag = trader->session.tag,
		.sequence = sample->sequence,
	};
	err = order_connection_send(&trader->connection, order);
	if (__builtin_expect(err < 0, 0))
		return trader_loop_unsent(trader, err);
	sample->sent = clock_counter();
	trader->counters.orders++;
	stages_add(&trader->stages, sample);
	if (__builtin_expect(stages_full(&trader->stages), 0))
		return trader_loop_room_make(trader);
	return 0;
}

/* HOT. Apply a datagram whose turn it is, with its stamps: the kernel's, and
 * the counter. 0; 1 at the end of the feed; a negative errno. */
static inline int trader_loop_apply(struct trader *trader, const uint8_t *data,
				    const struct market_data_header *header,
				    uint64_t kernel_ns, uint64_t user)
{
	struct stages_sample sample = { .kernel_ns = kernel_ns, .user = user };
	bool snapshot;

	/* The last datagram may carry messages; the oracle applies them. */
	if (__builtin_expect(header->flags & MARKET_DATA_END_OF_FEED, 0) &&
	    header->message_count == 0)
		return 1;
	sample.sequence = header->sequence;
	snapshot = header->flags & MARKET_DATA_SNAPSHOT;
	trader->counters.packets++;
	trader->counters.messages += header->message_count;
	strategy_datagram(&trader->strategy, data, header);
	for (unsigned int i = 0; i < header->message_count; i++) {
		struct market_data_message message = market_data_read(data, i);
		struct order order;

		if (__builtin_expect(strategy_update(&trader->strategy,
						     &message, snapshot,
						     &order),
				     0)) {
			int err = trader_loop_order(trader, &order, &sample);

			if (__builtin_expect(err < 0, 0))
				return err;
		}
	}
	return (header->flags & MARKET_DATA_END_OF_FEED) != 0;
}

#endif
