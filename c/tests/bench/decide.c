/* SPDX-License-Identifier: MIT */
/*
 * The trader's own work on each packet of a feed: decode, book, rule, encode.
 * User time alone: the packets lie in memory, nothing is received or sent.
 * The stamps' own cost is in the figure.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/decimal.h"
#include "base/log.h"
#include "base/option.h"
#include "exchange/datagram_source.h"
#include "order/channel_ops.h"
#include "stats/percentile.h"
#include "trader/strategy.h"

struct config {
	const char *feed;
	uint64_t rounds;
	bool json;
};

static const struct option_row rows[] = {
	{ .name = "feed",
	  .metavar = "FILE",
	  .type = OPTION_STRING,
	  .offset = offsetof(struct config, feed),
	  .required = true,
	  .help = "gzip market data" },
	{ .name = "rounds",
	  .metavar = "N",
	  .def = "5",
	  .type = OPTION_UNSIGNED,
	  .min = 1,
	  .max = 1000,
	  .offset = offsetof(struct config, rounds),
	  .help = "passes over the feed; the median of their percentiles" },
	{ .name = "json",
	  .type = OPTION_FLAG,
	  .offset = offsetof(struct config, json),
	  .help = "one JSON object" },
	OPTION_END,
};

static const struct option_program program = {
	.name = "decide",
	.summary = "time decode, book, rule and encode",
	.description = "For the bench alone.",
	.rows = rows,
};

struct datagrams {
	uint8_t *bytes;
	size_t *end; /* of each; the first begins at 0 */
	size_t count;
};

static int datagrams_load(struct datagrams *all, const char *path)
{
	static struct datagram_source source;
	struct formatter formatter;
	struct source_datagram datagram;
	size_t room = 0, len = 0;
	int err = formatter_open("auto", &formatter);

	if (!err)
		err = datagram_source_open(&source, path, formatter.format);
	if (err)
		return err;
	while ((err = datagram_source_next(&source, &datagram)) == 1) {
		if (all->count == room) {
			room = room ? 2 * room : 65536;
			all->end = realloc(all->end, room * sizeof(*all->end));
			all->bytes = realloc(all->bytes, room * 128);
		}
		if (!all->end || !all->bytes || len + datagram.len > room * 128)
			return -1;
		memcpy(all->bytes + len, datagram.bytes, datagram.len);
		len += datagram.len;
		all->end[all->count++] = len;
	}
	datagram_source_close(&source);
	formatter_close(&formatter);
	return err;
}

/* One pass; times[i]: counter ticks of packet i. Returns the orders. */
static uint64_t pass(const struct datagrams *all, struct channel *channel,
		     uint64_t *times)
{
	const struct strategy_config config = { .threshold_usd =
							1000000 * DECIMAL_ONE,
						.quantity = 1 };
	struct strategy strategy;
	uint64_t orders = 0;
	size_t begin = 0;

	if (strategy_open(&strategy, &config) < 0)
		return 0;
	for (size_t i = 0; i < all->count; i++) {
		const uint8_t *data = all->bytes + begin;
		uint64_t start = clock_counter();
		struct market_data_header header;

		if (market_data_decode(data, all->end[i] - begin, &header) ==
		    0) {
			strategy_datagram(&strategy, data, &header);
			for (unsigned int m = 0; m < header.message_count;
			     m++) {
				struct market_data_message message =
					market_data_read(data, m);
				struct order order;

				if (!strategy_update(
					    &strategy, &message,
					    header.flags & MARKET_DATA_SNAPSHOT,
					    &order))
					continue;
				orders += channel_encode(channel, &order) == 0;
				channel_sent(channel, ORDER_LEN);
			}
		}
		times[i] = clock_counter() - start;
		begin = all->end[i];
	}
	strategy_close(&strategy);
	return orders;
}

/* What two stamps next to each other take, p50. */
static uint64_t stamp_ticks(void)
{
	uint64_t times[1001];

	for (size_t i = 0; i < 1001; i++) {
		uint64_t start = clock_counter();

		times[i] = clock_counter() - start;
	}
	return percentiles_of(times, 1001).p50;
}

int main(int argc, char **argv)
{
	enum option_result result;
	struct clock_anchor first, last;
	uint64_t *times, p50s[1000], p99s[1000], orders = 0;
	struct datagrams all = { 0 };
	struct channel *channel;
	struct config config = { 0 };
	double ns, p50, p99, stamp;

	result = option_parse_arguments(&program, argc, argv, &config);
	if (result != OPTION_RUN)
		return (int)result;
	if (datagrams_load(&all, config.feed) < 0 || all.count == 0 ||
	    channel_open("raw", CHANNEL_TRADER, &channel) < 0)
		return 1;
	times = calloc(all.count, sizeof(*times));
	if (!times)
		return 1;
	clock_anchor_take(&first);
	for (uint64_t i = 0; i < config.rounds; i++) {
		struct percentiles round;

		orders = pass(&all, channel, times);
		round = percentiles_of(times, all.count);
		p50s[i] = round.p50;
		p99s[i] = round.p99;
	}
	clock_anchor_take_after(&first, &last);
	ns = clock_ns_per_tick(&first, &last);
	p50 = (double)percentiles_of(p50s, config.rounds).p50 * ns;
	p99 = (double)percentiles_of(p99s, config.rounds).p50 * ns;
	stamp = (double)stamp_ticks() * ns;
	if (config.json)
		printf("{\"packets\": %zu, \"orders\": %llu, \"p50_ns\": %.1f, "
		       "\"p99_ns\": %.1f, \"stamp_ns\": %.1f}\n",
		       all.count, (unsigned long long)orders, p50, p99, stamp);
	else
		printf("%zu packets, %llu orders: p50 %.1f ns, p99 %.1f ns a "
		       "packet, of which the stamps take %.1f ns\n",
		       all.count, (unsigned long long)orders, p50, p99, stamp);
	channel_close(channel);
	free(times);
	free(all.bytes);
	free(all.end);
	return 0;
}
