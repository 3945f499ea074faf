/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cpu.h"
#include "base/log.h"
#include "base/option.h"
#include "base/privileges.h"
#include "exchange/exchange.h"
#include "exchange/formatter.h"
#include "net/lines.h"

struct options {
	struct sockaddr_in groups[MARKET_DATA_LINES_MAX];
	char interfaces[MARKET_DATA_LINES_MAX][IFNAMSIZ]; /* "": none */
	uint64_t ttl;
	const char *format;
	const char *cpu;
	const char *keys;
	char channel_text[CHANNEL_TEXT_MAX];
	struct exchange_config exchange;
};

#define AT(member) offsetof(struct options, member)

static const char *const busy_names[] = { "refuse", "queue", NULL };
static const char *const on_full_names[] = { "retry", "drop", NULL };

/* "IDLE,INTERVAL,PROBES" or "off"; the target is a struct order_entry_config.
 */
static int keepalive_parse(const char *text, void *target, const char **why)
{
	struct order_entry_config *config = target;
	unsigned int idle, interval, probes;
	int used = 0;

	if (!strcmp(text, "off")) {
		config->keepalive.idle_s = 0;
		return 0;
	}
	/* The kernel's limits: tcp(7). */
	if (strspn(text, "0123456789,") != strlen(text) ||
	    sscanf(text, "%5u,%5u,%3u%n", &idle, &interval, &probes, &used) !=
		    3 ||
	    text[used] || idle < 1 || idle > 32767 || interval < 1 ||
	    interval > 32767 || probes < 1 || probes > 127) {
		*why = "expected off, or IDLE,INTERVAL,PROBES from 1 to 32767, "
		       "32767 and 127";
		return -EINVAL;
	}
	config->keepalive.idle_s = idle;
	config->keepalive.interval_s = interval;
	config->keepalive.probes = probes;
	return 0;
}

/* Without an address the family is AF_UNSPEC, until listen_use() has found
 * one: a given 0.0.0.0 means what it says. */
static int listen_parse(const char *text, void *target, const char **why)
{
	struct sockaddr_in *listen = target;
	const char *colon = strrchr(text, ':');
	int err = address_parse_listen(text, target, why);

	if (!err && (!colon || colon == text))
		listen->sin_family = AF_UNSPEC;
	return err;
}

/* "off", or as listen_parse() has it; the target is a struct retransmit_config.
 */
static int retransmit_parse(const char *text, void *target, const char **why)
{
	struct retransmit_config *config = target;

	config->off = !strcmp(text, "off");
	return config->off ? 0 : listen_parse(text, &config->listen, why);
}

