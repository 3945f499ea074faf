/* SPDX-License-Identifier: MIT */
/*
 * A blocking recvmsg(2) that first runs the driver's receive poll itself, for
 * some microseconds, instead of waiting for the interrupt. socket(7),
 * Documentation/networking/napi.rst. A driver without NAPI (veth without XDP
 * or GRO) has nothing to poll: it is a blocking receive then.
 */
#include <errno.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/privileges.h"
#include "net/socket.h"
#include "receive/receive_socket.h"

/* What a socket has that was not asked: the kernel's BUSY_POLL_BUDGET, in
 * include/net/busy_poll.h. To ask for as much wants CAP_NET_ADMIN. */
#define BUDGET_UNASKED 8

struct receive_busy {
	struct receive_socket socket;
	uint64_t usec;
	bool prefer;
	uint64_t budget;
};

static const struct option_row busy_options[] = {
	RECEIVE_SOCKET_ROWS,
	RECEIVE_SOCKET_TUNING_ROWS,
	{ .name = "usec",
	  .metavar = "US",
	  .def = "50",
	  .type = OPTION_UNSIGNED,
	  .min = 1,
	  .max = 1000000,
	  .offset = offsetof(struct receive_busy, usec),
	  .help = "how long to poll before sleeping (SO_BUSY_POLL)" },
	{ .name = "prefer",
	  .metavar = "on|off",
	  .def = "off",
	  .type = OPTION_FLAG,
	  .offset = offsetof(struct receive_busy, prefer),
	  .help = "interrupts stay off while it polls often enough "
		  "(SO_PREFER_BUSY_POLL)" },
	{ .name = "budget",
	  .metavar = "N",
	  .def = "8",
	  .type = OPTION_UNSIGNED,
	  .min = 1,
	  .max = 65535,
	  .offset = offsetof(struct receive_busy, budget),
	  .help = "packets a poll takes at most (SO_BUSY_POLL_BUDGET)" },
	OPTION_END,
};

static struct receive_busy *busy_self(struct receive *receive)
{
	return container_of(receive, struct receive_busy,
			    socket.interface.receive);
}

static int fault(const char *name, int err)
{
	log_error("--receive busy: %s: %s%s", name, log_strerror(err),
		  err == -EPERM ? " (CAP_NET_ADMIN is needed)" : "");
	return err;
}

/* Set, and there as it was set. */
static int busy_set(int fd, int option, uint64_t wanted, const char *name)
{
	int found = 0;
	int err = socket_option(fd, SOL_SOCKET, option, (int)wanted, &found);

	if (err)
		return fault(name, err);
	if (found == (int)wanted)
		return 0;
	log_error("--receive busy: %s: requested %d, got %d", name, (int)wanted,
		  found);
	return -EOPNOTSUPP;
}

/* The one that Linux does not let be read back. */
static int budget_set(int fd, uint64_t wanted)
{
	int budget = (int)wanted;

	if (wanted == BUDGET_UNASKED)
		return 0;
	if (setsockopt(fd, SOL_SOCKET, SO_BUSY_POLL_BUDGET, &budget,
		       sizeof(budget)) < 0)
		return fault("budget, SO_BUSY_POLL_BUDGET", -errno);
	return 0;
}

/* Some kernels let any user have it, some CAP_NET_ADMIN alone. */
static int busy_probe(const char **why)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int usec = 1, err = 0;

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_BUSY_POLL, &usec, sizeof(usec)) < 0) {
		err = -errno;
		*why = err == -EPERM ? "SO_BUSY_POLL needs CAP_NET_ADMIN here"
				     : "this kernel has no SO_BUSY_POLL";
	}
	close(fd);
	return err;
}

static int busy_open(struct receive *receive)
{
	struct receive_busy *self = busy_self(receive);
	struct timeval wait = { .tv_usec = 100000 };
	int err = receive_socket_open(&self->socket, 1);
	int fd = self->socket.fd;

	if (err)
		return err;
	err = busy_set(fd, SO_BUSY_POLL, self->usec, "usec, SO_BUSY_POLL");
	if (!err)
		err = busy_set(fd, SO_PREFER_BUSY_POLL, self->prefer,
			       "prefer, SO_PREFER_BUSY_POLL");
	if (!err)
		err = budget_set(fd, self->budget);
	if (!err &&
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) < 0) {
		err = -errno;
		log_error("--receive busy: SO_RCVTIMEO: %s", log_strerror(err));
	}
	if (err)
		receive_socket_close(receive);
	return err;
}

/* One packet a call, as block has it. */
static int busy_poll(struct receive *receive, struct packet *packets,
		     unsigned int max)
{
	struct receive_socket *rx = &busy_self(receive)->socket;

	(void)max;
	return receive_socket_take(rx, rx->slots, 0, packets);
}

const struct receive_ops receive_busy_ops = {
	.entry.name = "busy",
	.entry.help =
		"blocking recvmsg that polls the driver first (SO_BUSY_POLL)",
	.caps = RECEIVE_SLEEPS,
	.privileges = PRIVILEGES_BIT(CAP_NET_ADMIN),
	.socket_calls = true,
	.entry.size = sizeof(struct receive_busy),
	.entry.options = busy_options,
	.entry.probe = busy_probe,
	.open = busy_open,
	.join = receive_interface_watch,
	.leave = receive_interface_leave,
	.alive = receive_interface_alive,
	.strangers = receive_interface_strangers,
	.poll = busy_poll,
	.descriptor = receive_socket_descriptor,
	.drops = receive_socket_drops,
	.close = receive_socket_close,
};
