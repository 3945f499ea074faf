/* SPDX-License-Identifier: MIT */
/* long: a table of options, most of which are the oracle's. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/cpu.h"
#include "base/log.h"
#include "base/option.h"
#include "base/privileges.h"
#include "net/address.h"
#include "order/channel.h"
#include "wiretap/analysis.h"
#include "wiretap/analysis_output.h"
#include "wiretap/analysis_rest.h"
#include "wiretap/analysis_verdict.h"
#include "wiretap/lacked.h"
#include "wiretap/wiretap.h"

struct wiretap_options {
	const char *interface;
	const char *write;
	const char *ring, *region;
	uint64_t look_us;
	const char *read;
	uint64_t fifo;
	bool json;
	uint64_t order_quantity;
	uint64_t symbols_max, levels_max, jump_max;
	unsigned int privileges;
	unsigned int stamps;
	bool promiscuous;
	struct in_addr source;
	const char *keys;
	const char *trader;
	char channel_text[CHANNEL_TEXT_MAX];
	struct analysis_config analysis;
};

/* "auto", "none", N, or N.M for a tag within a tag, as struct frame has it. */
static int parse_vlan(const char *text, void *target, const char **why)
{
	unsigned int outer = 0, inner = 0;
	uint32_t *vlan = target;
	int end = 0;

	if (strcmp(text, "auto") == 0) {
		*vlan = ANALYSIS_VLAN_AUTO;
		return 0;
	}
	if (strcmp(text, "none") == 0) {
		*vlan = 0;
		return 0;
	}
	*why = "auto, none, or 1 to 4094, or OUTER.INNER expected";
	if (strspn(text, "0123456789.") != strlen(text))
		return -EINVAL;
	if (sscanf(text, "%4u.%4u%n", &outer, &inner, &end) == 2 &&
	    !text[end]) {
		if (outer < 1 || outer > 4094)
			return -EINVAL;
	} else {
		outer = 0;
		if (sscanf(text, "%4u%n", &inner, &end) != 1 || text[end])
			return -EINVAL;
	}
	if (inner < 1 || inner > 4094)
		return -EINVAL;
	*vlan = outer << 12 | inner;
	return 0;
}

#define AT(member) offsetof(struct wiretap_options, member)

