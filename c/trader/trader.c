/* SPDX-License-Identifier: MIT */
#include "trader/trader.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "trader/trader_loop.h"
#include "trader/trader_recovery.h"

/* Until the counter's pace is known; from under a millisecond to 40. */
#define HOUSEKEEPING_TICKS (1 << 20)
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

static int sources_make(struct trader *trader,
			const struct trader_config *config)
{
	struct receive_config line[SOURCES_LINES_MAX];

	for (unsigned int i = 0; i < SOURCES_LINES_MAX; i++) {
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
static int session_make(struct trader *trader,
			const struct trader_config *config)
{
	uint16_t tag = market_data_session_tag(
		transport_port(trader->connection.transport));

	session_begin(&trader->session, tag, config->jump_max);
	return trader_recovers(config) ? trader_recovery_open(trader, tag) : 0;
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
	err = connect_or_open(trader);
	if (err)
		goto close_sources;
	err = session_make(trader, config);
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

int trader_close(struct trader *trader)
{
	int err;

	order_connection_logout(&trader->connection);
	transport_close(trader->connection.transport);
	channel_close(trader->connection.channel);
	sources_close(&trader->sources);
	trader_recovery_close(trader);
	err = stages_close(&trader->stages);
	strategy_close(&trader->strategy);
	return err;
}
