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

static const struct registry_entry *const entries[] = {
	&receive_null_ops.entry,  &receive_replay_ops.entry,
	&receive_block_ops.entry, &receive_epoll_ops.entry,
	&receive_spin_ops.entry,  &receive_mmsg_ops.entry,
	&receive_busy_ops.entry,  &receive_packet_ops.entry,
	&receive_uring_ops.entry, &receive_xdp_ops.entry,
};
const struct registry receive_paths = REGISTRY("--receive", "path", entries);

/* "memory,sleeps,bypass,frames,exclusive" and its NUL. */
#define CAPS_TEXT_MAX 64

static int config_check(const struct receive_ops *ops,
			const struct receive_config *config)
{
	if (ops->caps & RECEIVE_MEMORY)
		return 0;
	if (!config->interface) {
		log_error("--receive %s: needs an interface", ops->entry.name);
		return -EINVAL;
	}
	if (!IN_MULTICAST(ntohl(config->group.sin_addr.s_addr)) ||
	    !config->group.sin_port) {
		log_error("--receive %s: needs a multicast group and a port",
			  ops->entry.name);
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
			    receive->ops->entry.name, (unsigned long long)count,
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
	const struct registry_entry *entry;
	const struct receive_ops *ops;
	struct receive *rx;
	char *options;
	void *object;
	int err =
		registry_make(&receive_paths, text, &entry, &object, &options);

	*receive = NULL;
	if (err)
		return err;
	ops = receive_ops_of(entry);
	rx = object;
	rx->ops = ops;
	rx->caps = ops->caps;
	rx->config = *config;
	rx->text = options;
	rx->watch.follower.fd = rx->strangers_fd = -1;
	err = config_check(ops, config);
	if (!err)
		err = registry_check(&receive_paths, entry);
	if (!err)
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
	return receive->ops->entry.name;
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
	const char *cells[ARRAY_SIZE(entries)][ARRAY_SIZE(heads)];
	char caps[ARRAY_SIZE(entries)][CAPS_TEXT_MAX];
	int width[ARRAY_SIZE(heads)] = { 0 };

	for (size_t c = 0; c < ARRAY_SIZE(heads); c++)
		width[c] = wider(0, heads[c]);
	for (size_t i = 0; i < ARRAY_SIZE(entries); i++) {
		const char *fault = registry_unavailable(entries[i]);

		cells[i][0] = entries[i]->name;
		cells[i][1] = caps_print(receive_path((unsigned int)i)->caps,
					 caps[i]);
		cells[i][2] = fault ? fault : "yes";
		for (size_t c = 0; c < ARRAY_SIZE(heads); c++)
			width[c] = wider(width[c], cells[i][c]);
	}
	for (size_t c = 0; c < ARRAY_SIZE(heads); c++)
		fprintf(out, "%-*s  ", width[c], heads[c]);
	fputs("WHAT IT IS\n", out);
	for (size_t i = 0; i < ARRAY_SIZE(entries); i++) {
		for (size_t c = 0; c < ARRAY_SIZE(heads); c++)
			fprintf(out, "%-*s  ", width[c], cells[i][c]);
		fprintf(out, "%s\n", entries[i]->help);
	}
	for (size_t i = 0; i < ARRAY_SIZE(entries); i++) {
		if (!entries[i]->options)
			continue;
		fprintf(out, "\n%s:\n", entries[i]->name);
		option_print_rows(out, entries[i]->options, "  ");
	}
}
