/* SPDX-License-Identifier: MIT */
#include "echo/echo_mirror.h"

#include <errno.h>
#include <poll.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/socket.h"
#include "order/channel_end.h"
#include "order/channel_ops.h"
#include "order/order_end.h"

struct mirror {
	const struct echo_config *config;
	struct channel *channel;
	struct order_end *end;
	bool up; /* the handshake is over */
};

/* All that is there, as far as there is room for the answers. 0 or a negative
 * errno. */
static int messages_take(struct mirror *mirror)
{
	struct channel *channel = mirror->channel;
	struct order order;
	int got = 1;

	while (got > 0 && channel_buffer_len(&channel->out) == 0) {
		got = channel_decode(channel, &order);
		if (got > 0)
			got = channel->ops->write(channel, channel->message,
						  channel->message_len) < 0
				      ? -EMSGSIZE
				      : 1;
		channel_end_send(channel, mirror->end);
	}
	return got < 0 ? got : 0;
}

/* Something can be received, or sent. 0 or a negative errno. */
static int woken(struct mirror *mirror, short events)
{
	struct channel *channel = mirror->channel;
	ssize_t n = 0;
	int rc;

	channel_end_send(channel, mirror->end);
	if (events & (POLLIN | POLLHUP | POLLERR))
		n = channel_end_receive(channel, mirror->end, SIZE_MAX);
	if (n < 0)
		return (int)n;
	if (!mirror->up) {
		rc = channel_handshake(channel, clock_monotonic_ns());
		channel_end_send(channel, mirror->end);
		mirror->up = rc > 0;
		if (rc <= 0)
			return rc;
	}
	return messages_take(mirror);
}

/* The end of it: what is to be said still goes, and the server closes first,
 * RFC 6455, 7.1.1. */
static void end_wait(struct mirror *mirror)
{
	struct channel *channel = mirror->channel;
	const uint64_t end_ns = clock_monotonic_ns() +
				mirror->config->timeout_ms * CLOCK_NS_PER_MS;
	uint8_t *bytes;
	size_t room;

	while (!*mirror->config->stop && clock_monotonic_ns() < end_ns) {
		struct pollfd fd = { mirror->end->fd, POLLIN, 0 };

		channel_end_send(channel, mirror->end);
		if (channel_buffer_len(&channel->out) > 0)
			fd.events |= POLLOUT;
		poll(&fd, 1, 50);
		channel->in.begin = channel->in.end = 0;
		bytes = channel_room(channel, &room);
		if (mirror->end->ops->receive(mirror->end, bytes, room) < 0)
			return;
	}
}

static int session_run(struct mirror *mirror)
{
	struct channel *channel = mirror->channel;
	const uint64_t deadline_ns =
		clock_monotonic_ns() +
		mirror->config->timeout_ms * CLOCK_NS_PER_MS;
	int err = channel_handshake(channel, clock_monotonic_ns());

	err = err < 0 ? err : 0;
	while (!err && !*mirror->config->stop) {
		const bool full = channel_buffer_len(&channel->out) > 0;
		/* While answers wait no more questions are taken. */
		struct pollfd fd = { mirror->end->fd,
				     full && mirror->up ? POLLOUT
				     : full		? POLLIN | POLLOUT
							: POLLIN,
				     0 };
		uint64_t now_ns;

		if (poll(&fd, 1, 50) > 0)
			err = woken(mirror, fd.revents);
		now_ns = clock_monotonic_ns();
		if (!err && mirror->up)
			err = channel_end_tick(channel, mirror->end, now_ns);
		else if (!err && now_ns >= deadline_ns)
			err = -ETIMEDOUT;
	}
	if (err)
		end_wait(mirror);
	return err;
}

int echo_mirror_run(const struct echo_config *config)
{
	struct mirror mirror = { .config = config };
	int err =
		channel_open(config->channel, CHANNEL_TRADER, &mirror.channel);
	int fd;

	if (err)
		return err;
	if (!mirror.channel->ops->write) {
		log_error("--mirror: --channel %s has no messages of any "
			  "length",
			  channel_name(mirror.channel));
		err = -EINVAL;
		goto close_channel;
	}
	fd = socket_connect(&config->address, config->timeout_ms, config->stop);
	err = fd < 0 ? fd : 0;
	if (err)
		goto close_channel;
	mirror.end = order_end_socket(fd, &config->address);
	if (!mirror.end) {
		err = -ENOMEM;
		goto close_channel;
	}
	err = session_run(&mirror);
	if (err && err != -EPIPE)
		log_warning("%s", channel_reason(mirror.channel, err));
	/* A server that is wrong on purpose is what it is for. */
	err = mirror.up ? 0 : err ? err : -EINTR;
	order_end_close(mirror.end);
close_channel:
	channel_close(mirror.channel);
	return err;
}
