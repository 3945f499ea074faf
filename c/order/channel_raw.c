/* SPDX-License-Identifier: MIT */
/* The 13-byte order and nothing around it. */
#include "order/channel_ops.h"

static int raw_encode(struct channel *channel, const struct order *order)
{
	uint8_t *at = channel_append(channel, ORDER_LEN);

	if (__builtin_expect(!at, 0))
		return -ENOSPC;
	order_write(order, at);
	return 0;
}

static int raw_decode(struct channel *channel, struct order *order)
{
	struct channel_buffer *in = &channel->in;

	/* The exchange has nothing to say. */
	if (channel->role == CHANNEL_TRADER)
		channel_buffer_take(in, channel_buffer_len(in));
	if (channel_buffer_len(in) < ORDER_LEN)
		return 0;
	*order = order_read(in->bytes + in->begin);
	channel_buffer_take(in, ORDER_LEN);
	return 1;
}

const struct channel_ops channel_raw_ops = {
	.entry.name = "raw",
	.entry.help = "the 13-byte order, one after the other",
	.entry.size = sizeof(struct channel),
	.in_size = 4096,
	.out_size = 1024,
	.unit = ORDER_LEN,
	.encode = raw_encode,
	.decode = raw_decode,
};
