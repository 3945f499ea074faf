/* SPDX-License-Identifier: MIT */
#include "trader/trader.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/log.h"
#include "trader/trader_loop.h"
#include "trader/trader_recovery.h"

/* Until the counter's pace is known; from under a millisecond to 40. */
#define HOUSEKEEPING_TICKS (1 << 20)
/* What is on its way at the end has so long to be acknowledged. */
#define SETTLE_MS	  1000
#define SETTLE_STOPPED_MS 300 /* after a signal */
/* A network that is never silent is not drained for ever. */
#define DRAIN_NS UINT64_C(1000000000)

static int connect_or_open(struct trader *trader, unsigned int timeout_ms)
{
	const struct trader_config *config = trader->config;
	struct order_connection *connection = &trader->connection;
	const struct transport_config wanted = {
		.peer = config->connect,
		.timeout_ms = timeout_ms,
		.stop = config->stop,
		.frames = trader->sources.line[0]->frames,
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
	if (err) {
		transport_close(connection->transport);
		connection->transport = NULL;
	}
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
	if (err) {
		channel_close(*channel);
		*channel = NULL;
	}
	return err;
}

static int sources_make(struct trader *trader,
			const struct trader_config *config)
{
	struct receive_config line[MARKET_DATA_LINES_MAX];

	for (unsigned int i = 0; i < MARKET_DATA_LINES_MAX; i++) {
		const char *interface = trader_interface(config, i);

		line[i] = (struct receive_config){
			.interface = *interface ? interface : NULL,
			.group = config->group[i],
			.source = config->source,
		};
	}
	return sources_open(&trader->sources, config->receive, line,
			    trader_lines(config));
}

/* Whose session it is, which the order connection says. */
static int session_make(struct trader *trader)
{
	const struct trader_config *config = trader->config;
	const uint16_t tag = market_data_session_tag(
		transport_port(trader->connection.transport));

	session_begin(&trader->session, tag, config->jump_max);
	return trader_recovers(config) ? trader_recovery_begin(trader, tag) : 0;
}

/* The first one. Gives everything back on failure. */
static int sessions_open(struct trader *trader)
{
	int err = trader_recovers(trader->config) ? trader_recovery_open(trader)
						  : 0;

	if (err)
		return err;
	err = session_make(trader);
	if (err)
		trader_recovery_close(trader);
	return err;
}

int trader_open(struct trader *trader, const struct trader_config *config)
{
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
	err = sources_make(trader, config);
	if (err)
		goto close_stages;
	err = connect_or_open(trader, (unsigned int)config->connect_timeout_ms);
	if (err)
		goto close_sources;
	err = sessions_open(trader);
	if (err)
		goto close_transport;
	trader->housekeeping_ticks = HOUSEKEEPING_TICKS;
	trader->opened_ns = clock_monotonic_ns();
	trader->opened = trader->looked = clock_counter();
	return 0;
close_transport:
	transport_close(trader->connection.transport);
close_sources:
	sources_close(&trader->sources);
close_stages:
	stages_close(&trader->stages);
close_strategy:
	strategy_close(&trader->strategy);
close_channel:
	channel_close(trader->connection.channel);
	return err;
}

/* What was sent is delivered once the exchange's end has acknowledged it. */
static void unacknowledged_count(struct trader *trader)
{
	const volatile int *stop = trader->config->stop;
	uint64_t left =
		transport_settle(trader->connection.transport,
				 stop && *stop ? SETTLE_STOPPED_MS : SETTLE_MS);
	const uint64_t orders = trader->counters.orders - trader->before.orders;
	uint64_t order_len = orders ? trader->connection.bytes / orders : 0;

	if (!left || !order_len)
		return;
	/* A heartbeat is no order. */
	if (!trader->connection.channel->ops->tick)
		left += order_len - 1;
	left /= order_len;
	trader->counters.unacknowledged += left;
	if (!left)
		return;
	log_warning("%llu orders were sent and not acknowledged: they may "
		    "never have arrived",
		    (unsigned long long)left);
}

int trader_run(struct trader *trader)
{
	int err = trader_recovers(trader->config) ? trader_recovery_loop(trader)
						  : trader_loop(trader),
	    settled;

	/* Who was refused has heard another's feed to its end. */
	if (err == 1)
		err = trader_loop_exchange_look(trader, clock_monotonic_ns());
	trader_loop_limits_tell(trader);
	trader->counters.dropped = sources_drops(&trader->sources);
	unacknowledged_count(trader);
	if (trader->counters.gaps > TRADER_LOOP_GAPS_SHOWN)
		log_warning("%llu gaps, %llu datagrams missing",
			    (unsigned long long)trader->counters.gaps,
			    (unsigned long long)trader->counters.lost);
	settled = stages_flush(&trader->stages);
	return err ? err : settled;
}

/* A trader that has not come back has none. */
void trader_leave(struct trader *trader)
{
	struct order_connection *connection = &trader->connection;

	if (connection->transport)
		order_connection_logout(connection);
	transport_close(connection->transport);
	channel_close(connection->channel);
	memset(connection, 0, sizeof(*connection));
}

/* Once from each line and from the retransmitter. How many datagrams, or a
 * negative errno, logged. */
static int all_forget(struct trader *trader)
{
	struct packet packets[RECEIVE_BURST_MAX];
	struct sources *sources = &trader->sources;
	int count = 0;

	for (unsigned int i = 0; i < sources->lines; i++) {
		int n = receive_poll(sources->line[i], packets,
				     RECEIVE_BURST_MAX);

		if (n < 0)
			return trader_loop_unreceived(trader, i, n);
		count += n;
	}
	while (sources->answers >= 0 && sources_answer(sources, packets))
		count++;
	trader->counters.foreign += (uint64_t)count;
	return count;
}

int trader_drain(struct trader *trader, uint64_t wait_ns)
{
	const volatile int *stop = trader->config->stop;
	const uint64_t end_ns = clock_monotonic_ns() + wait_ns;
	uint64_t now_ns;

	do {
		int n = all_forget(trader);

		if (n < 0)
			return n;
		if (stop && *stop)
			return -EINTR;
		now_ns = clock_monotonic_ns();
		if (n > 0 && now_ns < end_ns + DRAIN_NS)
			continue;
		if (now_ns >= end_ns)
			break;
		if (!trader->sources.sleeps)
			poll(NULL, 0, 1);
	} while (true);
	return 0;
}

int trader_reconnect(struct trader *trader, unsigned int timeout_ms)
{
	int err;

	trader_leave(trader);
	strategy_reset(&trader->strategy);
	trader->before = trader->counters;
	trader->window_closed = trader->exchange_gone = false;
	err = channel_make(trader, trader->config);
	if (err)
		return err;
	err = connect_or_open(trader, timeout_ms);
	if (err) {
		channel_close(trader->connection.channel);
		trader->connection.channel = NULL;
		return trader_loop_gone(trader, err);
	}
	err = session_make(trader);
	if (!err)
		trader->counters.reconnects++;
	return err;
}

int trader_close(struct trader *trader)
{
	int err;

	trader_leave(trader);
	sources_close(&trader->sources);
	trader_recovery_close(trader);
	err = stages_close(&trader->stages);
	strategy_close(&trader->strategy);
	return err;
}
