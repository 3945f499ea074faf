/* SPDX-License-Identifier: MIT */
/* Market data in, orders out. */
#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/decimal.h"
#include "base/log.h"
#include "base/option.h"
#include "base/privileges.h"
#include "net/address.h"
#include "net/interface.h"
#include "net/lines.h"
#include "net/onload.h"
#include "order/channel.h"
#include "order/transport_ops.h"
#include "receive/receive_ops.h"
#include "trader/trader_place.h"
#include "trader/trader_report.h"
#include "trader/trader_sessions.h"

struct config {
	struct trader_config trader;
	uint64_t order_quantity;
	uint64_t jump_max;
	uint64_t symbols_max;
	uint64_t levels_max;
	struct trader_place place;
	unsigned int privileges;
	bool json;
	const char *keys;
	char channel_text[CHANNEL_TEXT_MAX];
};

static const struct option_row rows[] = {
	{ .name = "connect",
	  .metavar = "ADDR:PORT",
	  .type = OPTION_PARSED,
	  .parse = address_parse,
	  .offset = offsetof(struct config, trader.connect),
	  .help = "the exchange's order entry; left out only where market\n"
		  "data comes from memory: orders go nowhere then" },
	{ .name = "group",
	  .metavar = "ADDR:PORT[,ADDR:PORT]",
	  .def = "239.255.0.1:12345",
	  .type = OPTION_PARSED,
	  .parse = address_parse_groups,
	  .offset = offsetof(struct config, trader.group),
	  .help = "multicast group of the market data; two: lines with the\n"
		  "same datagrams, of which the first copy counts" },
	{ .name = "source",
	  .metavar = "ADDR|any",
	  .type = OPTION_PARSED,
	  .parse = address_parse_source,
	  .offset = offsetof(struct config, trader.source),
	  .help = "sender of the market data; datagrams of others are left\n"
		  "out. Default: the address of --connect" },
	{ .name = "interface",
	  .metavar = "NAME[,NAME]",
	  .type = OPTION_PARSED,
	  .parse = interface_parse_names,
	  .offset = offsetof(struct config, trader.interface),
	  .help = "interface that the group is joined on; of two lines one\n"
		  "for both, or each its own" },
	{ .name = "receive",
	  .metavar = "PATH",
	  .def = "block",
	  .type = OPTION_STRING,
	  .offset = offsetof(struct config, trader.receive),
	  .family = &receive_paths,
	  .help = "receive path, with its options behind a colon:\n"
		  "spin:rcvbuf=1m,timestamps=off; help: list them all" },
	{ .name = "channel",
	  .metavar = "NAME",
	  .def = CHANNEL_DEFAULT,
	  .type = OPTION_STRING,
	  .offset = offsetof(struct config, trader.channel),
	  .family = &channels,
	  .help = "what an order looks like; help: list them all" },
	{ .name = "keys",
	  .metavar = "FILE",
	  .type = OPTION_STRING,
	  .offset = offsetof(struct config, keys),
	  .help = "of --channel tls: append the connection's secrets there,\n"
		  "for t2t-wiretap and Wireshark (SSLKEYLOGFILE's format)" },
	{ .name = "transport",
	  .metavar = "NAME",
	  .def = "send",
	  .type = OPTION_STRING,
	  .offset = offsetof(struct config, trader.transport),
	  .family = &transports,
	  .help = "how an order leaves; help: list them all" },
	{ .name = "threshold-usd",
	  .metavar = "USD",
	  .def = STRATEGY_THRESHOLD_USD,
	  .type = OPTION_DECIMAL,
	  .max = INT64_MAX,
	  .offset = offsetof(struct config, trader.strategy.threshold_usd),
	  .help = "an update larger than this is answered by an order" },
	{ .name = "aggress",
	  .metavar = "SIDE",
	  .def = "opposite",
	  .type = OPTION_CHOICE,
	  .choices = strategy_aggress_names,
	  .offset = offsetof(struct config, trader.strategy.aggress),
	  .help = "a big bid makes a buy at the best ask (opposite), or a\n"
		  "sell that hits it (same); a big ask the reverse" },
	{ .name = "contract",
	  .metavar = "KIND",
	  .def = "linear",
	  .type = OPTION_CHOICE,
	  .choices = strategy_contract_names,
	  .offset = offsetof(struct config, trader.strategy.contract),
	  .help = "in inverse contracts the amount itself is in USD" },
	{ .name = "order-quantity",
	  .metavar = "LOTS",
	  .def = "1",
	  .type = OPTION_UNSIGNED,
	  .min = 1,
	  .max = UINT32_MAX,
	  .offset = offsetof(struct config, order_quantity),
	  .help = "of each order" },
	{ .name = "jump-max",
	  .metavar = "DATAGRAMS",
	  .def = "1024",
	  .type = OPTION_UNSIGNED,
	  .min = 1,
	  .max = INT32_MAX,
	  .offset = offsetof(struct config, jump_max),
	  .help = "a sequence number that is farther ahead of the expected\n"
		  "one is believed only when the next one follows it" },
	{ .name = "recover",
	  .metavar = "HOW",
	  .def = "none",
	  .type = OPTION_CHOICE,
	  .choices = trader_recover_names,
	  .offset = offsetof(struct config, trader.recover),
	  .help = "what to do about missing datagrams: go on without (none),\n"
		  "or ask the exchange for them and let later ones wait\n"
		  "(request)" },
	{ .name = "recover-ms",
	  .metavar = "MS",
	  .def = "20",
	  .type = OPTION_UNSIGNED,
	  .min = 1,
	  .max = 3600000,
	  .offset = offsetof(struct config, trader.recover_ms),
	  .help = "so long after it was seen a gap that nothing fills is\n"
		  "given up; of two lines it is waited for so long, too" },
	{ .name = "recover-from",
	  .metavar = "ADDR:PORT",
	  .type = OPTION_PARSED,
	  .parse = address_parse,
	  .offset = offsetof(struct config, trader.recover_from),
	  .help = "the exchange's retransmitter. Default: the address of\n"
		  "--connect, the port after its own" },
	{ .name = "symbols-max",
	  .metavar = "N",
	  .def = "256",
	  .type = OPTION_UNSIGNED,
	  .min = 1,
	  .max = 65536,
	  .offset = offsetof(struct config, symbols_max),
	  .help = "symbols beyond these are left out, and counted" },
	{ .name = "levels-max",
	  .metavar = "N",
	  .def = "8192",
	  .type = OPTION_UNSIGNED,
	  .min = 1,
	  .max = 65536,
	  .offset = offsetof(struct config, levels_max),
	  .help = "levels that a side of a book keeps, the best; 40 bytes\n"
		  "each, in each book, once it fills up" },
	{ .name = "samples",
	  .metavar = "FILE",
	  .type = OPTION_STRING,
	  .offset = offsetof(struct config, trader.samples),
	  .help = "write each order's stamps there, as CSV" },
	{ .name = "connect-timeout-ms",
	  .metavar = "MS",
	  .def = "5000",
	  .type = OPTION_UNSIGNED,
	  .min = 1,
	  .max = 3600000,
	  .offset = offsetof(struct config, trader.connect_timeout_ms),
	  .help = "how long to keep trying to connect, and then to wait for\n"
		  "the channel's handshake" },
	{ .name = "reconnect",
	  .metavar = "SECONDS",
	  .def = "0",
	  .type = OPTION_UNSIGNED,
	  .max = 86400,
	  .offset = offsetof(struct config, trader.reconnect_s),
	  .help = "an exchange that goes away is tried again for so long;\n"
		  "each session begins with empty books; 0: the trader ends" },
	{ .name = "sessions",
	  .metavar = "N",
	  .def = "1",
	  .type = OPTION_UNSIGNED,
	  .min = 1,
	  .max = 1000000,
	  .offset = offsetof(struct config, trader.sessions),
	  .help = "so many, one after the other: at the feed's end the\n"
		  "trader logs out, and comes back for it from its begin" },
	{ .name = "inject-delay-ns",
	  .alias = "handicap-ns",
	  .metavar = "NS",
	  .def = "0",
	  .type = OPTION_UNSIGNED,
	  .max = 1000000000,
	  .offset = offsetof(struct config, trader.inject_delay_ns),
	  .help = "for tests of the lab: spin so long before each order,\n"
		  "to see whether the slow-down is found" },
	{ .name = "cpu",
	  .metavar = "N",
	  .type = OPTION_PARSED,
	  .parse = trader_place_cpu,
	  .offset = offsetof(struct config, place.cpu),
	  .help = "run on this CPU alone" },
	{ .name = "fifo",
	  .metavar = "PRIORITY",
	  .type = OPTION_UNSIGNED,
	  .min = 1,
	  .max = 99,
	  .offset = offsetof(struct config, place.fifo),
	  .help = "real-time priority, SCHED_FIFO" },
	{ .name = "mlock",
	  .type = OPTION_FLAG,
	  .offset = offsetof(struct config, place.lock_memory),
	  .help = "lock all memory" },
	{ .name = "onload",
	  .metavar = "PROFILE[:EF_NAME=VALUE,...]",
	  .type = OPTION_PARSED,
	  .parse = onload_parse,
	  .offset = offsetof(struct config, place.onload),
	  .help = "run under OpenOnload, by this profile of it; only for\n"
		  "paths that receive and send by calls on sockets" },
	PRIVILEGES_OPTION(offsetof(struct config, privileges)),
	{ .name = "json",
	  .type = OPTION_FLAG,
	  .offset = offsetof(struct config, json),
	  .help = "one JSON object instead of the table" },
	OPTION_END,
};

