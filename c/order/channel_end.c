/* SPDX-License-Identifier: MIT */
#include "order/channel_end.h"

#include <errno.h>

#include "base/clock.h"
#include "order/channel_ops.h"
#include "order/order_end.h"

void channel_end_send(struct channel *channel, struct order_end *end)
{
	const uint8_t *bytes;
	size_t len;
	ssize_t n;

	bytes = channel_waiting(channel, &len);
	if (len == 0)
		return;
	n = end->ops->send(end, bytes, len);
	if (n > 0)
		channel_sent(channel, (size_t)n);
}

ssize_t channel_end_receive(struct channel *channel, struct order_end *end,
			    size_t max)
{
	size_t room;
	uint8_t *bytes = channel_room(channel, &room);
	ssize_t n;

	if (room == 0)
		return -EMSGSIZE;
	n = end->ops->receive(end, bytes, room < max ? room : max);
	if (n == -EPIPE)
		return channel_cut(channel);
	if (n <= 0)
		return n;
	channel_received(channel, (size_t)n, clock_monotonic_ns());
	return n;
}

int channel_end_tick(struct channel *channel, struct order_end *end,
		     uint64_t now_ns)
{
	int err = channel_tick(channel, now_ns);

	channel_end_send(channel, end);
	return err;
}
