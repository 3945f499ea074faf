/* SPDX-License-Identifier: MIT */
/* An echo over any channel, and what it costs. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/option.h"
#include "base/privileges.h"
#include "echo/echo_client.h"
#include "echo/echo_mirror.h"
#include "echo/echo_report.h"
#include "echo/echo_server.h"
#include "net/address.h"
#include "order/channel_ops.h"
#include "order/transport.h"

struct options {
	struct sockaddr_in serve, connect;
	const char *channel;
	struct echo_config echo;
	uint64_t timeout_ms;
	unsigned int wait;
	unsigned int privileges;
	bool json;
	bool mirror;
};

#define AT(field) offsetof(struct options, field)

static const char *const waits[] = { "sleep", "spin", NULL };

/* "13,1500,16k", as the config has it. */
static int sizes_parse(const char *text, void *target, const char **why)
{
	struct options *options =
		container_of(target, struct options, echo.sizes);
	struct echo_config *echo = &options->echo;

	echo->size_count = 0;
	*why = "expected up to 8 sizes from 13 bytes to 16k, with commas "
	       "between: 13,1500,16k";
	do {
		char *end;
		unsigned long size = strtoul(text, &end, 10);

		if (end == text || *text < '0' || *text > '9' ||
		    size > ECHO_SIZE_MAX)
			return -EINVAL;
		if (*end == 'k') {
			size *= 1024;
			end++;
		}
		if (size < ECHO_SIZE_MIN || size > ECHO_SIZE_MAX ||
		    (*end && *end != ',') || echo->size_count == ECHO_SIZES_MAX)
			return -EINVAL;
		echo->sizes[echo->size_count++] = size;
		text = *end ? end + 1 : NULL;
	} while (text);
	return 0;
}

/* "all", or names with commas between. */
static int measures_parse(const char *text, void *target, const char **why)
{
	static const enum echo_measure all[] = { ECHO_HANDSHAKE, ECHO_RECONNECT,
						 ECHO_PING_PONG, ECHO_OPEN_LOOP,
						 ECHO_THROUGHPUT };
	unsigned int *measures = target, known = 0;

	*measures = 0;
	*why = "expected all, or some of handshake, reconnect, ping-pong, "
	       "open-loop and throughput, with commas between";
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		known |= all[i];
	if (!strcmp(text, "all")) {
		*measures = known;
		return 0;
	}
	for (;;) {
		size_t len = strcspn(text, ","), i = 0;

		while (i < ARRAY_SIZE(all) &&
		       (strlen(echo_measure_name(all[i])) != len ||
			memcmp(echo_measure_name(all[i]), text, len) != 0))
			i++;
		if (i == ARRAY_SIZE(all))
			return -EINVAL;
		*measures |= all[i];
		if (!text[len])
			return 0;
		text += len + 1;
	}
}