static const struct option_program program = {
	.name = "t2t-trader",
	.summary = "answer large top-of-book updates with orders",
	.description =
		"Joins the group, connects to the exchange, keeps the book\n"
		"and sends a 13-byte order for each update that is the best\n"
		"of its side and larger than the threshold. Leaves at the\n"
		"end of the feed.\n\n"
		"The hot loop makes no system call but receiving and sending;\n"
		"stamps of each stage are kept in memory and written at the\n"
		"end.",
	.exit_and_output =
		"On stdout a table of the stages (kernel receive, user\n"
		"receive, decision, send returned), in ns, and counters; a\n"
		"percentile with fewer than ten orders beyond it is '-'; on\n"
		"stderr diagnostics, among them\n"
		"'Gap detected: expected N, got N'.",
	.rows = rows,
};

static volatile int stopped;

static void on_signal(int signal)
{
	(void)signal;
	stopped = 1;
}

/* "--receive help" and its like. */
static bool help_given(const struct config *config)
{
	if (!strcmp(config->trader.receive, "help"))
		receive_print_paths(stdout);
	else if (!strcmp(config->trader.channel, "help"))
		registry_print(&channels, stdout);
	else if (!strcmp(config->trader.transport, "help"))
		registry_print(&transports, stdout);
	else
		return false;
	return true;
}

