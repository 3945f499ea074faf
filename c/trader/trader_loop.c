/* SPDX-License-Identifier: MIT */
#include "trader/trader_loop.h"

#include <arpa/inet.h>
#include <errno.h>

#include "base/log.h"
#include "net/network_error.h"

#define BAD_SHOWN 3

/* A look at the rest of the world comes so often, however busy it is. */
#define HOUSEKEEPING_NS 50000000

__attribute__((cold, noinline)) void trader_loop_gap(struct trader *trader,
						     uint32_t expected,
						     uint32_t sequence)
{
	trader->counters.gaps++;
	if (trader->counters.gaps <= TRADER_LOOP_GAPS_SHOWN)
		log_warning("Gap detected: expected %u, got %u", expected,
			    sequence);
	if (trader->counters.gaps == TRADER_LOOP_GAPS_SHOWN)
		log_warning("further gaps are only counted");
}

__attribute__((cold, noinline)) void trader_loop_lacks(
	struct trader *trader, const struct session *session, uint32_t first,
	uint32_t count)
{
	const unsigned int kept = trader->lacked_count;
	struct trader_lacked *last = kept ? &trader->lacked[kept - 1] : NULL;

	trader->counters.lost += count;
	if (count == 0)
		return;
	if (last && last->tag == session->tag && last->end == first) {
		last->end += count;
		return;
	}
	if (kept == TRADER_LACKED_MAX)
		return;
	trader->lacked[trader->lacked_count++] = (struct trader_lacked){
		.tag = session->tag, .first = first, .end = first + count
	};
}

__attribute__((cold, noinline)) void trader_loop_bad(struct trader *trader,
						     uint32_t len)
{
	if (++trader->counters.bad <= BAD_SHOWN)
		log_warning("malformed datagram of %u bytes", len);
}

/* Not applied, whatever it is. */
__attribute__((cold, noinline)) void trader_loop_passed_over(
	struct trader *trader, const struct session *session,
	const struct market_data_header *header, enum session_verdict verdict)
{
	struct trader_counters *counters = &trader->counters;

	if (verdict == SESSION_FOREIGN && counters->foreign++ == 0)
		log_warning("datagrams of another session (tag 0x%03x, ours is "
			    "0x%03x) are passed over",
			    market_data_tag(header->flags), session->tag);
	else if (verdict == SESSION_DOUBTED && counters->doubted++ == 0)
		log_warning("number %u%s, where %u is expected, is not "
			    "believed before others bear it out",
			    header->sequence,
			    header->flags & MARKET_DATA_END_OF_FEED
				    ? " of the feed's end"
				    : "",
			    session->expected);
	else if (verdict == SESSION_DUPLICATE)
		counters->duplicates++;
}

__attribute__((cold, noinline)) int trader_loop_room_make(struct trader *trader)
{
	trader->stages.flushes++;
	return stages_flush(&trader->stages);
}

__attribute__((cold, noinline)) static void window_closed(struct trader *trader)
{
	if (trader->window_closed)
		return;
	trader->window_closed = true;
	log_warning("the exchange's window is closed: it takes in nothing of "
		    "what was sent; orders are dropped and counted until it "
		    "does");
}

int trader_loop_gone(struct trader *trader, int err)
{
	trader->exchange_gone = err == -EPIPE || err == -ECONNRESET ||
				err == -ECONNABORTED || err == -ETIMEDOUT ||
				network_error(err) == NETWORK_DOWN;
	return err;
}

/* None of the order has gone out, and by the time that it could it would be
 * stale. */
__attribute__((cold, noinline)) int trader_loop_unsent(struct trader *trader,
						       int err)
{
	if (err == -EAGAIN) {
		trader->counters.refused++;
		window_closed(trader);
		return 0;
	}
	log_error("an order could not be sent: %s", log_strerror(err));
	return trader_loop_gone(trader, err);
}

/* Busy, not asleep: what slow code would do. */
__attribute__((cold, noinline)) void trader_loop_inject_delay(uint64_t ns)
{
	const uint64_t end = clock_monotonic_ns() + ns;

	while (clock_monotonic_ns() < end)
		;
}

/* HOT. 0; 1 at the end of the feed; a negative errno. */
static int packet_trade(struct trader *trader, const struct packet *packet,
			uint64_t user)
{
	struct market_data_header header;
	uint32_t expected = trader->session.expected;
	enum session_verdict verdict;

	if (__builtin_expect(
		    market_data_decode(packet->data, packet->len, &header),
		    0)) {
		trader_loop_bad(trader, packet->len);
		return 0;
	}
	verdict = session_take(&trader->session, &header);
	if (__builtin_expect(verdict != SESSION_IN_ORDER, 0)) {
		if (verdict != SESSION_GAP) {
			trader_loop_passed_over(trader, &trader->session,
						&header, verdict);
			return 0;
		}
		trader_loop_lacks(trader, &trader->session,
				  header.sequence - trader->session.lost,
				  trader->session.lost);
		trader_loop_gap(trader, expected, header.sequence);
	}
	return trader_loop_apply(trader, packet->data, &header,
				 packet->kernel_ns, user);
}

