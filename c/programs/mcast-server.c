/* SPDX-License-Identifier: MIT */
/* Each line typed here appears at every client of the group: with
 * mcast-client.c the shortest example of what the library is for. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/option.h"
#include "base/privileges.h"
#include "net/address.h"
#include "net/network_error.h"
#include "publish/publish_link.h"

#define LINE_MAX_LEN 1400 /* of one frame */

struct options {
	const char *interface;
	const char *send;
	bool bypass;
	struct publish_path_config path;
	unsigned int privileges;
};

static const struct option_row rows[] = {
	{ .name = "interface",
	  .metavar = "NAME",
	  .type = OPTION_STRING,
	  .offset = offsetof(struct options, interface),
	  .required = 1,
	  .help = "where lines leave" },
	{ .name = "group",
	  .metavar = "ADDR:PORT",
	  .def = "239.255.0.1:3334",
	  .type = OPTION_PARSED,
	  .parse = address_parse_group,
	  .offset = offsetof(struct options, path.group),
	  .help = "multicast group and port" },
	{ .name = "ttl",
	  .metavar = "N",
	  .def = "1",
	  .type = OPTION_UNSIGNED,
	  .min = 1,
	  .max = 255,
	  .offset = offsetof(struct options, path.ttl),
	  .help = "hops that a line lives" },
	{ .name = "bypass",
	  .type = OPTION_FLAG,
	  .offset = offsetof(struct options, bypass),
	  .help = "by AF_XDP, bypassing the kernel's stack" },
	{ .name = "send",
	  .metavar = "PATH",
	  .type = OPTION_STRING,
	  .offset = offsetof(struct options, send),
	  .family = &publish_paths,
	  .help = "a publish path; help: list them all. By default uring, "
		  "or sendmmsg where this host has no io_uring" },
	PRIVILEGES_OPTION(offsetof(struct options, privileges)),
	OPTION_END,
};

static const struct option_program program = {
	.name = "t2t-mcast-server",
	.summary = "send each line that is typed to a multicast group",
	.synopsis = "--interface NAME [OPTION...]",
	.description =
		"Reads lines from standard input; each becomes a datagram,\n"
		"which appears at every t2t-mcast-client. An empty line, or\n"
		"the input's end, stops it. A link that is down is waited "
		"for.",
	.rows = rows,
};

/* The first of the two that this host can run. */
static const char *path_choose(const struct options *options)
{
	if (options->send)
		return options->send;
	if (options->bypass)
		return "xdp";
	if (!registry_unavailable(registry_find(&publish_paths, "uring")))
		return "uring";
	return "sendmmsg";
}

/* One datagram; waits while there is no room, or no link. */
static int line_send(struct publish_link *link, char *line, size_t len)
{
	const struct timespec moment = { .tv_nsec = 1000000 };
	const struct iovec datagram = { line, len };
	int n;

	publish_link_follow(link);
	while ((n = publish_link_send(link, &datagram, 1)) < 0 &&
	       network_error_passes(n))
		nanosleep(&moment, NULL);
	if (n == -EMSGSIZE) {
		log_error("a line of %zu bytes is not sent: it is longer than "
			  "the interface's MTU allows",
			  len);
		return 0;
	}
	if (n < 0)
		log_error("can't send: %s", log_strerror(n));
	return n < 0 ? n : 0;
}

static int lines_send(struct publish_link *link)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t len;
	int err = 0;

	while (!err && (len = getline(&line, &size, stdin)) > 0) {
		if (line[len - 1] == '\n')
			len--;
		if (!len)
			break;
		if (len > LINE_MAX_LEN)
			log_error("a line of %zd bytes is not sent: at most %d",
				  len, LINE_MAX_LEN);
		else
			err = line_send(link, line, (size_t)len);
	}
	free(line);
	return err;
}

int main(int argc, char **argv)
{
	struct options options = { 0 };
	struct interface interface;
	struct publish_link link;
	enum option_result result =
		option_parse_arguments(&program, argc, argv, &options);
	int err;

	if (result != OPTION_RUN)
		return (int)result;
	if (options.send && !strcmp(options.send, "help")) {
		registry_print(&publish_paths, stdout);
		return 0;
	}
	err = interface_find(options.interface, &interface);
	if (err) {
		log_error("--interface %s: %s", options.interface,
			  log_strerror(err));
		return 1;
	}
	options.path.interface = &interface;
	err = publish_link_open(&link, path_choose(&options), &options.path);
	if (err)
		return err == -EINVAL ? 2 : 1;
	log_info("sending by %s; an empty line stops",
		 publish_path_name(link.path));
	if (options.privileges == PRIVILEGES_DROP)
		err = privileges_drop(publish_path_privileges(link.path));
	if (!err)
		err = lines_send(&link);
	publish_link_close(&link);
	return err ? 1 : 0;
}