static const struct option_row rows[] = {
	{ .name = "serve",
	  .metavar = "ADDR:PORT",
	  .type = OPTION_PARSED,
	  .parse = address_parse,
	  .offset = AT(serve),
	  .help = "be the server, on this address of the machine's" },
	{ .name = "connect",
	  .metavar = "ADDR:PORT",
	  .type = OPTION_PARSED,
	  .parse = address_parse,
	  .offset = AT(connect),
	  .help = "be the client of the server there" },
	{ .name = "over",
	  .metavar = "WHAT",
	  .def = "channel",
	  .type = OPTION_CHOICE,
	  .choices = echo_over_names,
	  .offset = AT(echo.over),
	  .help = "an order channel; or bare tcp, udp, or multicast: the\n"
		  "address is the group's then, and answers go to its next\n"
		  "port" },
	{ .name = "channel",
	  .metavar = "NAME",
	  .def = CHANNEL_DEFAULT,
	  .type = OPTION_STRING,
	  .offset = AT(channel),
	  .family = &channels,
	  .help = "which, of both ends; help: list them all. echo=on is\n"
		  "added where it has that option" },
	{ .name = "transport",
	  .metavar = "NAME",
	  .def = "send",
	  .type = OPTION_STRING,
	  .offset = AT(echo.transport),
	  .family = &transports,
	  .help = "how the client's bytes leave, of a channel or of tcp;\n"
		  "of the server send (TCP), shm or rdma; help: list them\n"
		  "all" },
	{ .name = "interface",
	  .metavar = "NAME",
	  .type = OPTION_STRING,
	  .offset = AT(echo.interface),
	  .help = "where the group is joined and sent to" },
	{ .name = "measure",
	  .metavar = "LIST",
	  .def = "all",
	  .type = OPTION_PARSED,
	  .parse = measures_parse,
	  .offset = AT(echo.measures),
	  .help = "of handshake, reconnect, ping-pong, open-loop,\n"
		  "throughput" },
	{ .name = "sizes",
	  .metavar = "LIST",
	  .def = "13,1500,16k",
	  .type = OPTION_PARSED,
	  .parse = sizes_parse,
	  .offset = AT(echo.sizes),
	  .help = "bytes of a message; a channel whose messages are orders\n"
		  "has as many of them as there is room for" },
	{ .name = "messages",
	  .metavar = "N",
	  .def = "5000",
	  .type = OPTION_UNSIGNED,
	  .min = 1,
	  .max = 10000000,
	  .offset = AT(echo.messages),
	  .help = "of each measurement" },
	{ .name = "handshakes",
	  .metavar = "N",
	  .def = "100",
	  .type = OPTION_UNSIGNED,
	  .min = 1,
	  .max = 1000000,
	  .offset = AT(echo.handshakes),
	  .help = "connections that are made to measure theirs" },
	{ .name = "rate",
	  .metavar = "N",
	  .def = "5000",
	  .type = OPTION_UNSIGNED,
	  .min = 1,
	  .max = 10000000,
	  .offset = AT(echo.rate),
	  .help = "messages a second in the open loop, at even times whatever\n"
		  "comes back; latency counts from those times" },
	{ .name = "window",
	  .metavar = "N",
	  .def = "16",
	  .type = OPTION_UNSIGNED,
	  .min = 1,
	  .max = 65536,
	  .offset = AT(echo.window),
	  .help = "messages that are on their way at once, for throughput" },
	{ .name = "wait",
	  .metavar = "HOW",
	  .def = "sleep",
	  .type = OPTION_CHOICE,
	  .choices = waits,
	  .offset = AT(wait),
	  .help = "for what comes: by poll(2), or by looking again at once" },
	{ .name = "timeout-ms",
	  .metavar = "MS",
	  .def = "2000",
	  .type = OPTION_UNSIGNED,
	  .min = 1,
	  .max = 3600000,
	  .offset = AT(timeout_ms),
	  .help = "to connect, to shake hands, and to wait for an answer" },
	{ .name = "json",
	  .type = OPTION_FLAG,
	  .offset = AT(json),
	  .help = "one JSON object instead of the table" },
	{ .name = "mirror",
	  .type = OPTION_FLAG,
	  .offset = AT(mirror),
	  .help = "with --connect: measure nothing, and send back what the\n"
		  "server sends, until it ends the connection: for suites of\n"
		  "others that are servers" },
	PRIVILEGES_OPTION(AT(privileges)),
	OPTION_END,
};

static const struct option_program program = {
	.name = "t2t-echo",
	.summary = "measure an echo over an order channel, TCP, UDP or "
		   "multicast",
	.synopsis = "--serve ADDR:PORT | --connect ADDR:PORT [OPTION...]",
	.description =
		"The server sends back what it is sent, to up to 64 clients,\n"
		"until SIGINT or SIGTERM. The client measures a handshake,\n"
		"that of one who has been there before, one message at a\n"
		"time, messages at even times and as many as may be on\n"
		"their way, for each size. Both ends are told the same\n"
		"--over and --channel.\n\n"
		"Latencies are from when a message was sent, or in the open\n"
		"loop should have been, to when it was back whole; what came\n"
		"back is compared with what was sent.",
	.exit_and_output =
		"The server says \"serving ...\" once it does. The client\n"
		"prints a table, or JSON (schema t2t-echo/1). Exit code 0; 1\n"
		"when something could not be opened, or a stream stopped; 2\n"
		"for bad usage.",
	.rows = rows,
};

static volatile int stop;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

/* The channel with its echo switched on, or that of the channel inside of it,
 * which comes last; the caller's to free. NULL: no such channel, logged, or no
 * memory. */
static char *channel_with_echo(const char *text)
{
	const char *inner = channel_is_encrypted(text)
				    ? strstr(text, CHANNEL_INNER "=")
				    : NULL;
	const char *last = inner ? inner + strlen(CHANNEL_INNER "=") : text;
	const struct registry_entry *entry = registry_find(&channels, last);
	const struct option_row *row = entry ? entry->options : NULL;
	const char *colon = strchr(last, ':');
	char *with = NULL;

	if (!entry)
		return NULL;
	while (row && row->name && strcmp(row->name, "echo") != 0)
		row++;
	if (!row || !row->name || strstr(last, "echo="))
		return strdup(text);
	if (asprintf(&with, "%s%secho=on", text,
		     !colon	? ":"
		     : colon[1] ? ","
				: "") < 0)
		return NULL;
	return with;
}