void trader_loop_limits_tell(struct trader *trader)
{
	const struct strategy *strategy = &trader->strategy;

	if (strategy->beyond > 0 && !trader->symbols_told) {
		trader->symbols_told = true;
		log_warning("symbols beyond the first %u are left out: "
			    "--symbols-max",
			    strategy->symbol_count);
	}
	if (!trader->levels_told && strategy_levels_dropped(strategy) > 0) {
		trader->levels_told = true;
		log_warning("a side of a book has more than %u levels: the "
			    "worst are left out: --levels-max",
			    strategy->symbols[0].book.side[0].capacity);
	}
}

/* Before there are market data: nobody waits for the call. */
static void strangers_tell(struct trader *trader)
{
	char source[INET_ADDRSTRLEN];

	if (trader->strangers_told || !sources_strangers(&trader->sources))
		return;
	trader->strangers_told = true;
	log_warning("market data come from others than %s, and are left out: "
		    "--source",
		    inet_ntop(AF_INET, &trader->config->source, source,
			      sizeof(source)));
}

int trader_loop_exchange_look(struct trader *trader, uint64_t now_ns)
{
	struct order_connection *connection = &trader->connection;
	int err = order_connection_look(connection, now_ns);

	if (transport_is_closed(connection->transport))
		window_closed(trader);
	if (err)
		log_error("the exchange ended the order connection before the "
			  "end of the feed: %s",
			  err == -EPIPE && !connection->channel->why
				  ? "closed"
				  : channel_reason(connection->channel, err));
	return err ? trader_loop_gone(trader, err) : 0;
}

__attribute__((cold, noinline)) int trader_loop_housekeeping(
	struct trader *trader)
{
	uint64_t now_ns = clock_monotonic_ns();
	unsigned int gone;
	int err;

	trader->looked = clock_counter();
	trader_loop_limits_tell(trader);
	if (trader->counters.packets == 0)
		strangers_tell(trader);
	if (now_ns - trader->opened_ns > HOUSEKEEPING_NS)
		trader->housekeeping_ticks =
			(uint64_t)((double)HOUSEKEEPING_NS *
				   (double)(trader->looked - trader->opened) /
				   (double)(now_ns - trader->opened_ns));
	err = sources_alive(&trader->sources, &gone);
	if (err)
		return trader_loop_unreceived(trader, gone, err);
	return trader_loop_exchange_look(trader, now_ns);
}

__attribute__((cold, noinline)) int trader_loop_idle(struct trader *trader)
{
	int err = 0;

	if (stages_filling(&trader->stages))
		err = trader_loop_room_make(trader);
	return err ? err : trader_loop_housekeeping(trader);
}

__attribute__((cold, noinline)) int trader_loop_unreceived(
	const struct trader *trader, unsigned int line, int err)
{
	if (err == -ENODEV)
		log_error("interface '%s' is gone",
			  trader_interface(trader->config, line));
	else
		log_error("market data can't be received: %s",
			  log_strerror(err));
	return err;
}

/* HOT; by itself, so that tests/lint/hot.sh finds what it calls. */
__attribute__((noinline)) int trader_loop(struct trader *trader)
{
	static const volatile int never;
	const volatile int *stop =
		trader->config->stop ? trader->config->stop : &never;
	struct receive *receive = trader->sources.line[0];
	const bool sleeps = receive->caps & RECEIVE_SLEEPS;
	const unsigned int idle_limit = sleeps ? 1 : TRADER_LOOP_IDLE_SPINS;
	struct packet packets[RECEIVE_BURST_MAX];
	int err = 0;

	while (!*stop && !err) {
		int n = receive_poll(receive, packets, RECEIVE_BURST_MAX);

		if (n > 0) {
			uint64_t user = clock_counter();

			for (int i = 0; i < n && !err; i++)
				err = packet_trade(trader, &packets[i], user);
			if (trader_loop_housekeeping_due(trader, user) && !err)
				err = trader_loop_housekeeping(trader);
		} else if (n < 0) {
			err = n == -ESHUTDOWN
				      ? 1
				      : trader_loop_unreceived(trader, 0, n);
		} else if (++trader->idle >= idle_limit) {
			trader->idle = 0;
			if (sleeps || trader_loop_housekeeping_due(
					      trader, clock_counter()))
				err = trader_loop_idle(trader);
		}
	}
	return err;
}
