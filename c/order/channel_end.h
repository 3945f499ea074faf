/* SPDX-License-Identifier: MIT */
/* A channel over an end that is its caller's, for who has many of them
 * and waits by poll(2): the exchange, and the echo's server. Never waits. */
#ifndef ORDER_CHANNEL_END_H
#define ORDER_CHANNEL_END_H

#include <stdint.h>
#include <sys/types.h>

struct channel;
struct order_end;

/* Send what the channel has to say, as far as there is room; an error shows
 * when the connection is read. */
void channel_end_send(struct channel *channel, struct order_end *end);

/* One receive, of max bytes at most: how many; 0 when there are none now; a
 * negative errno at the stream's end, and -EMSGSIZE where the channel has no
 * room for more. */
ssize_t channel_end_receive(struct channel *channel, struct order_end *end,
			    size_t max);

/* channel_tick(), and what it has to say: 0 or its negative errno. */
int channel_end_tick(struct channel *channel, struct order_end *end,
		     uint64_t now_ns);

#endif