/* 0 or -EINVAL, logged. */
static int usage_check(struct options *options)
{
	struct echo_config *echo = &options->echo;
	const bool serves = options->serve.sin_port != 0;
	const char *name = serves ? "serve" : "connect", *fault = NULL;
	bool group;

	if (serves == (options->connect.sin_port != 0)) {
		log_error("expected --serve ADDR:PORT or --connect ADDR:PORT, "
			  "and not both");
		return -EINVAL;
	}
	echo->address = serves ? options->serve : options->connect;
	group = IN_MULTICAST(ntohl(echo->address.sin_addr.s_addr));
	if (echo->address.sin_addr.s_addr == INADDR_ANY)
		fault = "0.0.0.0 is no address of one machine";
	else if (echo->over == ECHO_MULTICAST && !group)
		fault = "--over multicast wants the address of a group";
	else if (echo->over != ECHO_MULTICAST && group)
		fault = "the address of a group is for --over multicast";
	else if (echo->over == ECHO_MULTICAST && !echo->interface)
		fault = "--over multicast wants --interface";
	else if (echo->over == ECHO_MULTICAST &&
		 ntohs(echo->address.sin_port) == UINT16_MAX)
		fault = "there is no next port for the answers";
	else if (echo->over != ECHO_MULTICAST && echo->interface)
		fault = "--interface is for --over multicast";
	else if (options->mirror && (serves || echo->over != ECHO_CHANNEL))
		fault = "--mirror is for --connect, --over channel";
	if (fault)
		log_error("--%s: %s", name, fault);
	return fault ? -EINVAL : 0;
}

static int serve(const struct options *options)
{
	static struct echo_server server;
	const struct echo_config *echo = &options->echo;
	char address[ADDRESS_TEXT_MAX];
	int err = echo_server_open(&server, echo);

	if (err)
		return err;
	if (options->privileges == PRIVILEGES_DROP)
		err = privileges_drop(0);
	if (!err) {
		printf("serving %s at %s\n",
		       echo->over == ECHO_CHANNEL ? echo->channel
						  : echo_over_names[echo->over],
		       address_format(&echo->address, address));
		fflush(stdout);
		err = echo_server_run(&server);
	}
	echo_server_close(&server);
	return err;
}

static int measure(const struct options *options)
{
	static struct echo_results results;
	const struct sigaction action = { .sa_handler = on_signal };
	const struct echo_config *echo = &options->echo;
	int err = echo->over == ECHO_CHANNEL
			  ? channel_check(echo->channel, CHANNEL_TRADER)
			  : 0;

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	if (!err && options->privileges == PRIVILEGES_DROP)
		err = privileges_drop(0);
	if (!err && options->mirror)
		return echo_mirror_run(&options->echo);
	if (!err)
		err = echo_client_run(&options->echo, &results);
	if (err)
		return err;
	if (options->json)
		echo_report_json(stdout, &options->echo, &results);
	else
		echo_report_table(stdout, &options->echo, &results);
	if (fflush(stdout) == EOF) {
		err = -errno;
		log_error("can't write to stdout: %s", log_strerror(err));
	}
	return err;
}

int main(int argc, char **argv)
{
	static struct options options;
	enum option_result result =
		option_parse_arguments(&program, argc, argv, &options);
	char *channel;
	int err;

	if (result != OPTION_RUN)
		return (int)result;
	if (!strcmp(options.channel, "help")) {
		registry_print(&channels, stdout);
		return 0;
	}
	if (!strcmp(options.echo.transport, "help")) {
		registry_print(&transports, stdout);
		return 0;
	}
	if (usage_check(&options) < 0)
		return 2;
	channel = channel_with_echo(options.channel);
	if (!channel)
		return 2;
	options.echo.channel = channel;
	options.echo.spin = options.wait == 1;
	options.echo.timeout_ms = (unsigned int)options.timeout_ms;
	options.echo.stop = &stop;
	err = options.serve.sin_port ? serve(&options) : measure(&options);
	free(channel);
	return err == -EINVAL ? 2 : err && err != -EINTR ? 1 : 0;
}
