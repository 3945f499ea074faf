/* SPDX-License-Identifier: MIT */
/* The 13-byte order and nothing around it. */
#include "order/channel_ops.h"

struct channel_raw {
	struct channel channel;
	bool echo;
};

static const struct option_row options[] = {
	CHANNEL_ECHO_OPTION(offsetof(struct channel_raw, echo)),
	OPTION_END,
};

static struct channel_raw *raw_of(struct channel *channel)
{
	return container_of(channel, struct channel_raw, channel);
}

static int raw_encode(struct channel *channel, const struct order *order)
{
	uint8_t *at = channel_append(channel, ORDER_LEN);

	if (__builtin_expect(!at, 0))
		return -ENOSPC;
	order_write(order, at);
	return 0;
}

/* All orders that are there go back. */
static int orders_return(struct channel *channel)
{
	struct channel_buffer *in = &channel->in;

	while (channel_buffer_len(in) >= ORDER_LEN) {
		uint8_t *at = channel_append(channel, ORDER_LEN);

		if (!at) {
			channel->why = CHANNEL_ECHO_UNREAD;
			return -EPROTO;
		}
		memcpy(at, in->bytes + in->begin, ORDER_LEN);
		channel_buffer_take(in, ORDER_LEN);
	}
	return 0;
}

static int raw_decode(struct channel *channel, struct order *order)
{
	const bool echo = raw_of(channel)->echo;
	struct channel_buffer *in = &channel->in;

	/* The exchange has nothing to say. */
	if (channel->role == CHANNEL_TRADER && !echo)
		channel_buffer_take(in, channel_buffer_len(in));
	if (channel_buffer_len(in) < ORDER_LEN)
		return 0;
	if (__builtin_expect(channel->role == CHANNEL_EXCHANGE && echo, 0))
		return orders_return(channel);
	*order = order_read(in->bytes + in->begin);
	channel_buffer_take(in, ORDER_LEN);
	return 1;
}

const struct channel_ops channel_raw_ops = {
	.entry.name = "raw",
	.entry.help = "the 13-byte order, one after the other",
	.entry.size = sizeof(struct channel_raw),
	.entry.options = options,
	.in_size = 4096,
	.out_size = 8192,
	.unit = ORDER_LEN,
	.encode = raw_encode,
	.decode = raw_decode,
};
