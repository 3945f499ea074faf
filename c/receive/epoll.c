/* SPDX-License-Identifier: MIT */
/* epoll_wait(2), then all that is there: how an event loop does it. */
#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/log.h"
#include "receive/receive_socket.h"

struct receive_epoll {
	struct receive_socket socket;
	int fd;
};

static struct receive_epoll *epoll_self(struct receive *receive)
{
	return container_of(receive, struct receive_epoll,
			    socket.interface.receive);
}

static int epoll_open(struct receive *receive)
{
	struct receive_epoll *self = epoll_self(receive);
	struct epoll_event event = { .events = EPOLLIN };
	int err = receive_socket_open(&self->socket, RECEIVE_BURST_MAX);

	if (err)
		return err;
	self->fd = epoll_create1(EPOLL_CLOEXEC);
	if (self->fd < 0) {
		err = -errno;
		goto close_socket;
	}
	if (epoll_ctl(self->fd, EPOLL_CTL_ADD, self->socket.fd, &event) < 0) {
		err = -errno;
		goto close_epoll;
	}
	return 0;
close_epoll:
	close(self->fd);
close_socket:
	log_error("--receive epoll: %s", log_strerror(err));
	receive_socket_close(receive);
	return err;
}

static int epoll_poll(struct receive *receive, struct packet *packets,
		      unsigned int max)
{
	struct receive_epoll *self = epoll_self(receive);
	struct receive_socket *rx = &self->socket;
	struct epoll_event event;
	unsigned int n = 0;
	int got = epoll_wait(self->fd, &event, 1, 100);

	if (got <= 0)
		return got == 0 || errno == EINTR ? 0 : -errno;
	while (n < max) {
		got = receive_socket_take(rx, &rx->slots[n], MSG_DONTWAIT,
					  &packets[n]);
		if (got <= 0)
			break;
		n++;
	}
	/* What was had counts; an error that stays is met again. */
	return n ? (int)n : got;
}

static int epoll_descriptor(struct receive *receive)
{
	return epoll_self(receive)->fd;
}

static void epoll_close(struct receive *receive)
{
	close(epoll_self(receive)->fd);
	receive_socket_close(receive);
}

const struct receive_ops receive_epoll_ops = {
	.entry.name = "epoll",
	.entry.help = "epoll_wait, then non-blocking recvmsg until it is empty",
	.caps = RECEIVE_SLEEPS,
	.socket_calls = true,
	.entry.size = sizeof(struct receive_epoll),
	.entry.options = receive_socket_options,
	.open = epoll_open,
	.join = receive_interface_watch,
	.leave = receive_interface_leave,
	.alive = receive_interface_alive,
	.strangers = receive_interface_strangers,
	.poll = epoll_poll,
	.descriptor = epoll_descriptor,
	.drops = receive_socket_drops,
	.close = epoll_close,
};