static const struct option_row rows[] = {
	{ .name = "interface",
	  .metavar = "NAME",
	  .type = OPTION_STRING,
	  .offset = AT(interface),
	  .help = "capture both directions of this interface" },
	{ .name = "write",
	  .metavar = "FILE",
	  .type = OPTION_STRING,
	  .offset = AT(write),
	  .help = "write the capture there, as pcapng, until SIGINT or SIGTERM;"
		  "\nan existing file is overwritten; -: standard output" },
	{ .name = "ring",
	  .metavar = "PATH|@NAME|ADDR:PORT",
	  .type = OPTION_STRING,
	  .offset = AT(ring),
	  .help = "capture what no wire carries, too: listen at this Unix\n"
		  "socket for who writes a ring in memory (tap= of --send\n"
		  "shm); its own stamps are taken, of the kernel's clock" },
	{ .name = "region",
	  .metavar = "PATH|ivshmem",
	  .type = OPTION_STRING,
	  .offset = AT(region),
	  .help = "with --ring: rings of guests are in this memory, which\n"
		  "they share; what is found there is stamped by this\n"
		  "machine's clock, as the kernel stamps" },
	{ .name = "look-us",
	  .metavar = "US",
	  .def = "20",
	  .type = OPTION_UNSIGNED,
	  .max = 999999,
	  .offset = AT(look_us),
	  .help = "of --region: how long to sleep between two looks at it,\n"
		  "latencies are too long by up to two; 0: look all the time" },
	{ .name = "fifo",
	  .metavar = "PRIORITY",
	  .type = OPTION_UNSIGNED,
	  .min = 1,
	  .max = 99,
	  .offset = AT(fifo),
	  .help = "capture with real-time priority, SCHED_FIFO: what shares\n"
		  "the CPU can't keep it from emptying its ring" },
	{ .name = "promiscuous",
	  .type = OPTION_FLAG,
	  .offset = AT(promiscuous),
	  .help = "capture what is for other machines, too: at a switch's\n"
		  "mirror port" },
	{ .name = "stamps",
	  .metavar = "CLOCK",
	  .def = "auto",
	  .type = OPTION_CHOICE,
	  .choices = wiretap_stamps_names,
	  .offset = AT(stamps),
	  .help = "hardware: by the NIC's clock, which stamps what comes in\n"
		  "alone, so both directions have to: at a mirror port;\n"
		  "auto: that with --promiscuous, where the NIC can" },
	{ .name = "read",
	  .metavar = "FILE",
	  .type = OPTION_STRING,
	  .offset = AT(read),
	  .help = "analyse this capture: whatever Wireshark opens;\n"
		  "-: standard input" },
	{ .name = "json",
	  .type = OPTION_FLAG,
	  .offset = AT(json),
	  .help = "write the analysis as one JSON object" },
	{ .name = "threshold-usd",
	  .metavar = "USD",
	  .def = STRATEGY_THRESHOLD_USD,
	  .type = OPTION_DECIMAL,
	  .max = INT64_MAX,
	  .offset = AT(analysis.strategy.threshold_usd),
	  .help = "an update larger than this is answered by an order" },
	{ .name = "aggress",
	  .metavar = "SIDE",
	  .def = "opposite",
	  .type = OPTION_CHOICE,
	  .choices = strategy_aggress_names,
	  .offset = AT(analysis.strategy.aggress),
	  .help = "hit the other side's best level, or the large order" },
	{ .name = "contract",
	  .metavar = "KIND",
	  .def = "linear",
	  .type = OPTION_CHOICE,
	  .choices = strategy_contract_names,
	  .offset = AT(analysis.strategy.contract),
	  .help = "inverse: quantities are in USD" },
	{ .name = "order-quantity",
	  .metavar = "LOTS",
	  .def = "1",
	  .type = OPTION_UNSIGNED,
	  .min = 1,
	  .max = UINT32_MAX,
	  .offset = AT(order_quantity),
	  .help = "of each order" },
	{ .name = "symbols-max",
	  .metavar = "N",
	  .def = "256",
	  .type = OPTION_UNSIGNED,
	  .min = 1,
	  .max = 65536,
	  .offset = AT(symbols_max),
	  .help = "as the trader was told" },
	{ .name = "levels-max",
	  .metavar = "N",
	  .def = "8192",
	  .type = OPTION_UNSIGNED,
	  .min = 1,
	  .max = 65536,
	  .offset = AT(levels_max),
	  .help = "as the trader was told" },
	{ .name = "jump-max",
	  .metavar = "DATAGRAMS",
	  .def = "1024",
	  .type = OPTION_UNSIGNED,
	  .min = 1,
	  .max = INT32_MAX,
	  .offset = AT(jump_max),
	  .help = "as the trader was told" },
	{ .name = "group",
	  .metavar = "ADDR:PORT[,ADDR:PORT]",
	  .def = "239.255.0.1:12345",
	  .type = OPTION_PARSED,
	  .parse = address_parse_groups,
	  .offset = AT(analysis.group),
	  .help = "the market data's multicast group; two: the lines that the\n"
		  "trader listens to" },
	{ .name = "recover",
	  .metavar = "HOW",
	  .def = "none",
	  .type = OPTION_CHOICE,
	  .choices = analysis_recover_names,
	  .offset = AT(analysis.recover),
	  .help = "as the trader was told; request: what the exchange sent\n"
		  "again to it alone is market data too, and the trader's\n"
		  "notices tell what it gave up" },
	{ .name = "recover-ms",
	  .metavar = "MS",
	  .def = "20",
	  .type = OPTION_UNSIGNED,
	  .min = 1,
	  .max = 3600000,
	  .offset = AT(analysis.recover_ms),
	  .help = "as the trader was told; of two lines without requests" },
	{ .name = "retransmit",
	  .metavar = "PORT",
	  .type = OPTION_UNSIGNED,
	  .min = 1,
	  .max = UINT16_MAX,
	  .offset = AT(analysis.retransmit_port),
	  .help = "the exchange's UDP port for requests; default: the order\n"
		  "port + 1" },
	{ .name = "impaired",
	  .type = OPTION_FLAG,
	  .offset = AT(analysis.impaired),
	  .help = "the exchange was told to lose, swap or delay packets: what\n"
		  "the capture lacks it did not send, and orders are judged\n"
		  "by what the capture has" },
	{ .name = "order-port",
	  .metavar = "PORT",
	  .def = "9012",
	  .type = OPTION_UNSIGNED,
	  .min = 1,
	  .max = UINT16_MAX,
	  .offset = AT(analysis.order_port),
	  .help = "the TCP port that takes orders" },
	{ .name = "channel",
	  .metavar = "NAME",
	  .def = CHANNEL_DEFAULT,
	  .type = OPTION_STRING,
	  .offset = AT(analysis.channel),
	  .family = &channels,
	  .help = "what an order looks like there, as the exchange was told;\n"
		  "help: list them all" },
	{ .name = "keys",
	  .metavar = "FILE",
	  .type = OPTION_STRING,
	  .offset = AT(keys),
	  .help = "of --channel tls: read the connections' secrets there, as\n"
		  "--keys of trader or exchange has left them" },
	{ .name = "trader",
	  .metavar = "FILE",
	  .type = OPTION_STRING,
	  .offset = AT(trader),
	  .help = "what t2t-trader --json said: tell whether orders that are\n"
		  "wrong by what was sent are right by what it had" },
	{ .name = "source",
	  .metavar = "ADDR|any",
	  .type = OPTION_PARSED,
	  .parse = address_parse_source,
	  .offset = AT(source),
	  .help = "who sends the market data; packets of others are counted\n"
		  "and set aside. Default: the server of the first order\n"
		  "connection" },
	{ .name = "vlan",
	  .metavar = "N",
	  .def = "auto",
	  .type = OPTION_PARSED,
	  .parse = parse_vlan,
	  .offset = AT(analysis.vlan),
	  .help = "the network's VLAN, 1 to 4094, or OUTER.INNER; none: the\n"
		  "untagged network; auto: the first order connection's.\n"
		  "Frames of other VLANs are counted and set aside" },
	{ .name = "line-rate",
	  .metavar = "BITS",
	  .def = "0",
	  .type = OPTION_UNSIGNED,
	  .max = UINT64_C(1000000000000),
	  .offset = AT(analysis.line_rate),
	  .help = "bits per second of the link: where a packet holds several\n"
		  "messages, the deciding one came before the packet's last\n"
		  "byte by what lies behind it; 0: not taken into account" },
	{ .name = "back-to-back",
	  .type = OPTION_FLAG,
	  .offset = AT(analysis.back_to_back),
	  .help = "of a capture without trader, on which the wire loops each\n"
		  "packet back: the time between its two sights, which is\n"
		  "what the tap itself adds" },
	{ .name = "measure",
	  .metavar = "WHAT",
	  .def = "orders",
	  .type = OPTION_CHOICE,
	  .choices = analysis_measure_names,
	  .offset = AT(analysis.measure),
	  .help = "what the next two are of: orders, wire to wire; or logons,\n"
		  "from an order connection's SYN to the first datagram of\n"
		  "its session; orders are judged all the same" },
	{ .name = "warm-up",
	  .metavar = "N",
	  .type = OPTION_UNSIGNED,
	  .offset = AT(analysis.warm_up),
	  .help = "leave so many of them at the beginning out of latencies\n"
		  "and samples" },
	{ .name = "samples",
	  .metavar = "FILE",
	  .type = OPTION_STRING,
	  .offset = AT(analysis.samples),
	  .help = "write each of them there, as CSV:\n"
		  "sequence,trigger_ns,order_ns,latency_ns; of a logon\n"
		  "session,syn_ns,data_ns,latency_ns" },
	PRIVILEGES_OPTION(AT(privileges)),
	OPTION_END,
};

