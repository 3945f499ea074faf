/* SPDX-License-Identifier: MIT */
/* The 13-byte order and nothing around it. */
#include <errno.h>

#include "channel/channel_ops.h"

static ssize_t raw_encode(struct channel *channel, const struct order *order,
			  uint8_t *out, size_t out_size)
{
	(void)channel;
	if (out_size < ORDER_LEN)
		return -ENOSPC;
	order_write(order, out);
	return ORDER_LEN;
}

static int raw_decode(struct channel *channel, struct channel_bytes *bytes,
		      struct order *order)
{
	(void)channel;
	bytes->consumed = 0;
	bytes->out_len = 0;
	if (bytes->in_len < ORDER_LEN)
		return 0;
	*order = order_read(bytes->in);
	bytes->consumed = ORDER_LEN;
	return 1;
}

const struct channel_ops channel_raw_ops = {
	.entry.name = "raw",
	.entry.help = "the 13-byte order, one after the other",
	.entry.size = sizeof(struct channel),
	.encode = raw_encode,
	.decode = raw_decode,
};
