/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "net/socket.h"
#include "receive/receive.h"
#include "receive/receive_ops.h"

extern const struct receive_ops receive_null_ops;
extern const struct receive_ops receive_replay_ops;
extern const struct receive_ops receive_block_ops;
extern const struct receive_ops receive_epoll_ops;
extern const struct receive_ops receive_spin_ops;
extern const struct receive_ops receive_mmsg_ops;
extern const struct receive_ops receive_busy_ops;
extern const struct receive_ops receive_packet_ops;
extern const struct receive_ops receive_uring_ops;
extern const struct receive_ops receive_xdp_ops;

static const struct receive_ops *const paths[] = {
	&receive_null_ops,  &receive_replay_ops, &receive_block_ops,
	&receive_epoll_ops, &receive_spin_ops,	 &receive_mmsg_ops,
	&receive_busy_ops,  &receive_packet_ops, &receive_uring_ops,
	&receive_xdp_ops,
};

/* "memory,sleeps,bypass,frames,exclusive" and its NUL. */
#define CAPS_TEXT_MAX 64

static const struct receive_ops *path_find(const char *name, size_t len)
{
	char known[256];
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		if (strlen(paths[i]->name) == len &&
		    !memcmp(paths[i]->name, name, len))
			return paths[i];
	for (size_t i = 0; i < ARRAY_SIZE(paths) && n < sizeof(known); i++)
		n += (size_t)snprintf(known + n, sizeof(known) - n, "%s%s",
				      i ? ", " : "", paths[i]->name);
	log_error("--receive: unknown path '%.*s'; known: %s", (int)len, name,
		  known);
	return NULL;
}

/* NULL, or why this build or this host can't run the path. */
static const char *path_fault(const struct receive_ops *ops,
			      const struct receive_config *config)
{
	const char *why = "this host can't run it";

	if (ops->absent)
		return ops->absent;
	return ops->probe && ops->probe(config, &why) < 0 ? why : NULL;
}

static int config_check(const struct receive_ops *ops,
			const struct receive_config *config)
{
	if (ops->caps & RECEIVE_MEMORY)
		return 0;
	if (!config->interface) {
		log_error("--receive %s: needs an interface", ops->name);
		return -EINVAL;
	}
	if (!IN_MULTICAST(ntohl(config->group.sin_addr.s_addr)) ||
	    !config->group.sin_port) {
		log_error("--receive %s: needs a multicast group and a port",
			  ops->name);
		return -EINVAL;
	}
	return 0;
}

/* One for all paths: whatever does not go to the path goes on to the kernel's
 * stack, which counts. Once the interface is watched. */
static int strangers_open(struct receive *receive)
{
	const struct receive_config *config = &receive->config;

	if (receive->ops->caps & RECEIVE_MEMORY || !config->source.s_addr)
		return 0;
	receive->strangers_fd =
		socket_multicast_strangers(config->source, &config->group,
					   &receive->watch.follower.interface);
	return receive->strangers_fd < 0 ? receive->strangers_fd : 0;
}

static void strangers_close(struct receive *receive)
{
	uint64_t count = receive_strangers(receive);
	char source[INET_ADDRSTRLEN];

	if (receive->strangers_fd < 0)
		return;
	if (count)
		log_warning("--receive %s: left out %llu datagrams of others "
			    "than %s (see --source)",
			    receive->ops->name, (unsigned long long)count,
			    inet_ntop(AF_INET, &receive->config.source, source,
				      sizeof(source)));
	close(receive->strangers_fd);
}

static int watch_open(struct receive *rx)
{
	int err;

	if (rx->ops->caps & RECEIVE_MEMORY)
		return 0;
	err = interface_watch_open(&rx->watch, rx->config.interface);
	if (err)
		log_error("interface '%s' can't be watched: %s",
			  rx->config.interface, log_reason(err));
	return err;
}

int receive_open(const char *text, const struct receive_config *config,
		 struct receive **receive)
{
	size_t len = strcspn(text, ":");
	const struct receive_ops *ops = path_find(text, len);
	const char *fault;
	struct receive *rx;
	char what[64];
	int err;

