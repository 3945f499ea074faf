/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "receive/receive.h"
#include "receive/receive_ops.h"

/* A new path is its file and a row here. */
#define PATHS(X)  \
	X(null)   \
	X(replay) \
	X(block)  \
	X(epoll)  \
	X(spin)   \
	X(mmsg)   \
	X(busy)   \
	X(packet) \
	X(uring)  \
	X(xdp)    \
	X(dpdk)   \
	X(shm)    \
	X(rdma)

#define DECLARE(name) extern const struct receive_ops receive_##name##_ops;
#define ENTRY(name)   &receive_##name##_ops.entry,
PATHS(DECLARE)
static const struct registry_entry *const entries[] = { PATHS(ENTRY) };
const struct registry receive_paths = REGISTRY("--receive", "path", entries);

/* "memory,shared,sleeps,bypass,frames,exclusive,merged" and its NUL. */
#define CAPS_TEXT_MAX 64

static int config_check(const struct receive_ops *ops,
			const struct receive_config *config)
{
	if (ops->caps & RECEIVE_MEMORY)
		return 0;
	if (!config->interface && !(ops->caps & RECEIVE_SHARED)) {
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
	err = config_check(ops, config);
	if (!err)
		err = registry_check(&receive_paths, entry);
	if (!err)
		err = ops->open(rx);
	if (err)
		goto free_rx;
	if (ops->join)
		err = ops->join(rx);
	if (err)
		goto close_path;
	*receive = rx;
	return 0;
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
	if (receive->ops->leave)
		receive->ops->leave(receive);
	receive->ops->close(receive);
	free(receive->text);
	free(receive);
}

int receive_descriptor(struct receive *receive)
{
	return receive->ops->descriptor ? receive->ops->descriptor(receive)
					: -EOPNOTSUPP;
}

uint64_t receive_drops(struct receive *receive)
{
	if (receive->ops->drops)
		receive->drops = receive->ops->drops(receive);
	return receive->drops;
}

uint64_t receive_strangers(const struct receive *receive)
{
	return receive->ops->strangers ? receive->ops->strangers(receive) : 0;
}

int receive_alive(struct receive *receive)
{
	return receive->ops->alive ? receive->ops->alive(receive) : 0;
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
		{ RECEIVE_SHARED, "shared" },
		{ RECEIVE_SLEEPS, "sleeps" },
		{ RECEIVE_BYPASS, "bypass" },
		{ RECEIVE_FRAMES, "frames" },
		{ RECEIVE_EXCLUSIVE, "exclusive" },
		{ RECEIVE_MERGED, "merged" },
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
