/* SPDX-License-Identifier: MIT */
#include "trader/trader.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "receive/receive_ops.h"

#define GAPS_SHOWN 10
#define BAD_SHOWN  3

/* A look at the rest of the world comes so often, however busy it is. */
#define HOUSEKEEPING_NS 50000000
/* Until the counter's pace is known; from under a millisecond to 40. */
#define HOUSEKEEPING_TICKS (1 << 20)
/* A path that sleeps comes back empty-handed seldom; one that spins, all the
 * time: the clock is read only after so many empty polls. */
#define IDLE_SPINS 1024

/* What is on its way at the end has so long to be acknowledged. */
#define SETTLE_MS	  1000
#define SETTLE_STOPPED_MS 300 /* after a signal */

static int connect_or_open(struct trader *trader)
{
	const struct trader_config *config = trader->config;
	struct order_connection *connection = &trader->connection;
	const unsigned int timeout_ms =
		(unsigned int)config->connect_timeout_ms;
	const struct transport_config wanted = {
		.peer = config->connect,
		.timeout_ms = timeout_ms,
		.stop = config->stop,
		.frames = trader->receive->frames,
	};
	int err;

	/* Nobody is there to shake hands with. */
	if (!config->connect.sin_port)
		return transport_open(config->transport, -1,
				      &connection->transport);
	err = transport_connect(config->transport, &wanted,
				&connection->transport);
	if (err)
		return err;
	err = order_connection_handshake(connection, timeout_ms, config->stop);
	if (err)
		transport_close(connection->transport);
	return err;
}

static int channel_make(struct trader *trader,
			const struct trader_config *config)
{
	struct channel **channel = &trader->connection.channel;
	int err = channel_open(config->channel, CHANNEL_TRADER, channel);

	if (err || !(*channel)->ops->prepare)
		return err;
	err = (*channel)->ops->prepare(*channel, config->strategy.quantity);
	if (err)
		channel_close(*channel);
	return err;
}

int trader_open(struct trader *trader, const struct trader_config *config)
{
	const struct receive_config where = { .interface = config->interface,
					      .group = config->group,
					      .source = config->source };
	int err;

	memset(trader, 0, sizeof(*trader));
	trader->config = config;
	trader->inject_delay_ns = config->inject_delay_ns;
	/* First, so that a wrong name doesn't cost the exchange a session. */
	err = channel_make(trader, config);
	if (err)
		return err;
	err = strategy_open(&trader->strategy, &config->strategy);
	if (err) {
		log_error("no memory for %u books of %u levels a side "
			  "(--symbols-max, --levels-max; with --mlock "
			  "RLIMIT_MEMLOCK holds for them)",
			  config->strategy.symbols_max,
			  config->strategy.levels_max);
		goto close_channel;
	}
	err = stages_open(&trader->stages, config->samples);
	if (err)
		goto close_strategy;
	err = receive_open(config->receive, &where, &trader->receive);
	if (err)
		goto close_stages;
	err = connect_or_open(trader);
	if (!err) {
		session_begin(&trader->session,
			      market_data_session_tag(transport_port(
				      trader->connection.transport)),
			      config->jump_max);
		trader->housekeeping_ticks = HOUSEKEEPING_TICKS;
		trader->opened_ns = clock_monotonic_ns();
		trader->opened = trader->looked = clock_counter();
		return 0;
	}
	receive_close(trader->receive);
close_stages:
	stages_close(&trader->stages);
close_strategy:
	strategy_close(&trader->strategy);
close_channel:
	channel_close(trader->connection.channel);
	return err;
}

__attribute__((cold, noinline)) static void gap(struct trader *trader,
						uint32_t expected,
						uint32_t sequence)
{
	trader->counters.gaps++;
	trader->counters.lost += trader->session.lost;
	if (trader->counters.gaps <= GAPS_SHOWN)
		log_warning("Gap detected: expected %u, got %u", expected,
			    sequence);
	if (trader->counters.gaps == GAPS_SHOWN)
		log_warning("further gaps are only counted");
}

__attribute__((cold, noinline)) static void bad(struct trader *trader,
						const struct packet *packet)
{
	if (++trader->counters.bad <= BAD_SHOWN)
		log_warning("malformed datagram of %u bytes", packet->len);
}

/* Not applied, whatever it is. */
__attribute__((cold, noinline)) static void passed_over(
	struct trader *trader, const struct market_data_header *header,
	enum session_verdict verdict)
{
	struct trader_counters *counters = &trader->counters;