static const struct option_row rows[] = {
	{ .name = "feed",
	  .metavar = "FILE",
	  .type = OPTION_STRING,
	  .offset = AT(exchange.marketdata.feed),
	  .help = "gzip market data; opened anew for each session; needed" },
	{ .name = "listen",
	  .metavar = "[ADDR]:PORT",
	  .def = ":9012",
	  .type = OPTION_PARSED,
	  .parse = listen_parse,
	  .offset = AT(exchange.order_entry.listen),
	  .help = "where orders are taken; without ADDR the interface's\n"
		  "address, or 127.0.0.1 when no interface is named" },
	{ .name = "transport",
	  .metavar = "NAME",
	  .def = "send",
	  .type = OPTION_STRING,
	  .offset = AT(exchange.order_entry.transport),
	  .family = &transports,
	  .help = "how orders come in: send: by TCP; shm: over rings in\n"
		  "memory; rdma: over RDMA; with its options behind a colon,\n"
		  "in the place of TCP; help: list them all" },
	{ .name = "group",
	  .metavar = "ADDR:PORT[,ADDR:PORT]",
	  .def = "239.255.0.1:12345",
	  .type = OPTION_PARSED,
	  .parse = address_parse_groups,
	  .offset = AT(groups),
	  .help = "multicast group of the market data; two: line A and line B,"
		  "\nthe same packets on each" },
	{ .name = "interface",
	  .metavar = "NAME[,NAME]",
	  .type = OPTION_PARSED,
	  .parse = interface_parse_names,
	  .offset = AT(interfaces),
	  .help = "where market data leaves; by default as routes have it;\n"
		  "two: for each line its own" },
	{ .name = "send",
	  .metavar = "PATH",
	  .def = "sendmmsg",
	  .type = OPTION_STRING,
	  .offset = AT(exchange.marketdata.send),
	  .family = &publish_paths,
	  .help = "how market data leaves, with its options behind a colon;\n"
		  "help: list them all" },
	{ .name = "pace",
	  .metavar = "PACE",
	  .def = "max",
	  .type = OPTION_PARSED,
	  .parse = pace_parse,
	  .offset = AT(exchange.marketdata.pace),
	  .help = "max: as fast as can be; rate:N: N packets a second, evenly;"
		  "\nburst:COUNT@N: so many at once, N a second on average;"
		  "\npoisson:N: N a second on average, at random times;\n"
		  "file[:SPEED]: as the lines' times have it, SPEED times as\n"
		  "fast. Intended times never wait for those that are late" },
	{ .name = "format",
	  .metavar = "NAME|FILE.so",
	  .def = "auto",
	  .type = OPTION_STRING,
	  .offset = AT(format),
	  .help = "what makes packets of lines: auto (by what each line looks\n"
		  "like), one of those that --format help lists, or a shared\n"
		  "object made from exchange/line_format_example.c" },
	{ .name = "on-second-client",
	  .alias = "busy",
	  .metavar = "HOW",
	  .def = "refuse",
	  .type = OPTION_CHOICE,
	  .choices = busy_names,
	  .offset = AT(exchange.busy),
	  .help = "a second connection is refused, or queued: 16 at most,\n"
		  "shared fairly between addresses" },
	{ .name = "idle",
	  .metavar = "S",
	  .def = "0",
	  .type = OPTION_UNSIGNED,
	  .max = 86400,
	  .offset = AT(exchange.idle_s),
	  .help = "disconnect who sends no order for so long; choose more\n"
		  "than a trader may have nothing to say; 0: never" },
	{ .name = "channel",
	  .metavar = "NAME",
	  .def = CHANNEL_DEFAULT,
	  .type = OPTION_STRING,
	  .offset = AT(exchange.order_entry.channel),
	  .family = &channels,
	  .help = "what an order looks like; help: list them all" },
	{ .name = "keys",
	  .metavar = "FILE",
	  .type = OPTION_STRING,
	  .offset = AT(keys),
	  .help = "of --channel tls: append the connection's secrets there,\n"
		  "for t2t-wiretap and Wireshark (SSLKEYLOGFILE's format)" },
	{ .name = "handshake-timeout-ms",
	  .metavar = "MS",
	  .def = "5000",
	  .type = OPTION_UNSIGNED,
	  .min = 1,
	  .max = 3600000,
	  .offset = AT(exchange.order_entry.handshake_ms),
	  .help = "who has not finished the channel's handshake by\n"
		  "then is refused" },
	{ .name = "order-rate",
	  .metavar = "N",
	  .def = "0",
	  .type = OPTION_UNSIGNED,
	  .max = 1000000000,
	  .offset = AT(exchange.order_entry.orders_per_s),
	  .help = "orders a second that are taken from a trader, as many at\n"
		  "once; more are rejected; 0: all are taken" },
	{ .name = "loop",
	  .type = OPTION_FLAG,
	  .offset = AT(exchange.marketdata.loop),
	  .help = "start over at the end of the feed; the sequence goes on" },
	{ .name = "settle-ms",
	  .metavar = "MS",
	  .def = "0",
	  .type = OPTION_UNSIGNED,
	  .max = 3600000,
	  .offset = AT(exchange.settle_ms),
	  .help = "from the connection to the first packet, for networks\n"
		  "where joining a group takes time" },
	{ .name = "seed",
	  .metavar = "N",
	  .def = "1",
	  .type = OPTION_UNSIGNED,
	  .offset = AT(exchange.marketdata.seed),
	  .help = "of poisson's gaps, and of what becomes of packets by\n"
		  "the next four; each session draws the same. Each of\n"
		  "two lines draws for itself: A:VALUE,B:VALUE are for\n"
		  "line A and line B, VALUE alone is for both" },
	{ .name = "lose",
	  .metavar = "SHARE",
	  .def = "0",
	  .type = OPTION_PARSED,
	  .parse = impairments_parse_lose,
	  .offset = AT(exchange.marketdata.impairments),
	  .help = "of the packets, 1% or 0.01: they never leave" },
	{ .name = "duplicate",
	  .metavar = "SHARE",
	  .def = "0",
	  .type = OPTION_PARSED,
	  .parse = impairments_parse_duplicate,
	  .offset = AT(exchange.marketdata.impairments),
	  .help = "they leave twice" },
	{ .name = "swap",
	  .metavar = "SHARE",
	  .def = "0",
	  .type = OPTION_PARSED,
	  .parse = impairments_parse_swap,
	  .offset = AT(exchange.marketdata.impairments),
	  .help = "they leave behind the next one" },
	{ .name = "delay",
	  .metavar = "[SHARE:]US",
	  .def = "0",
	  .type = OPTION_PARSED,
	  .parse = impairments_parse_delay,
	  .offset = AT(exchange.marketdata.impairments),
	  .help = "they leave so many microseconds late; all of them\n"
		  "without a share" },
	{ .name = "retransmit",
	  .metavar = "off|[ADDR]:PORT",
	  .type = OPTION_PARSED,
	  .parse = retransmit_parse,
	  .offset = AT(exchange.retransmit),
	  .help = "the UDP port where the session's trader may ask for what\n"
		  "it lacks, see wire/retransmit.h; off: none; by default\n"
		  "that of orders, one higher; without ADDR as orders" },
	{ .name = "retransmit-memory",
	  .metavar = "N",
	  .def = "65536",
	  .type = OPTION_UNSIGNED,
	  .min = 1,
	  .max = RETRANSMITTER_MEMORY_MAX,
	  .offset = AT(exchange.retransmit.memory),
	  .help = "the last so many packets are remembered for it; rounded\n"
		  "up to a power of two" },
	{ .name = "on-full",
	  .metavar = "HOW",
	  .def = "retry",
	  .type = OPTION_CHOICE,
	  .choices = on_full_names,
	  .offset = AT(exchange.marketdata.on_full),
	  .help = "a packet that the kernel has no room for is sent again,\n"
		  "or dropped; counted in any case" },
	{ .name = "send-times",
	  .metavar = "FILE",
	  .type = OPTION_STRING,
	  .offset = AT(exchange.marketdata.send_times),
	  .help = "write there when each packet was to leave and when it was\n"
		  "handed to the kernel (of two lines: line A), as CSV:\n"
		  "sequence,intended_ns,sent_ns;\n"
		  "of a burst: evenly between its call's begin and end" },
	{ .name = "sessions",
	  .metavar = "FILE",
	  .type = OPTION_STRING,
	  .offset = AT(exchange.sessions),
	  .help = "write there, as each session ends, what became of it and\n"
		  "of the feed's lines: one JSON object a line" },
	{ .name = "keepalive",
	  .metavar = "S,S,N",
	  .def = "10,2,3",
	  .type = OPTION_PARSED,
	  .parse = keepalive_parse,
	  .offset = AT(exchange.order_entry),
	  .help = "a trader that is silent for so long is probed, so often,\n"
		  "so many times, and is then considered dead; off: never" },
	{ .name = "cpu",
	  .metavar = "N",
	  .type = OPTION_STRING,
	  .offset = AT(cpu),
	  .help = "run the sending loop on this CPU alone" },
	{ .name = "ttl",
	  .metavar = "N",
	  .def = "1",
	  .type = OPTION_UNSIGNED,
	  .max = 255,
	  .offset = AT(ttl),
	  .help = "multicast TTL; 1 stays on the link" },
	PRIVILEGES_OPTION(AT(exchange.privileges)),
	OPTION_END,
};

