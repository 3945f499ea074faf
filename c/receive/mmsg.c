/* SPDX-License-Identifier: MIT */
/* recvmmsg(2): as many packets as lie there, one system call. */
#include <errno.h>
#include <sys/time.h>

#include "base/log.h"
#include "net/socket.h"
#include "receive/receive_socket.h"

enum mmsg_wait { MMSG_SPIN, MMSG_SLEEP };

struct receive_mmsg {
	struct receive_socket socket;
	uint64_t batch;
	unsigned int wait;
	unsigned int written; /* messages whose lengths are to be set again */
	struct mmsghdr messages[RECEIVE_BURST_MAX];
};

static const char *const wait_names[] = { "spin", "sleep", NULL };

static const struct option_row mmsg_options[] = {
	RECEIVE_SOCKET_ROWS,
	RECEIVE_SOCKET_BUSY_ROWS,
	RECEIVE_SOCKET_TUNING_ROWS,
	{ .name = "batch",
	  .metavar = "N",
	  .def = "32",
	  .type = OPTION_UNSIGNED,
	  .min = 1,
	  .max = RECEIVE_BURST_MAX,
	  .offset = offsetof(struct receive_mmsg, batch),
	  .help = "packets a call takes at most" },
	{ .name = "wait",
	  .metavar = "HOW",
	  .def = "spin",
	  .type = OPTION_CHOICE,
	  .choices = wait_names,
	  .offset = offsetof(struct receive_mmsg, wait),
	  .help = "for the first packet: again and again, or asleep "
		  "(MSG_WAITFORONE)" },
	OPTION_END,
};

static struct receive_mmsg *mmsg_self(struct receive *receive)
{
	return container_of(receive, struct receive_mmsg,
			    socket.interface.receive);
}

static int mmsg_open(struct receive *receive)
{
	struct receive_mmsg *self = mmsg_self(receive);
	struct timeval wait = { .tv_usec = 100000 };
	int err = receive_socket_open(&self->socket, (unsigned int)self->batch);

	if (err)
		return err;
	for (unsigned int i = 0; i < self->batch; i++)
		self->messages[i].msg_hdr = self->socket.slots[i].message;
	/* Their room for stamps is not told yet. */
	self->written = self->socket.timestamps ? (unsigned int)self->batch : 0;
	if (self->wait == MMSG_SPIN)
		return 0;
	receive->caps |= RECEIVE_SLEEPS;
	/* recvmmsg's own time-out is looked at only once a packet is there. */
	if (setsockopt(self->socket.fd, SOL_SOCKET, SO_RCVTIMEO, &wait,
		       sizeof(wait)) < 0) {
		err = -errno;
		log_error("--receive mmsg: SO_RCVTIMEO: %s", log_strerror(err));
		receive_socket_close(receive);
	}
	return err;
}

static bool packet_read(struct receive_mmsg *self, struct mmsghdr *message,
			struct packet *packet)
{
	struct receive_socket *rx = &self->socket;

	if (__builtin_expect(message->msg_hdr.msg_flags & MSG_TRUNC, 0)) {
		rx->oversized++;
		return false;
	}
	packet->data = message->msg_hdr.msg_iov->iov_base;
	packet->len = message->msg_len;
	packet->kernel_ns =
		rx->timestamps ? socket_message_stamp(&message->msg_hdr) : 0;
	return true;
}

static int mmsg_poll(struct receive *receive, struct packet *packets,
		     unsigned int max)
{
	struct receive_mmsg *self = mmsg_self(receive);
	unsigned int batch = (unsigned int)self->batch;
	const int flags =
		self->wait == MMSG_SPIN ? MSG_DONTWAIT : MSG_WAITFORONE;
	int n, count = 0;

	if (batch > max)
		batch = max;
	/* The kernel wrote its lengths over them. */
	for (; self->written; self->written--)
		self->messages[self->written - 1].msg_hdr.msg_controllen =
			sizeof(self->socket.slots->control);
	n = recvmmsg(self->socket.fd, self->messages, batch, flags, NULL);
	if (__builtin_expect(n < 0, 0))
		return errno_is_transient(-errno);
	self->written = self->socket.timestamps ? (unsigned int)n : 0;
	for (int i = 0; i < n; i++)
		count += packet_read(self, &self->messages[i], &packets[count]);
	return count;
}

const struct receive_ops receive_mmsg_ops = {
	.entry.name = "mmsg",
	.entry.help = "recvmmsg: a batch of packets a system call",
	.socket_calls = true,
	.entry.size = sizeof(struct receive_mmsg),
	.entry.options = mmsg_options,
	.open = mmsg_open,
	.join = receive_interface_watch,
	.leave = receive_interface_leave,
	.alive = receive_interface_alive,
	.strangers = receive_interface_strangers,
	.poll = mmsg_poll,
	.descriptor = receive_socket_descriptor,
	.drops = receive_socket_drops,
	.close = receive_socket_close,
};
