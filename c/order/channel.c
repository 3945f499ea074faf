/* SPDX-License-Identifier: MIT */
#include "order/channel.h"

#include <errno.h>
#include <stdlib.h>

#include "base/log.h"
#include "order/channel_ops.h"

extern const struct channel_ops channel_fix_ops;
extern const struct channel_ops channel_login_ops;
extern const struct channel_ops channel_null_ops;
extern const struct channel_ops channel_raw_ops;
extern const struct channel_ops channel_tls_ops;
extern const struct channel_ops channel_ws_ops;

static const struct registry_entry *const entries[] = {
	&channel_null_ops.entry,  &channel_raw_ops.entry,
	&channel_login_ops.entry, &channel_ws_ops.entry,
	&channel_fix_ops.entry,	  &channel_tls_ops.entry,
};
const struct registry channels = REGISTRY("--channel", "channel", entries);

/* Its pages are there from now on: HOT code writes to them. */
int channel_buffers_make(struct channel *channel, size_t in_size,
			 size_t out_size)
{
	uint8_t *bytes = malloc(in_size + out_size);

	if (!bytes) {
		log_error("--channel %s: no memory for %zu bytes",
			  channel_name(channel), in_size + out_size);
		return -ENOMEM;
	}
	memset(bytes, 0, in_size + out_size);
	free(channel->out.bytes);
	channel->out =
		(struct channel_buffer){ .bytes = bytes, .size = out_size };
	channel->in = (struct channel_buffer){ .bytes = bytes + out_size,
					       .size = in_size };
	return 0;
}

static void free_all(struct channel *channel)
{
	free(channel->out.bytes);
	free(channel->text);
	free(channel);
}

int channel_open(const char *text, enum channel_role role,
		 struct channel **channel)
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
	new->role = role;
	new->text = options;
	new->due_ns = UINT64_MAX;
	new->prepared = "nothing";
	new->writes = new->ops->write != NULL;
	err = channel_buffers_make(new, new->ops->in_size, new->ops->out_size);
	if (!err && new->ops->open)
		err = new->ops->open(new);
	if (err) {
		free_all(new);
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
	free_all(channel);
}

int channel_check(const char *text, enum channel_role role)
{
	struct channel *channel;
	int err = channel_open(text, role, &channel);

	channel_close(channel);
	return err;
}

bool channel_is_encrypted(const char *text)
{
	return strcspn(text, ":") == 3 && !memcmp(text, "tls", 3);
}

int channel_text_add(const char *text, const char *option, const char *key,
		     const char *value, char room[static CHANNEL_TEXT_MAX])
{
	const size_t name_len = strcspn(text, ":");
	const char *rest = text + name_len + (text[name_len] == ':');
	int len;

	if (!channel_is_encrypted(text)) {
		log_error("%s: --channel %s is not encrypted", option, text);
		return -EINVAL;
	}
	if (strchr(value, ',')) {
		log_error("%s %s: its name has a comma", option, value);
		return -EINVAL;
	}
	/* First: whatever the choice says itself counts. */
	len = snprintf(room, CHANNEL_TEXT_MAX, "tls:%s=%s%s%s", key, value,
		       *rest ? "," : "", rest);
	if (len < CHANNEL_TEXT_MAX)
		return 0;
	log_error("%s %s: its name is too long", option, value);
	return -EINVAL;
}

int channel_text_keys(const char **text, const char *keys,
		      char room[static CHANNEL_TEXT_MAX])
{
	int err = keys ? channel_text_add(*text, "--keys", "keys", keys, room)
		       : 0;

	if (!err && keys)
		*text = room;
	return err;
}

const char *channel_name(const struct channel *channel)
{
	return channel->ops->entry.name;
}

const char *channel_reason(const struct channel *channel, int err)
{
	return channel->why ? channel->why : log_strerror(err);
}