static const struct option_program program = {
	.name = "t2t-exchange",
	.summary = "publish market data as UDP multicast and take TCP orders",
	.synopsis = "--feed FILE [--interface NAME] [OPTION...]",
	.description =
		"Waits for a trader. When one has connected, the feed's "
		"snapshot lines are published (HANDSHAKE), then the others, "
		"and orders are taken and logged (TRANSMIT). At the end of "
		"the feed a packet says so, again and again until the trader "
		"leaves. However it leaves, market data stops at once and the "
		"next trader meets the feed's first line."
		"\n\n"
		"Diagnostics go to stderr, with a summary of each session.",
	.exit_and_output =
		"One line each on stdout: \"state INIT\", \"state HANDSHAKE\", "
		"\"state TRANSMIT\", \"order recv_ns=N quantity=N "
		"price=DECIMAL side=buy|sell [early]\", \"reject recv_ns=N "
		"reason=TEXT\". Times are ns since 1970; early: the order was "
		"there before TRANSMIT. Exit code 0 after SIGINT or SIGTERM, "
		"1 for a failure (also when stdout refused a line, which is "
		"on stderr then, and when a session could not publish the "
		"feed to its end, or nothing of it, or lost a snapshot), 2 for "
		"bad usage.",
	.rows = rows,
};

