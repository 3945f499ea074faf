/* SPDX-License-Identifier: MIT */
/* Prints what t2t-mcast-server sends: with mcast-server.c the shortest example
 * of what the library is for. Which way packets come is one word; the rest does
 * not know. */
#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/option.h"
#include "base/privileges.h"
#include "net/address.h"
#include "net/interface.h"
#include "net/network_error.h"
#include "receive/receive_ops.h"

#define LOOK_NS 50000000 /* for the interface */

struct options {
	const char *receive;
	bool bypass;
	struct receive_config path;
	unsigned int privileges;
};

static const struct option_row rows[] = {
	{ .name = "interface",
	  .metavar = "NAME",
	  .type = OPTION_STRING,
	  .offset = offsetof(struct options, path.interface),
	  .required = 1,
	  .help = "where the group is joined" },
	{ .name = "group",
	  .metavar = "ADDR:PORT",
	  .def = "239.255.0.1:3334",
	  .type = OPTION_PARSED,
	  .parse = address_parse_group,
	  .offset = offsetof(struct options, path.group),
	  .help = "multicast group and port" },
	{ .name = "source",
	  .metavar = "ADDR|any",
	  .def = "any",
	  .type = OPTION_PARSED,
	  .parse = address_parse_source,
	  .offset = offsetof(struct options, path.source),
	  .help = "take this sender's datagrams alone; how many were of\n"
		  "others is said at the end" },
	{ .name = "bypass",
	  .type = OPTION_FLAG,
	  .offset = offsetof(struct options, bypass),
	  .help = "by AF_XDP, bypassing the kernel's stack" },
	{ .name = "receive",
	  .metavar = "PATH",
	  .type = OPTION_STRING,
	  .offset = offsetof(struct options, receive),
	  .family = &receive_paths,
	  .help = "another receive path; help: list them all. By default "
		  "uring:wait=sleep, or epoll where this host has no "
		  "io_uring" },
	PRIVILEGES_OPTION(offsetof(struct options, privileges)),
	OPTION_END,
};

static const struct option_program program = {
	.name = "t2t-mcast-client",
	.summary = "print the lines that a multicast group brings",
	.synopsis = "--interface NAME [OPTION...]",
	.description =
		"Each datagram is a line on standard output, control\n"
		"characters shown as '?'. It stays when the server goes, and\n"
		"goes on when one comes back, or when the interface does;\n"
		"Ctrl-C ends it.",
	.rows = rows,
};

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

static const char *path_choose(const struct options *options)
{
	if (options->receive)
		return options->receive;
	if (options->bypass)
		return "xdp";
	if (!registry_unavailable(registry_find(&receive_paths, "uring")))
		return "uring:wait=sleep";
	return "epoll";
}

/* What came from a network does not drive the terminal. */
static void line_print(const struct packet *packet)
{
	for (uint32_t i = 0; i < packet->len; i++)
		putchar(iscntrl(packet->data[i]) ? '?' : packet->data[i]);
	putchar('\n');
}

/* 0 when it was told to stop, a negative errno when the path broke, or the
 * interface is gone: most paths can't tell that from a quiet one. */
static int lines_print(struct receive *receive)
{
	struct packet packets[RECEIVE_BURST_MAX];
	uint64_t look_ns = 0;

	while (!stop) {
		int n = receive_poll(receive, packets, RECEIVE_BURST_MAX);

		if (n < 0)
			return n;
		for (int i = 0; i < n; i++)
			line_print(&packets[i]);
		if (n && fflush(stdout) == EOF) {
			stop = 1;
			return -errno;
		}
		if (clock_monotonic_ns() < look_ns)
			continue;
		n = receive_alive(receive);
		if (n < 0)
			return n;
		look_ns = clock_monotonic_ns() + LOOK_NS;
	}
	return 0;
}

/* Wait for the interface, and join on the one that has its name then. NULL
 * when it was told to stop. */
static struct receive *path_reopen(const struct options *options, int err)
{
	const struct timespec moment = { .tv_nsec = LOOK_NS };
	const char *name = options->path.interface;
	uint64_t from_ns = clock_monotonic_ns();
	struct receive *receive = NULL;
	struct interface found;

	log_warning("%s: %s; waiting for it", name, log_strerror(err));
	while (!stop && !receive) {
		if (interface_find(name, &found) < 0 || !found.up)
			nanosleep(&moment, NULL);
		else if (receive_open(path_choose(options), &options->path,
				      &receive) < 0)
			sleep(1);
	}
	if (receive)
		log_warning("%s: receives again; what came within %.3f s is "
			    "missing",
			    name,
			    (double)(clock_monotonic_ns() - from_ns) / 1e9);
	return receive;
}

int main(int argc, char **argv)
{
	const struct sigaction action = { .sa_handler = on_signal };
	struct options options = { 0 };
	struct receive *receive;
	enum option_result result =
		option_parse_arguments(&program, argc, argv, &options);
	int err;

	if (result != OPTION_RUN)
		return (int)result;
	if (options.receive && !strcmp(options.receive, "help")) {
		receive_print_paths(stdout);
		return 0;
	}
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	err = receive_open(path_choose(&options), &options.path, &receive);
	if (err)
		return err == -EINVAL ? 2 : 1;
	log_info("receiving by %s", receive_name(receive));
	if (options.privileges == PRIVILEGES_DROP &&
	    privileges_drop(receive_privileges(receive)) < 0) {
		receive_close(receive);
		return 1;
	}
	while ((err = lines_print(receive)) && !stop &&
	       network_error_passes(err)) {
		receive_close(receive);
		receive = path_reopen(&options, err);
		if (!receive)
			return 0;
	}
	if (err && !stop)
		log_error("can't receive: %s", log_strerror(err));
	receive_close(receive);
	return err ? 1 : 0;
}