	*receive = NULL;
	if (!ops)
		return -EINVAL;
	if (ops->absent) {
		log_error("--receive %s: %s", ops->name, ops->absent);
		return -EOPNOTSUPP;
	}
	rx = calloc(1, ops->size);
	if (!rx)
		return -ENOMEM;
	rx->ops = ops;
	rx->caps = ops->caps;
	rx->config = *config;
	rx->watch.follower.fd = rx->strangers_fd = -1;
	snprintf(what, sizeof(what), "--receive %s", ops->name);
	err = option_parse_list(ops->options, text + len + (text[len] == ':'),
				what, rx, &rx->text);
	if (!err)
		err = config_check(ops, config);
	if (err)
		goto free_rx;
	fault = path_fault(ops, config);
	if (fault) {
		log_error("%s: %s", what, fault);
		err = -EOPNOTSUPP;
		goto free_rx;
	}
	err = ops->open(rx);
	if (err)
		goto free_rx;
	err = watch_open(rx);
	if (err)
		goto close_path;
	err = strangers_open(rx);
	if (err)
		goto close_watch;
	*receive = rx;
	return 0;
close_watch:
	interface_watch_close(&rx->watch);
close_path:
	ops->close(rx);
free_rx:
	free(rx->text);
	free(rx);
	return err;
}

void receive_close(struct receive *receive)
{
	if (!receive)
		return;
	strangers_close(receive);
	interface_watch_close(&receive->watch);
	receive->ops->close(receive);
	free(receive->text);
	free(receive);
}

uint64_t receive_lost(struct receive *receive)
{
	if (receive->ops->lost)
		receive->lost = receive->ops->lost(receive);
	return receive->lost;
}

uint64_t receive_strangers(const struct receive *receive)
{
	return receive->strangers_fd < 0 ? 0
					 : socket_drops(receive->strangers_fd);
}

int receive_alive(struct receive *receive)
{
	return interface_watch_look(&receive->watch);
}

uint64_t receive_privileges(const struct receive *receive)
{
	return receive->ops->privileges;
}

const char *receive_name(const struct receive *receive)
{
	return receive->ops->name;
}

const struct receive_ops *receive_path(unsigned int i)
{
	return i < ARRAY_SIZE(paths) ? paths[i] : NULL;
}

static const char *caps_print(unsigned int caps, char text[CAPS_TEXT_MAX])
{
	static const struct {
		enum receive_caps cap;
		const char *word;
	} words[] = {
		{ RECEIVE_MEMORY, "memory" },
		{ RECEIVE_SLEEPS, "sleeps" },
		{ RECEIVE_BYPASS, "bypass" },
		{ RECEIVE_FRAMES, "frames" },
		{ RECEIVE_EXCLUSIVE, "exclusive" },
	};
	size_t n = 0;

	strcpy(text, "-");
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (caps & words[i].cap)
			n += (size_t)snprintf(text + n, CAPS_TEXT_MAX - n,
					      "%s%s", n ? "," : "",
					      words[i].word);
	return text;
}

static int wider(int width, const char *text)
{
	int len = (int)strlen(text);

	return len > width ? len : width;
}

void receive_print_paths(FILE *out)
{
	static const char *const heads[] = { "PATH", "CAPABILITIES",
					     "RUNS HERE" };
	const char *cells[ARRAY_SIZE(paths)][ARRAY_SIZE(heads)];
	char caps[ARRAY_SIZE(paths)][CAPS_TEXT_MAX];
	int width[ARRAY_SIZE(heads)] = { 0 };

	for (size_t c = 0; c < ARRAY_SIZE(heads); c++)
		width[c] = wider(0, heads[c]);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		const char *fault = path_fault(paths[i], NULL);

		cells[i][0] = paths[i]->name;
		cells[i][1] = caps_print(paths[i]->caps, caps[i]);
		cells[i][2] = fault ? fault : "yes";
		for (size_t c = 0; c < ARRAY_SIZE(heads); c++)
			width[c] = wider(width[c], cells[i][c]);
	}
	for (size_t c = 0; c < ARRAY_SIZE(heads); c++)
		fprintf(out, "%-*s  ", width[c], heads[c]);
	fputs("WHAT IT IS\n", out);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		for (size_t c = 0; c < ARRAY_SIZE(heads); c++)
			fprintf(out, "%-*s  ", width[c], cells[i][c]);
		fprintf(out, "%s\n", paths[i]->help);
	}
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		if (!paths[i]->options)
			continue;
		fprintf(out, "\n%s:\n", paths[i]->name);
		option_print_rows(out, paths[i]->options, "  ");
	}
}
