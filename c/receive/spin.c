/* SPDX-License-Identifier: MIT */
/* Non-blocking recvmsg(2), over and over: no sleep, no wake-up, one CPU. */
#include "receive/receive_socket.h"

static int spin_open(struct receive *receive)
{
	return receive_socket_open(
		container_of(receive, struct receive_socket, interface.receive),
		1);
}

/* One packet a call: looking for a second one would cost an EAGAIN before
 * the first is handled, and the caller is back at once anyway. */
static int spin_poll(struct receive *receive, struct packet *packets,
		     unsigned int max)
{
	struct receive_socket *rx =
		container_of(receive, struct receive_socket, interface.receive);

	(void)max;
	return receive_socket_take(rx, rx->slots, MSG_DONTWAIT, packets);
}

const struct receive_ops receive_spin_ops = {
	.entry.name = "spin",
	.entry.help = "non-blocking recvmsg in a loop: a CPU for no wake-up",
	.socket_calls = true,
	.entry.size = sizeof(struct receive_socket),
	.entry.options = receive_socket_options,
	.open = spin_open,
	.join = receive_interface_watch,
	.leave = receive_interface_leave,
	.alive = receive_interface_alive,
	.strangers = receive_interface_strangers,
	.poll = spin_poll,
	.descriptor = receive_socket_descriptor,
	.drops = receive_socket_drops,
	.close = receive_socket_close,
};
