/* SPDX-License-Identifier: MIT */
/* One blocking recvmsg(2) a packet: the kernel wakes us. */
#include <errno.h>
#include <sys/time.h>

#include "base/log.h"
#include "receive/receive_socket.h"

static int block_open(struct receive *receive)
{
	struct receive_socket *rx =
		container_of(receive, struct receive_socket, interface.receive);
	struct timeval wait = { .tv_usec = 100000 };
	int err = receive_socket_open(rx, 1);

	if (err)
		return err;
	if (setsockopt(rx->fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) <
	    0) {
		err = -errno;
		log_error("--receive block: SO_RCVTIMEO: %s",
			  log_strerror(err));
		receive_socket_close(receive);
	}
	return err;
}

/* One packet a call: a second receive would cost a system call before the
 * first packet is handled, or block. */
static int block_poll(struct receive *receive, struct packet *packets,
		      unsigned int max)
{
	struct receive_socket *rx =
		container_of(receive, struct receive_socket, interface.receive);

	(void)max;
	return receive_socket_take(rx, rx->slots, 0, packets);
}

const struct receive_ops receive_block_ops = {
	.entry.name = "block",
	.entry.help = "blocking recvmsg: sleeps until a packet wakes it",
	.caps = RECEIVE_SLEEPS,
	.socket_calls = true,
	.entry.size = sizeof(struct receive_socket),
	.entry.options = receive_socket_options,
	.open = block_open,
	.join = receive_interface_watch,
	.leave = receive_interface_leave,
	.alive = receive_interface_alive,
	.strangers = receive_interface_strangers,
	.poll = block_poll,
	.descriptor = receive_socket_descriptor,
	.drops = receive_socket_drops,
	.close = receive_socket_close,
};
