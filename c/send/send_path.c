/* SPDX-License-Identifier: MIT */
#include "send/send_path.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "send/send_path_ops.h"

extern const struct send_path_ops send_send_ops;
extern const struct send_path_ops send_sendmmsg_ops;
extern const struct send_path_ops send_uring_ops;
extern const struct send_path_ops send_zerocopy_ops;
extern const struct send_path_ops send_packet_ops;
extern const struct send_path_ops send_packet_ring_ops;
extern const struct send_path_ops send_xdp_ops;

static const struct send_path_ops *const kinds[] = {
	&send_send_ops,	    &send_sendmmsg_ops, &send_uring_ops,
	&send_zerocopy_ops, &send_packet_ops,	&send_packet_ring_ops,
	&send_xdp_ops,
};

static const struct send_path_ops *kind_find(const char *name, size_t len)
{
	char known[256];
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strlen(kinds[i]->name) == len &&
		    !memcmp(kinds[i]->name, name, len))
			return kinds[i];
	for (size_t i = 0; i < ARRAY_SIZE(kinds) && n < sizeof(known); i++)
		n += (size_t)snprintf(known + n, sizeof(known) - n, "%s%s",
				      i ? ", " : "", kinds[i]->name);
	log_error("--send: unknown path '%.*s'; known: %s", (int)len, name,
		  known);
	return NULL;
}

/* NULL, or why this build or this host can't run it. */
static const char *kind_fault(const struct send_path_ops *ops)
{
	const char *why = "this host can't run it";

	if (ops->absent)
		return ops->absent;
	return ops->probe && ops->probe(&why) < 0 ? why : NULL;
}

int send_path_open(const char *text, const struct send_path_config *config,
		   struct send_path **path)
{
	size_t len = strcspn(text, ":");
	const struct send_path_ops *ops = kind_find(text, len);
	const char *fault;
	struct send_path *new;
	char what[64];
	int err;

	*path = NULL;
	if (!ops)
		return -EINVAL;
	snprintf(what, sizeof(what), "--send %s", ops->name);
	fault = kind_fault(ops);
	if (fault) {
		log_error("%s: %s", what, fault);
		return -EOPNOTSUPP;
	}
	new = calloc(1, ops->size);
	if (!new)
		return -ENOMEM;
	new->ops = ops;
	new->config = *config;
	new->fd = -1;
	err = option_parse_list(ops->options, text + len + (text[len] == ':'),
				what, new, &new->text);
	if (!err)
		err = ops->open(new);
	if (err) {
		free(new->text);
		free(new);
		return err;
	}
	*path = new;
	return 0;
}

void send_path_close(struct send_path *path)
{
	if (!path)
		return;
	path->ops->close(path);
	free(path->text);
	free(path);
}

uint64_t send_path_privileges(const struct send_path *path)
{
	return path->ops->privileges;
}

const char *send_path_name(const struct send_path *path)
{
	return path->ops->name;
}

void send_path_print_list(FILE *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const char *fault = kind_fault(kinds[i]);

		fprintf(out, "%-12s  %s%s%s\n", kinds[i]->name, kinds[i]->help,
			fault ? ": " : "", fault ? fault : "");
		option_print_rows(out, kinds[i]->options, "              ");
	}
}

const struct send_path_ops *send_path_kind(unsigned int i)
{
	return i < ARRAY_SIZE(kinds) ? kinds[i] : NULL;
}