	if (verdict == SESSION_FOREIGN && counters->foreign++ == 0)
		log_warning("datagrams of another session (tag 0x%03x, ours is "
			    "0x%03x) are passed over",
			    market_data_tag(header->flags),
			    trader->session.tag);
	else if (verdict == SESSION_DOUBTED && counters->doubted++ == 0)
		log_warning("number %u%s, where %u is expected, is not "
			    "believed before others bear it out",
			    header->sequence,
			    header->flags & MARKET_DATA_END_OF_FEED
				    ? " of the feed's end"
				    : "",
			    trader->session.expected);
	else if (verdict == SESSION_DUPLICATE)
		counters->duplicates++;
}

__attribute__((cold, noinline)) static int room_make(struct trader *trader)
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

/* None of the order has gone out, and by the time that it could it would be
 * stale. */
__attribute__((cold, noinline)) static int unsent(struct trader *trader,
						  int err)
{
	if (err == -EAGAIN) {
		trader->counters.refused++;
		window_closed(trader);
		return 0;
	}
	log_error("an order could not be sent: %s", log_strerror(err));
	return err;
}

/* Busy, not asleep: what slow code would do. */
__attribute__((cold, noinline)) static void inject_delay(uint64_t ns)
{
	const uint64_t end = clock_monotonic_ns() + ns;

	while (clock_monotonic_ns() < end)
		;
}

/* HOT. Encode, send, stamp. */
static int order_send(struct trader *trader, const struct order *order,
		      struct stages_sample *sample)
{
	int err;

	sample->decision = clock_counter();
	if (__builtin_expect(trader->inject_delay_ns > 0, 0))
		inject_delay(trader->inject_delay_ns);
	err = order_connection_send(&trader->connection, order);
	if (__builtin_expect(err < 0, 0))
		return unsent(trader, err);
	sample->sent = clock_counter();
	trader->counters.orders++;
	stages_add(&trader->stages, sample);
	if (__builtin_expect(stages_full(&trader->stages), 0))
		return room_make(trader);
	return 0;
}

/* HOT. 0; 1 at the end of the feed; a negative errno. */
static int packet_trade(struct trader *trader, const struct packet *packet,
			uint64_t user)
{
	struct stages_sample sample = { .kernel_ns = packet->kernel_ns,
					.user = user };
	struct market_data_header header;
	uint32_t expected = trader->session.expected;
	enum session_verdict verdict;
	bool snapshot;

	if (__builtin_expect(
		    market_data_decode(packet->data, packet->len, &header),
		    0)) {
		bad(trader, packet);
		return 0;
	}
	verdict = session_take(&trader->session, &header);
	if (__builtin_expect(verdict != SESSION_IN_ORDER, 0)) {
		if (verdict != SESSION_GAP) {
			passed_over(trader, &header, verdict);
			return 0;
		}
		gap(trader, expected, header.sequence);
	}
	/* The last datagram may carry messages; the oracle applies them. */
	if (__builtin_expect(header.flags & MARKET_DATA_END_OF_FEED, 0) &&
	    header.message_count == 0)
		return 1;
	sample.sequence = header.sequence;
	snapshot = header.flags & MARKET_DATA_SNAPSHOT;
	trader->counters.packets++;
	trader->counters.messages += header.message_count;
	strategy_datagram(&trader->strategy, packet->data, &header);
	for (unsigned int i = 0; i < header.message_count; i++) {
		struct market_data_message message =
			market_data_read(packet->data, i);
		struct order order;

		if (__builtin_expect(strategy_update(&trader->strategy,
						     &message, snapshot,
						     &order),
				     0)) {
			int err = order_send(trader, &order, &sample);

			if (__builtin_expect(err < 0, 0))
				return err;
		}
	}
	return (header.flags & MARKET_DATA_END_OF_FEED) != 0;
}

/* HOT code has counted. */
static void limits_tell(struct trader *trader)
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

	if (trader->strangers_told || !receive_strangers(trader->receive))
		return;
	trader->strangers_told = true;
	log_warning("market data come from others than %s, and are left out: "
		    "--source",
		    inet_ntop(AF_INET, &trader->config->source, source,
			      sizeof(source)));
}

static int exchange_look(struct trader *trader, uint64_t now_ns)
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
	return err;
}