static int interfaces_check(const struct trader_config *trader)
{
	struct interface interface;

	for (unsigned int i = 0; i < trader_lines(trader); i++) {
		const char *name = trader_interface(trader, i);
		int err = interface_find(name, &interface);

		if (!err)
			continue;
		log_error("--interface %s: %s", name, log_strerror(err));
		return 1;
	}
	return 0;
}

/* Of which lines, and whom to ask. 0, or the exit code. */
static int feed_check(const struct trader_config *trader)
{
	if (lines_check(trader->group, trader->interface) < 0)
		return 2;
	if (trader->recover == TRADER_RECOVER_REQUEST &&
	    !trader->recover_from.sin_port &&
	    ntohs(trader->connect.sin_port) + 1 > UINT16_MAX) {
		log_error("--recover request: there is no port after that of "
			  "--connect: --recover-from is required");
		return 2;
	}
	if (trader->recover == TRADER_RECOVER_REQUEST &&
	    !trader->recover_from.sin_port && !trader->connect.sin_port) {
		log_error("--recover request: without --connect --recover-from "
			  "is required");
		return 2;
	}
	return 0;
}

/* 0, or the exit code. */
static int config_check(struct config *config)
{
	struct trader_config *trader = &config->trader;
	const struct registry_entry *path =
		registry_find(&receive_paths, trader->receive);
	bool memory, shared;
	int code;

	if (!path || !registry_find(&transports, trader->transport))
		return 2;
	memory = receive_ops_of(path)->caps & RECEIVE_MEMORY;
	shared = receive_ops_of(path)->caps & RECEIVE_SHARED;
	if (!memory && !trader->connect.sin_port) {
		log_error("--connect is required");
		return 2;
	}
	if (memory && (trader->reconnect_s || trader->sessions > 1)) {
		log_error("--reconnect, --sessions: market data from "
			  "memory come once");
		return 2;
	}
	/* Past the kernel the frames of the new connection are asked for. */
	if ((trader->reconnect_s || trader->sessions > 1) &&
	    config->privileges == PRIVILEGES_DROP &&
	    transport_ops_of(registry_find(&transports, trader->transport))
		    ->connect) {
		log_error("--reconnect, --sessions: --transport %s takes "
			  "privileges then: "
			  "--privileges keep",
			  trader->transport);
		return 2;
	}
	if (!memory && !shared && !*trader->interface[0]) {
		log_error("--interface is required");
		return 2;
	}
	if (trader_place_check(&config->place, trader) < 0)
		return 2;
	if (!trader->connect.sin_port)
		trader->transport = "null";
	code = feed_check(trader);
	if (!code && !memory && *trader->interface[0])
		code = interfaces_check(trader);
	if (code)
		return code;
	if (trader->source.s_addr == INADDR_NONE)
		trader->source = trader->connect.sin_addr;
	trader->strategy.quantity = (uint32_t)config->order_quantity;
	trader->strategy.symbols_max = (uint32_t)config->symbols_max;
	trader->strategy.levels_max = (uint32_t)config->levels_max;
	trader->jump_max = (uint32_t)config->jump_max;
	trader->stop = &stopped;
	return 0;
}