/* A descriptor below 3 that is closed would be given to a socket. */
static void descriptors_fill(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

/* Where each line leaves; interfaces: room for what they are. */
static int lines_use(struct options *options,
		     struct interface interfaces[static MARKET_DATA_LINES_MAX])
{
	struct marketdata_config *config = &options->exchange.marketdata;
	const struct options *given = options;

	for (unsigned int i = 0; i < config->lines; i++) {
		const char *name = lines_interface(given->interfaces, i);
		int err;

		config->to[i].group = options->groups[i];
		config->to[i].ttl = options->ttl;
		if (!name[0])
			continue;
		err = interface_find(name, &interfaces[i]);
		if (err) {
			log_error("--interface: '%s': %s", name,
				  log_strerror(err));
			return err;
		}
		if (!interfaces[i].up)
			log_warning("--interface: '%s' is down", name);
		config->to[i].interface = &interfaces[i];
	}
	return 0;
}

/* Once the lines are known: orders are taken at the first one's address. */
static int listen_use(struct options *options)
{
	const struct interface *interface =
		options->exchange.marketdata.to[0].interface;
	struct sockaddr_in *listen = &options->exchange.order_entry.listen;

	if (listen->sin_family != AF_UNSPEC)
		return 0;
	listen->sin_family = AF_INET;
	listen->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (interface)
		listen->sin_addr = interface->address;
	if (listen->sin_addr.s_addr == htonl(INADDR_ANY)) {
		log_error("--listen: '%s' has no IPv4 address: name the one "
			  "to listen at",
			  options->interfaces[0]);
		return -EADDRNOTAVAIL;
	}
	return 0;
}

/* Once it is known where orders are taken. */
static int retransmit_use(struct options *options)
{
	const struct sockaddr_in *orders =
		&options->exchange.order_entry.listen;
	struct sockaddr_in *listen = &options->exchange.retransmit.listen;

	if (options->exchange.retransmit.off)
		return 0;
	if (listen->sin_port == 0 && ntohs(orders->sin_port) == UINT16_MAX) {
		log_error("--retransmit: no port is higher than that of "
			  "orders: name one, or off");
		return -EINVAL;
	}
	if (listen->sin_port == 0)
		listen->sin_port = htons(ntohs(orders->sin_port) + 1);
	if (listen->sin_family == AF_UNSPEC)
		listen->sin_addr = orders->sin_addr;
	listen->sin_family = AF_INET;
	return 0;
}

static int cpu_read(const char *text, int *cpu)
{
	*cpu = -1;
	if (!text || !cpu_numbers(text, cpu, 1))
		return 0;
	log_error("--cpu: '%s': expected the number of a CPU", text);
	return -EINVAL;
}

static int options_check(struct options *options)
{
	struct marketdata_config *config = &options->exchange.marketdata;
	const struct options *given = options;

	if (!config->feed) {
		log_error("--feed is required");
		return -EINVAL;
	}
	if (lines_check(given->groups, given->interfaces) < 0)
		return -EINVAL;
	config->lines = lines_count(options->groups);
	if (impairments_check(config->impairments, config->lines) < 0)
		return -EINVAL;
	return cpu_read(options->cpu, &options->exchange.cpu);
}

int main(int argc, char **argv)
{
	enum option_result result;
	struct options options = { 0 };
	struct interface interfaces[MARKET_DATA_LINES_MAX];
	struct formatter formatter;
	int err;

	descriptors_fill();
	result = option_parse_arguments(&program, argc, argv, &options);
	if (result != OPTION_RUN)
		return (int)result;
	if (!strcmp(options.exchange.marketdata.send, "help")) {
		registry_print(&publish_paths, stdout);
		return fflush(stdout) == EOF ? 1 : 0;
	}
	if (!strcmp(options.exchange.order_entry.channel, "help")) {
		registry_print(&channels, stdout);
		return fflush(stdout) == EOF ? 1 : 0;
	}
	if (!strcmp(options.exchange.order_entry.transport, "help")) {
		registry_print(&transports, stdout);
		return fflush(stdout) == EOF ? 1 : 0;
	}
	if (!strcmp(options.format, "help")) {
		formatter_print_list(stdout);
		return fflush(stdout) == EOF ? 1 : 0;
	}
	if (options_check(&options) < 0 ||
	    channel_text_keys(&options.exchange.order_entry.channel,
			      options.keys, options.channel_text) < 0)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	err = formatter_open(options.format, &formatter);
	if (err)
		return err == -EINVAL ? 2 : 1;
	options.exchange.marketdata.format = formatter.format;
	if (access(options.exchange.marketdata.feed, R_OK) < 0)
		log_warning("--feed: %s: %s; it is opened when a trader "
			    "connects",
			    options.exchange.marketdata.feed,
			    log_strerror(-errno));
	err = lines_use(&options, interfaces);
	if (!err)
		err = listen_use(&options);
	if (!err)
		err = retransmit_use(&options);
	if (!err)
		err = exchange_run(&options.exchange);
	formatter_close(&formatter);
	if (err == -EINVAL)
		return 2;
	return err < 0;
}
