/* SPDX-License-Identifier: MIT */
/* Orders without bytes: what a session costs without any. */
#include "channel/channel_ops.h"

static ssize_t null_encode(struct channel *channel, const struct order *order,
			   uint8_t *out, size_t out_size)
{
	(void)channel, (void)order, (void)out, (void)out_size;
	return 0;
}

static int null_decode(struct channel *channel, struct channel_bytes *bytes,
		       struct order *order)
{
	(void)channel, (void)order;
	bytes->consumed = bytes->in_len;
	bytes->out_len = 0;
	return 0;
}

const struct channel_ops channel_null_ops = {
	.entry.name = "null",
	.entry.help = "no bytes at all: orders end here",
	.entry.size = sizeof(struct channel),
	.encode = null_encode,
	.decode = null_decode,
};
