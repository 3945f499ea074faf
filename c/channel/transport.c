/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "channel/transport.h"
#include "channel/transport_ops.h"

extern const struct transport_ops transport_null_ops;
extern const struct transport_ops transport_send_ops;

static const struct transport_ops *const kinds[] = {
	&transport_null_ops,
	&transport_send_ops,
};

static const struct transport_ops *kind_find(const char *name, size_t len)
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
	log_error("--transport: unknown kind '%.*s'; known: %s", (int)len, name,
		  known);
	return NULL;
}

/* NULL, or why this build or this host can't run it. */
static const char *kind_fault(const struct transport_ops *ops)
{
	const char *why = "this host can't run it";

	if (ops->absent)
		return ops->absent;
	return ops->probe && ops->probe(&why) < 0 ? why : NULL;
}

int transport_open(const char *text, int fd, struct transport **transport)
{
	size_t len = strcspn(text, ":");
	const struct transport_ops *ops = kind_find(text, len);
	const char *fault = ops ? kind_fault(ops) : NULL;
	struct transport *new;
	char what[64];
	int err;

	*transport = NULL;
	if (!ops)
		return -EINVAL;
	snprintf(what, sizeof(what), "--transport %s", ops->name);
	if (fault) {
		log_error("%s: %s", what, fault);
		return -EOPNOTSUPP;
	}
	new = calloc(1, ops->size);
	if (!new)
		return -ENOMEM;
	new->ops = ops;
	new->fd = fd;
	err = option_parse_list(ops->options, text + len + (text[len] == ':'),
				what, new, &new->text);
	if (!err && ops->open)
		err = ops->open(new);
	if (err) {
		free(new->text);
		free(new);
		return err;
	}
	*transport = new;
	return 0;
}

void transport_close(struct transport *transport)
{
	if (!transport)
		return;
	if (transport->ops->close)
		transport->ops->close(transport);
	free(transport->text);
	free(transport);
}

const char *transport_name(const struct transport *transport)
{
	return transport->ops->name;
}

void transport_print_list(FILE *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const char *fault = kind_fault(kinds[i]);

		fprintf(out, "%-8s  %s%s%s\n", kinds[i]->name, kinds[i]->help,
			fault ? ": " : "", fault ? fault : "");
		option_print_rows(out, kinds[i]->options, "          ");
	}
}

const struct transport_ops *transport_kind(unsigned int i)
{
	return i < ARRAY_SIZE(kinds) ? kinds[i] : NULL;
}
