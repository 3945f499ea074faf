/* SPDX-License-Identifier: MIT */
#include "order/channel_socket.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "order/channel_ops.h"

void channel_socket_send(struct channel *channel, int fd)
{
	const uint8_t *bytes;
	size_t len;
	ssize_t n;

	bytes = channel_waiting(channel, &len);
	if (len == 0)
		return;
	n = send(fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n > 0)
		channel_sent(channel, (size_t)n);
}

ssize_t channel_socket_receive(struct channel *channel, int fd, size_t max)
{
	size_t room;
	uint8_t *bytes = channel_room(channel, &room);
	ssize_t n;

	if (room == 0)
		return -EMSGSIZE;
	n = recv(fd, bytes, room < max ? room : max, MSG_DONTWAIT);
	if (n == 0)
		return channel_cut(channel);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	channel_received(channel, (size_t)n, clock_monotonic_ns());
	return n;
}

int channel_socket_tick(struct channel *channel, int fd, uint64_t now_ns)
{
	int err = channel_tick(channel, now_ns);

	channel_socket_send(channel, fd);
	return err;
}