/* Two receives that find nothing, and the clock. 0 or a negative errno. */
__attribute__((cold, noinline)) static int housekeeping(struct trader *trader)
{
	uint64_t now_ns = clock_monotonic_ns();
	int err;

	trader->looked = clock_counter();
	limits_tell(trader);
	if (trader->counters.packets == 0)
		strangers_tell(trader);
	if (now_ns - trader->opened_ns > HOUSEKEEPING_NS)
		trader->housekeeping_ticks =
			(uint64_t)((double)HOUSEKEEPING_NS *
				   (double)(trader->looked - trader->opened) /
				   (double)(now_ns - trader->opened_ns));
	err = receive_alive(trader->receive);
	if (err) {
		log_error("interface '%s' is gone", trader->config->interface);
		return err;
	}
	return exchange_look(trader, now_ns);
}

static inline bool housekeeping_due(const struct trader *trader, uint64_t now)
{
	return __builtin_expect(
		now - trader->looked >= trader->housekeeping_ticks, 0);
}

/* Nothing is waiting: what takes its time costs nobody else's. */
__attribute__((cold, noinline)) static int idle_use(struct trader *trader)
{
	int err = 0;

	if (stages_filling(&trader->stages))
		err = room_make(trader);
	return err ? err : housekeeping(trader);
}

__attribute__((cold, noinline)) static int unreceived(struct trader *trader,
						      int err)
{
	if (err == -ENODEV)
		log_error("interface '%s' is gone", trader->config->interface);
	else
		log_error("market data can't be received: %s",
			  log_strerror(err));
	return err;
}

/* HOT; by itself, so that tests/lint/hot.sh finds what it calls. */
__attribute__((noinline)) static int trader_loop(struct trader *trader)
{
	static const volatile int never;
	const volatile int *stop =
		trader->config->stop ? trader->config->stop : &never;
	const bool sleeps = trader->receive->caps & RECEIVE_SLEEPS;
	const unsigned int idle_limit = sleeps ? 1 : IDLE_SPINS;
	struct packet packets[RECEIVE_BURST_MAX];
	int err = 0;

	while (!*stop && !err) {
		int n = receive_poll(trader->receive, packets,
				     RECEIVE_BURST_MAX);

		if (n > 0) {
			uint64_t user = clock_counter();

			for (int i = 0; i < n && !err; i++)
				err = packet_trade(trader, &packets[i], user);
			if (housekeeping_due(trader, user) && !err)
				err = housekeeping(trader);
		} else if (n < 0) {
			err = n == -ESHUTDOWN ? 1 : unreceived(trader, n);
		} else if (++trader->idle >= idle_limit) {
			trader->idle = 0;
			if (sleeps || housekeeping_due(trader, clock_counter()))
				err = idle_use(trader);
		}
	}
	return err;
}

/* What was sent is delivered once the exchange's end has acknowledged it. */
static void unacknowledged_count(struct trader *trader)
{
	const volatile int *stop = trader->config->stop;
	uint64_t left =
		transport_settle(trader->connection.transport,
				 stop && *stop ? SETTLE_STOPPED_MS : SETTLE_MS);
	uint64_t order_len =
		trader->counters.orders
			? trader->connection.bytes / trader->counters.orders
			: 0;

	if (!left || !order_len)
		return;
	/* A heartbeat is no order. */
	if (!trader->connection.channel->ops->tick)
		left += order_len - 1;
	trader->counters.unacknowledged = left / order_len;
	if (!trader->counters.unacknowledged)
		return;
	log_warning("%llu orders were sent and not acknowledged: they may "
		    "never have arrived",
		    (unsigned long long)trader->counters.unacknowledged);
}

int trader_run(struct trader *trader)
{
	int err = trader_loop(trader), settled;

	/* Who was refused has heard another's feed to its end. */
	if (err == 1)
		err = exchange_look(trader, clock_monotonic_ns());
	limits_tell(trader);
	trader->counters.dropped = receive_drops(trader->receive);
	unacknowledged_count(trader);
	if (trader->counters.gaps > GAPS_SHOWN)
		log_warning("%llu gaps, %llu datagrams missing",
			    (unsigned long long)trader->counters.gaps,
			    (unsigned long long)trader->counters.lost);
	settled = stages_flush(&trader->stages);
	return err ? err : settled;
}

int trader_close(struct trader *trader)
{
	int err;

	order_connection_logout(&trader->connection);
	transport_close(trader->connection.transport);
	channel_close(trader->connection.channel);
	receive_close(trader->receive);
	err = stages_close(&trader->stages);
	strategy_close(&trader->strategy);
	return err;
}