static const struct option_program program = {
	.name = "t2t-wiretap",
	.summary = "capture market data and orders, and measure tick to trade",
	.synopsis = "--interface NAME --write FILE | "
		    "--read FILE [--json] [OPTION...]",
	.description =
		"With --write it captures; \"capturing on NAME\" on standard "
		"error says that no frame will be missed from there on. A "
		"link that goes down is waited for, and an interface that is "
		"deleted and made anew: the file and standard error tell from "
		"when to when nothing was seen."
		"\n\n"
		"With --read it replays the captured market data through the "
		"trading rule, which tells the orders that must follow, and "
		"pairs those seen with them. Latency is wire to wire: from "
		"the frame that calls for an order to the frame with the "
		"order's last byte, by the capture's stamps. A percentile "
		"with fewer than ten latencies beyond it is \"-\", in JSON "
		"null.",
	.exit_and_output =
		"Standard output carries the analysis. Orders that are "
		"missing, extra or wrong are a finding and no failure: see "
		"\"correct\", which is true or false. What can't be judged, "
		"since something that bears on an order was not captured "
		"whole, is one: \"correct\" is null, with a \"reason\". Of a "
		"cut capture what could be read is shown, with \"complete\" "
		"false.",
	.rows = rows,
};

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

static int capture(const struct wiretap_options *options)
{
	/* No SA_RESTART: the signal is to end poll(2). */
	struct sigaction action = { .sa_handler = on_signal };
	const struct wiretap_config config = {
		.interface = options->interface,
		.path = options->write,
		.ring = options->ring,
		.region = options->region,
		.look_us = (unsigned int)options->look_us,
		.privileges = options->privileges,
		.stamps = options->stamps,
		.promiscuous = options->promiscuous,
	};
	struct wiretap_result result;
	char why[CPU_FAULT_MAX];
	int rc;

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	rc = options->fifo ? cpu_realtime((unsigned int)options->fifo) : 0;
	if (rc < 0) {
		log_error("--fifo %d: %s", (int)options->fifo,
			  cpu_realtime_fault(rc, why));
		return rc;
	}
	rc = wiretap_capture(&config, &stop, &result);
	if (rc < 0 && result.bytes == 0)
		return rc;
	log_info("%" PRIu64 " frames captured, %" PRIu64 " dropped",
		 result.frames, result.dropped);
	if (result.dropped > 0)
		log_warning("the capture lacks %" PRIu64 " frames",
			    result.dropped);
	if (result.kernel_stamped > 0)
		log_warning("%" PRIu64 " of them came without the NIC's stamp",
			    result.kernel_stamped);
	if (result.holes > 0)
		log_warning("%s was made anew %" PRIu64
			    " times: the capture lacks what it brought "
			    "within %.3f s",
			    options->interface, result.holes,
			    (double)result.hole_ns / 1e9);
	return rc;
}

