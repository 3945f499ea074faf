/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "channel/channel.h"
#include "channel/channel_ops.h"

extern const struct channel_ops channel_null_ops;
extern const struct channel_ops channel_raw_ops;

static const struct channel_ops *const codecs[] = {
	&channel_null_ops,
	&channel_raw_ops,
};

static const struct channel_ops *codec_find(const char *name, size_t len)
{
	char known[256];
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(codecs); i++)
		if (strlen(codecs[i]->name) == len &&
		    !memcmp(codecs[i]->name, name, len))
			return codecs[i];
	for (size_t i = 0; i < ARRAY_SIZE(codecs) && n < sizeof(known); i++)
		n += (size_t)snprintf(known + n, sizeof(known) - n, "%s%s",
				      i ? ", " : "", codecs[i]->name);
	log_error("--channel: unknown codec '%.*s'; known: %s", (int)len, name,
		  known);
	return NULL;
}

int channel_open(const char *text, struct channel **channel)
{
	size_t len = strcspn(text, ":");
	const struct channel_ops *ops = codec_find(text, len);
	struct channel *new;
	char what[64];
	int err;

	*channel = NULL;
	if (!ops)
		return -EINVAL;
	if (ops->absent) {
		log_error("--channel %s: %s", ops->name, ops->absent);
		return -EOPNOTSUPP;
	}
	new = calloc(1, ops->size);
	if (!new)
		return -ENOMEM;
	new->ops = ops;
	snprintf(what, sizeof(what), "--channel %s", ops->name);
	err = option_parse_list(ops->options, text + len + (text[len] == ':'),
				what, new, &new->text);
	if (!err && ops->open)
		err = ops->open(new);
	if (err) {
		free(new->text);
		free(new);
		return err;
	}
	*channel = new;
	return 0;
}

void channel_close(struct channel *channel)
{
	if (!channel)
		return;
	if (channel->ops->close)
		channel->ops->close(channel);
	free(channel->text);
	free(channel);
}

const char *channel_name(const struct channel *channel)
{
	return channel->ops->name;
}

void channel_print_list(FILE *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(codecs); i++) {
		fprintf(out, "%-8s  %s%s%s\n", codecs[i]->name, codecs[i]->help,
			codecs[i]->absent ? ": " : "",
			codecs[i]->absent ? codecs[i]->absent : "");
		option_print_rows(out, codecs[i]->options, "          ");
	}
}

const struct channel_ops *channel_codec(unsigned int i)
{
	return i < ARRAY_SIZE(codecs) ? codecs[i] : NULL;
}
