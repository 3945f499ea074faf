/* SPDX-License-Identifier: MIT */
/* That of a TCP socket. */
#include "order/order_end.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/socket.h"
#include "net/socket_end.h"

static ssize_t socket_receive(struct order_end *end, uint8_t *bytes, size_t len)
{
	ssize_t n = recv(end->fd, bytes, len, MSG_DONTWAIT);

	if (n == 0)
		return -EPIPE;
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	return n;
}

static ssize_t socket_send(struct order_end *end, const uint8_t *bytes,
			   size_t len)
{
	ssize_t n = send(end->fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	return n;
}

static size_t socket_unread(const struct order_end *end)
{
	int len = 0;

	if (ioctl(end->fd, FIONREAD, &len) < 0 || len < 0)
		return 0;
	return (size_t)len;
}

static size_t socket_room(const struct order_end *end)
{
	socklen_t len = sizeof(int);
	int room = 0;

	getsockopt(end->fd, SOL_SOCKET, SO_RCVBUF, &room, &len);
	return (size_t)room;
}

static int socket_fault(const struct order_end *end)
{
	socklen_t len = sizeof(int);
	int err = 0;

	getsockopt(end->fd, SOL_SOCKET, SO_ERROR, &err, &len);
	return err ? -err : -EPIPE;
}

/* Without it a dead peer is noticed late; no reason to turn it away. */
static void socket_probe(struct order_end *end,
			 const struct order_end_keepalive *keepalive)
{
	if (keepalive->idle_s)
		socket_keepalive(end->fd, keepalive->idle_s,
				 keepalive->interval_s, keepalive->probes);
}

static void socket_finish(struct order_end *end)
{
	socket_end(end->fd);
	free(end);
}

static const struct order_end_ops socket_ops = {
	.receive = socket_receive,
	.send = socket_send,
	.unread = socket_unread,
	.room = socket_room,
	.fault = socket_fault,
	.keepalive = socket_probe,
	.tells_room = true,
	.close = socket_finish,
};

struct order_end *order_end_socket(int fd, const struct sockaddr_in *peer)
{
	struct order_end *end = malloc(sizeof(*end));

	if (end)
		*end = (struct order_end){ &socket_ops, fd, *peer };
	else
		close(fd);
	return end;
}