static void json_print(const struct config *config, struct trader *trader)
{
	const struct trader_config *wanted = &config->trader;
	char threshold[DECIMAL_TEXT_MAX];
	json_t *all;

	decimal_format(wanted->strategy.threshold_usd, threshold);
	all = json_pack(
		"{s:s,s:{s:s,s:s,s:s,s:o,s:o,s:s,s:I,"
		"s:s,s:s,s:s,s:I,s:I,s:I,s:b,s:s?}}",
		"schema", "t2t-trader/1", "parameters", "receive",
		wanted->receive, "channel", wanted->channel, "transport",
		wanted->transport, "interface",
		trader_report_interfaces(wanted), "group",
		trader_report_groups(wanted), "recover",
		trader_recover_names[wanted->recover], "recover_ms",
		(json_int_t)wanted->recover_ms, "threshold_usd", threshold,
		"aggress", strategy_aggress_names[wanted->strategy.aggress],
		"contract", strategy_contract_names[wanted->strategy.contract],
		"order_quantity", (json_int_t)wanted->strategy.quantity, "cpu",
		(json_int_t)config->place.cpu, "fifo",
		(json_int_t)config->place.fifo, "mlock",
		config->place.lock_memory, "onload", config->place.onload);
	json_object_update_new(all, trader_report_json(trader));
	json_dumpf(all, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(all);
}

static int trade(const struct config *config)
{
	struct trader trader;
	int err = trader_open(&trader, &config->trader), closed;

	if (err == -EINTR) /* a signal, while it tried to connect */
		return 0;
	if (err)
		return err == -EINVAL ? 2 : 1;
	/* Where the limit of locked memory stays, it holds for all that is
	 * had from now on. */
	if (config->privileges == PRIVILEGES_DROP)
		err = privileges_drop(config->place.lock_memory
					      ? PRIVILEGES_BIT(CAP_IPC_LOCK)
					      : 0);
	if (!err)
		err = trader_sessions(&trader);
	if (config->json)
		json_print(config, &trader);
	else
		trader_report_print(&trader);
	if (trader.stages.flushes)
		log_warning("samples were written during the run %llu times",
			    (unsigned long long)trader.stages.flushes);
	closed = trader_close(&trader);
	if (fflush(stdout) == EOF) {
		log_error("can't write to stdout: %s", log_strerror(-errno));
		return 1;
	}
	return err || closed ? 1 : 0;
}

int main(int argc, char **argv)
{
	enum option_result result;
	const struct sigaction action = { .sa_handler = on_signal };
	struct config config = { .place.cpu = -1,
				 .trader.source.s_addr = INADDR_NONE };
	int code;

	result = option_parse_arguments(&program, argc, argv, &config);
	if (result != OPTION_RUN)
		return (int)result;
	if (help_given(&config))
		return fflush(stdout) == EOF ? 1 : 0;
	code = config_check(&config);
	if (code)
		return code;
	if (trader_place_enter(&config.place, argv) < 0)
		return 1;
	if (channel_text_keys(&config.trader.channel, config.keys,
			      config.channel_text) < 0)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	if (trader_place_take(&config.place) < 0)
		return 1;
	return trade(&config);
}