/* What could be analysed before a failure is in *result. */
static int judged(const struct wiretap_options *options,
		  struct analysis_result *result)
{
	struct lacked *lacked = NULL;
	int rc = 0;

	*result = (struct analysis_result){ 0 };
	if (options->trader)
		rc = lacked_read(options->trader, &lacked);
	if (rc == 0)
		rc = analysis_run(&options->analysis, options->read, result);
	/* To know more must not cost what is known. */
	if (rc == 0 && analysis_rest_judge(&options->analysis, options->read,
					   lacked, result) < 0)
		log_warning("--read %s: what the trader lacked can't be judged",
			    options->read);
	lacked_free(lacked);
	return rc;
}

static int analyse(const struct wiretap_options *options)
{
	struct analysis_result result;
	int rc = judged(options, &result);
	char reason[ANALYSIS_REASON_MAX];
	int output_rc = 0;

	if (rc < 0 && result.frames == 0)
		return rc;
	if (options->json)
		output_rc =
			analysis_output_json(stdout, &options->analysis,
					     options->read, &result, rc == 0);
	else
		analysis_output_table(stdout, &options->analysis, options->read,
				      &result, rc == 0);
	if (!options->json && fflush(stdout) == EOF) {
		output_rc = -errno;
		log_error("can't write the result: %s",
			  log_strerror(output_rc));
	}
	if (rc < 0 || output_rc < 0)
		return rc < 0 ? rc : output_rc;
	/* Without a trader there is nothing to judge. */
	if (options->analysis.back_to_back ||
	    analysis_verdict(&result, true, reason) != ANALYSIS_UNJUDGED)
		return 0;
	log_error("--read %s: can't be judged: %s", options->read, reason);
	return -ENODATA;
}

int main(int argc, char **argv)
{
	enum option_result result;
	struct wiretap_options options = { .source.s_addr = INADDR_NONE };
	struct channel *channel;
	int rc;

	result = option_parse_arguments(&program, argc, argv, &options);
	if (result != OPTION_RUN)
		return (int)result;
	if (!strcmp(options.analysis.channel, "help")) {
		registry_print(&channels, stdout);
		return fflush(stdout) == EOF ? 1 : 0;
	}
	if (channel_text_keys(&options.analysis.channel, options.keys,
			      options.channel_text) < 0)
		return 2;
	/* What is wrong with it is told before the capture is read. */
	rc = channel_open(options.analysis.channel, CHANNEL_ORACLE, &channel);
	if (rc < 0)
		return rc == -EINVAL ? 2 : 1;
	channel_close(channel);
	if (!options.read == !options.write ||
	    !options.interface != !options.write) {
		log_error("either --read FILE, or --interface NAME and "
			  "--write FILE");
		return 2;
	}
	if (options.ring ? !!options.read : !!options.region) {
		log_error("--ring goes with --write, and --region with --ring");
		return 2;
	}
	if (options.trader && (!options.read || !strcmp(options.read, "-"))) {
		log_error("--trader goes with --read FILE");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	if (options.source.s_addr != INADDR_NONE)
		options.analysis.source = options.source.s_addr
						  ? ntohl(options.source.s_addr)
						  : ANALYSIS_SOURCE_ANY;
	options.analysis.strategy.quantity = (uint32_t)options.order_quantity;
	options.analysis.strategy.symbols_max = (uint32_t)options.symbols_max;
	options.analysis.strategy.levels_max = (uint32_t)options.levels_max;
	options.analysis.jump_max = (uint32_t)options.jump_max;
	rc = options.read ? analyse(&options) : capture(&options);
	return rc < 0;
}
