/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "channel/channel.h"
#include "channel/channel_ops.h"

extern const struct channel_ops channel_null_ops;
extern const struct channel_ops channel_raw_ops;

static const struct registry_entry *const entries[] = {
	&channel_null_ops.entry,
	&channel_raw_ops.entry,
};
const struct registry channels = REGISTRY("--channel", "codec", entries);

int channel_open(const char *text, struct channel **channel)
{
	const struct registry_entry *entry;
	struct channel *new;
	char *options;
	void *object;
	int err = registry_make(&channels, text, &entry, &object, &options);

	*channel = NULL;
	if (err)
		return err;
	new = object;
	new->ops = channel_ops_of(entry);
	new->text = options;
	if (new->ops->open)
		err = new->ops->open(new);
	if (err) {
		free(options);
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
	return channel->ops->entry.name;
}
