/* SPDX-License-Identifier: MIT */
#include "tests/bench/support/peer.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/option.h"
#include "net/address.h"
#include "net/interface.h"
#include "net/socket.h"
#include "order/channel_ops.h"
#include "trader/strategy.h"
#include "wire/market_data.h"

#define RECEIVE_BUFFER	   (4 << 20) /* as t2t-trader's rcvbuf */
#define CONNECT_TIMEOUT_MS 5000

_Static_assert(MARKET_DATA_MESSAGES_MAX *ORDER_LEN <= PEER_ORDERS_MAX,
	       "each message may call for an order");

struct peer_config {
	struct sockaddr_in connect;
	struct sockaddr_in group;
	const char *interface;
	const char *receive;
	struct strategy_config strategy;
	const char *samples;
	bool json;
};

struct peer_work {
	struct strategy strategy;
	struct market_data_sequence sequence;
	struct channel *channel;
	uint64_t packets, orders, lost, bad;
};

static const struct option_row rows[] = {
	{ .name = "connect",
	  .metavar = "ADDR:PORT",
	  .type = OPTION_PARSED,
	  .parse = address_parse,
	  .offset = offsetof(struct peer_config, connect),
	  .required = true,
	  .help = "the exchange" },
	{ .name = "group",
	  .metavar = "ADDR:PORT",
	  .type = OPTION_PARSED,
	  .parse = address_parse_group,
	  .offset = offsetof(struct peer_config, group),
	  .required = true,
	  .help = "the market data" },
	{ .name = "interface",
	  .metavar = "NAME",
	  .type = OPTION_STRING,
	  .offset = offsetof(struct peer_config, interface),
	  .required = true,
	  .help = "where it comes in" },
	{ .name = "receive",
	  .metavar = "PATH",
	  .def = "",
	  .type = OPTION_STRING,
	  .offset = offsetof(struct peer_config, receive),
	  .help = "NAME:wait=sleep, or spin" },
	{ .name = "threshold-usd",
	  .metavar = "USD",
	  .def = "1000000",
	  .type = OPTION_DECIMAL,
	  .max = INT64_MAX,
	  .offset = offsetof(struct peer_config, strategy.threshold_usd),
	  .help = "as the trader's" },
	{ .name = "aggress",
	  .metavar = "SIDE",
	  .def = "opposite",
	  .type = OPTION_CHOICE,
	  .choices = strategy_aggress_names,
	  .offset = offsetof(struct peer_config, strategy.aggress),
	  .help = "as the trader's" },
	{ .name = "samples",
	  .metavar = "FILE",
	  .type = OPTION_STRING,
	  .offset = offsetof(struct peer_config, samples),
	  .help = "ignored" },
	{ .name = "json",
	  .type = OPTION_FLAG,
	  .offset = offsetof(struct peer_config, json),
	  .help = "always on" },
	OPTION_END,
};

static const char *const wait_names[] = { "sleep", "spin", NULL };

struct receive_options {
	unsigned int wait;
};

static const struct option_row receive_rows[] = {
	{ .name = "wait",
	  .metavar = "HOW",
	  .def = "sleep",
	  .type = OPTION_CHOICE,
	  .choices = wait_names,
	  .offset = offsetof(struct receive_options, wait),
	  .help = "for what completes: sleep, or look again and again" },
	OPTION_END,
};

static int receive_read(struct peer *peer, const char *text)
{
	const char *colon = strchr(text, ':');
	struct receive_options options;
	char *copy = NULL;
	int err = option_parse_list(receive_rows, colon ? colon + 1 : NULL,
				    "--receive", &options, &copy);

	free(copy);
	peer->spin = options.wait == 1;
	return err;
}

/* In t2t-trader's order: the exchange publishes as soon as it has accepted. */
static int sockets_open(struct peer *peer, const struct peer_config *config)
{
	unsigned int buffer = RECEIVE_BUFFER;
	struct interface interface;
	int err = interface_find(config->interface, &interface);

	if (err) {
		log_error("--interface %s: %s", config->interface,
			  log_strerror(err));
		return err;
	}
	peer->data =
		socket_multicast_receiver(&config->group, &interface, &buffer);
	if (peer->data < 0)
		return peer->data;
	peer->orders =
		socket_connect(&config->connect, CONNECT_TIMEOUT_MS, NULL);
	return peer->orders < 0 ? peer->orders : 0;
}

int peer_open(struct peer *peer, const char *name, int argc, char **argv)
{
	const struct option_program program = {
		.name = name,
		.summary = "the trader's work behind another input and output",
		.description = "For the bench alone.",
		.rows = rows,
	};
	struct peer_config config = { .strategy.quantity = 1 };
	enum option_result result =
		option_parse_arguments(&program, argc, argv, &config);

	if (result != OPTION_RUN)
		return (int)result;
	if (receive_read(peer, config.receive) < 0)
		return 2;
	peer->work = calloc(1, sizeof(*peer->work));
	if (!peer->work ||
	    strategy_open(&peer->work->strategy, &config.strategy) < 0 ||
	    channel_open("raw", CHANNEL_TRADER, &peer->work->channel) < 0 ||
	    sockets_open(peer, &config) < 0)
		return 1;
	return -1;
}

/* HOT. Is the datagram the next, or at least no old one? */
static bool datagram_counts(struct peer_work *work,
			    const struct market_data_header *header)
{
	const uint32_t expected = work->sequence.expected;

	switch (market_data_follow(&work->sequence, header->sequence)) {
	case MARKET_DATA_IN_ORDER:
		break;
	case MARKET_DATA_GAP:
		work->lost += header->sequence - expected;
		break;
	case MARKET_DATA_DUPLICATE:
		return false;
	}
	work->packets++;
	return true;
}

int peer_trade(struct peer *peer, const uint8_t *datagram, size_t len,
	       uint8_t orders[PEER_ORDERS_MAX])
{
	struct peer_work *work = peer->work;
	struct market_data_header header;
	ssize_t n = 0;

	if (market_data_decode(datagram, len, &header) < 0) {
		work->bad++;
		return 0;
	}
	if (!datagram_counts(work, &header))
		return 0;
	strategy_datagram(&work->strategy, datagram, &header);
	peer->ended = header.flags & MARKET_DATA_END_OF_FEED;
	for (unsigned int i = 0; i < header.message_count; i++) {
		struct market_data_message message =
			market_data_read(datagram, i);
		struct order order;
		const uint8_t *bytes;
		size_t more;
		int err;

		if (!strategy_update(&work->strategy, &message,
				     header.flags & MARKET_DATA_SNAPSHOT,
				     &order))
			continue;
		err = channel_encode(work->channel, &order);
		if (err < 0)
			return err;
		bytes = channel_waiting(work->channel, &more);
		memcpy(orders + n, bytes, more);
		channel_sent(work->channel, more);
		work->orders++;
		n += (ssize_t)more;
	}
	return (int)n;
}

int peer_close(struct peer *peer)
{
	const struct peer_work *work = peer->work;
	json_t *all = json_pack("{s:{s:I,s:I,s:I,s:I}}", "counters", "packets",
				(json_int_t)work->packets, "orders",
				(json_int_t)work->orders, "lost",
				(json_int_t)work->lost, "bad_datagrams",
				(json_int_t)work->bad);

	json_dumpf(all, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(all);
	if (work->lost)
		log_warning("%llu datagrams lost",
			    (unsigned long long)work->lost);
	if (!peer->ended)
		log_error("ended before the feed did");
	return fflush(stdout) == EOF || !peer->ended ? 1 : 0;
}
