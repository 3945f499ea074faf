/* SPDX-License-Identifier: MIT */
/* Orders without bytes: what a session costs without any. */
#include "order/channel_ops.h"

static int null_encode(struct channel *channel, const struct order *order)
{
	(void)channel, (void)order;
	return 0;
}

static int null_decode(struct channel *channel, struct order *order)
{
	(void)order;
	channel_buffer_take(&channel->in, channel_buffer_len(&channel->in));
	return 0;
}

const struct channel_ops channel_null_ops = {
	.entry.name = "null",
	.entry.help = "no bytes at all: orders end here",
	.entry.size = sizeof(struct channel),
	.in_size = 4096,
	.out_size = 1024,
	.unit = 1,
	.encode = null_encode,
	.decode = null_decode,
};
