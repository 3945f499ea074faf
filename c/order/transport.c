/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/frame_port.h"
#include "net/kernel_tls.h"
#include "net/socket.h"
#include "net/socket_end.h"
#include "order/transport.h"
#include "order/transport_ops.h"

#define PATIENCE_NS (200 * CLOCK_NS_PER_MS) /* with full buffers */
#define SILENCE_NS  CLOCK_NS_PER_S   /* more than a late ACK, or a lost one */
#define LOOK_NS	    (SILENCE_NS / 4) /* a look is a system call */

extern const struct transport_ops transport_null_ops;
extern const struct transport_ops transport_send_ops;
extern const struct transport_ops transport_uring_ops;
extern const struct transport_ops transport_zerocopy_ops;
extern const struct transport_ops transport_bypass_ops;
extern const struct transport_ops transport_shm_ops;
extern const struct transport_ops transport_rdma_ops;

static const struct registry_entry *const entries[] = {
	&transport_null_ops.entry,   &transport_send_ops.entry,
	&transport_uring_ops.entry,  &transport_zerocopy_ops.entry,
	&transport_bypass_ops.entry, &transport_shm_ops.entry,
	&transport_rdma_ops.entry,
};
const struct registry transports = REGISTRY("--transport", "kind", entries);

/* Found, allocated, its options read; not open. 0 or a negative errno,
 * logged. */
static int kind_make(const char *text, struct transport **transport)
{
	const struct registry_entry *entry;
	struct transport *new;
	char *options;
	void *object;
	int err = registry_make(&transports, text, &entry, &object, &options);

	*transport = NULL;
	if (err)
		return err;
	err = registry_check(&transports, entry);
	if (err) {
		free(options);
		free(object);
		return err;
	}
	new = object;
	new->ops = transport_ops_of(entry);
	new->fd = -1;
	new->text = options;
	*transport = new;
	return 0;
}

static void kind_free(struct transport **transport)
{
	free((*transport)->text);
	free(*transport);
	*transport = NULL;
}

int transport_open(const char *text, int fd, struct transport **transport)
{
	int err = kind_make(text, transport);
	struct transport *new = *transport;

	if (err)
		return err;
	new->fd = fd;
	if (new->ops->connect) {
		log_error("--transport %s: makes its connection itself",
			  new->ops->entry.name);
		err = -EOPNOTSUPP;
	} else if (new->ops->open) {
		err = new->ops->open(new);
	}
	if (err)
		kind_free(transport);
	return err;
}

static int socket_open(struct transport *transport,
		       const struct transport_config *config)
{
	int err;

	if (config->frames && config->frames->carries_kernel)
		transport->carrier = config->frames;
	transport->fd = socket_connect_by(&config->peer, config->timeout_ms,
					  config->stop, transport->carrier);
	if (transport->fd < 0)
		return transport->fd;
	err = socket_keepalive(transport->fd, 10, 2, 3);
	if (!err && transport->ops->open)
		err = transport->ops->open(transport);
	if (err)
		close(transport->fd);
	return err;
}

int transport_connect(const char *text, const struct transport_config *config,
		      struct transport **transport)
{
	int err = kind_make(text, transport);
	struct transport *new = *transport;

	if (err)
		return err;
	err = new->ops->connect ? new->ops->connect(new, config)
				: socket_open(new, config);
	if (err)
		kind_free(transport);
	else
		new->connected = true;
	return err;
}

int transport_listen(const char *text, const struct transport_place *place,
		     struct transport **transport)
{
	int err = kind_make(text, transport);
	struct transport *new = *transport;

	if (err)
		return err;
	if (new->ops->listen) {
		err = new->ops->listen(new, place);
	} else {
		log_error("--transport %s: a trader's end alone: the "
			  "exchange's of TCP is --transport send",
			  new->ops->entry.name);
		err = -EOPNOTSUPP;
	}
	if (err)
		kind_free(transport);
	else
		new->listens = true;
	return err;
}

int transport_accept(struct transport *transport, struct order_end **end)
{
	return transport->ops->accept(transport, end);
}

/*
 * When there is no room.
 */

/* Before each wait: what the kernel's socket sends and gets goes by it. */
static void carrier_scan(struct transport *transport)
{
	if (transport->carrier)
		(void)transport->carrier->ops->scan(transport->carrier);
}

static int room_wait(struct transport *transport, uint64_t wait_ns)
{
	struct pollfd room = { .fd = transport->fd, .events = POLLOUT };
	unsigned int ms = (unsigned int)(wait_ns / CLOCK_NS_PER_MS);

	if (transport->ops->wait) {
		carrier_scan(transport);
		return transport->ops->wait(transport,
					    transport->carrier ? 1 : ms);
	}
	/* What ended it the next send will tell. */
	frame_port_poll(transport->carrier, &room, ms);
	return 0;
}

/* 0 or a negative errno; rest_len tells whether it has all gone. */
static int rest_send(struct transport *transport)
{
	ssize_t n;

	if (!transport->rest_len)
		return 0;
	n = transport->ops->send(transport, transport->rest,
				 transport->rest_len);
	if (n < 0)
		return (int)n;
	transport->rest_len -= (size_t)n;
	memmove(transport->rest, transport->rest + n, transport->rest_len);
	return 0;
}

/* Try once. 0 or a negative errno. */
static int bytes_send(struct transport *transport, const uint8_t *bytes,
		      size_t len, size_t *sent)
{
	int err = rest_send(transport);
	ssize_t n;

	if (err || transport->rest_len)
		return err;
	n = transport->ops->send(transport, bytes + *sent, len - *sent);
	if (n > 0)
		*sent += (size_t)n;
	return n < 0 ? (int)n : 0;
}

/* Has the peer acknowledged something since the last look? What was sent and
 * has no answer for so long says that it takes nothing. */
static void progress_look(struct transport *transport)
{
	uint64_t now_ns = clock_monotonic_ns(), acknowledged;

	transport->looked_ns = now_ns;
	acknowledged = transport->taken - transport_unacknowledged(transport);
	if (acknowledged != transport->acknowledged ||
	    !transport->acknowledged_ns) {
		transport->acknowledged = acknowledged;
		transport->acknowledged_ns = now_ns;
		transport->closed = false;
	} else if (!transport->ops->by_program &&
		   now_ns - transport->acknowledged_ns > SILENCE_NS) {
		transport->closed = true;
	}
}

int transport_send_late(struct transport *transport, const uint8_t *bytes,
			size_t len, ssize_t n)
{
	uint64_t now_ns = clock_monotonic_ns();
	const uint64_t deadline_ns = now_ns + PATIENCE_NS;
	size_t sent = n > 0 ? (size_t)n : 0;
	int err = n < 0 ? (int)n : 0;

	if (transport->closed)
		progress_look(transport);
	for (; !err && sent < len; now_ns = clock_monotonic_ns()) {
		if (transport->closed)
			return -EAGAIN;
		err = bytes_send(transport, bytes, len, &sent);
		if (err || sent == len || now_ns >= deadline_ns)
			break;
		err = room_wait(transport, deadline_ns - now_ns);
	}
	if (err)
		return err;
	/* It has waited in vain: the next one won't. */
	transport->closed = sent < len;
	if (sent == 0)
		return -EAGAIN;
	transport->rest_len = len - sent;
	memcpy(transport->rest, bytes + sent, len - sent);
	transport->taken += len;
	return 0;
}

/* 0 or a negative errno. */
static int upkeep(struct transport *transport)
{
	int err = rest_send(transport);
	uint64_t now_ns;

	if (err)
		return err;
	/* Nothing under way: nothing is owed. */
	if (transport->acknowledged == transport->taken) {
		transport->acknowledged_ns = 0;
		return 0;
	}
	now_ns = clock_monotonic_ns();
	if (!transport->acknowledged_ns)
		transport->acknowledged_ns = transport->looked_ns = now_ns;
	else if (now_ns - transport->looked_ns >= LOOK_NS)
		progress_look(transport);
	return 0;
}

ssize_t transport_receive(struct transport *transport, uint8_t *bytes,
			  size_t len)
{
	int err = upkeep(transport);
	ssize_t n;

	/* What the peer has said before it ended it is there still. */
	if (transport->ops->receive) {
		n = transport->ops->receive(transport, bytes, len);
		return n > 0 || !err ? n : err;
	}
	if (transport->fd < 0)
		return err;
	n = recv(transport->fd, bytes, len, MSG_DONTWAIT);
	if (n > 0)
		return n;
	if (n == 0)
		return -EPIPE;
	if (errno != EAGAIN && errno != EINTR)
		return -errno;
	return err;
}

int transport_seal(struct transport *transport,
		   const struct tls_direction *seals, const char **why)
{
	int err = rest_send(transport);

	*why = "not all of the handshake has gone";
	if (err || transport->rest_len)
		return err ? err : -EAGAIN;
	if (transport->fd < 0 || !transport->ops->kernel_tls) {
		*why = "the transport does not send by a socket of the "
		       "kernel's alone: --transport send and uring do";
		return -EOPNOTSUPP;
	}
	return kernel_tls_begin(transport->fd, seals, why);
}

int transport_record(struct transport *transport, enum tls_content type,
		     const uint8_t *bytes, size_t len)
{
	int err = rest_send(transport);

	if (err || transport->rest_len)
		return err ? err : -EAGAIN;
	return kernel_tls_record(transport->fd, type, bytes, len);
}

/* Also while there are bytes to be read before the end. */
static int socket_alive(int fd)
{
	struct pollfd end = { .fd = fd, .events = POLLRDHUP };
	socklen_t len = sizeof(int);
	int err = 0;

	if (poll(&end, 1, 0) <= 0)
		return 0;
	/* An error queue (MSG_ZEROCOPY) is one too, and no end. */
	if (end.revents & POLLERR)
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len);
	if (err)
		return -err;
	return end.revents & (POLLRDHUP | POLLHUP) ? -EPIPE : 0;
}

int transport_alive(struct transport *transport)
{
	int err = upkeep(transport);

	if (err)
		return err;
	if (transport->ops->alive)
		return transport->ops->alive(transport);
	return transport->fd < 0 ? 0 : socket_alive(transport->fd);
}

uint16_t transport_port(const struct transport *transport)
{
	struct sockaddr_in own = { 0 };
	socklen_t len = sizeof(own);

	if (transport->ops->port)
		return transport->ops->port(transport);
	if (transport->fd < 0 ||
	    getsockname(transport->fd, (struct sockaddr *)&own, &len) < 0)
		return 0;
	return ntohs(own.sin_port);
}

uint64_t transport_unacknowledged(struct transport *transport)
{
	int waiting = 0;

	if (transport->ops->unacknowledged)
		return transport->rest_len +
		       transport->ops->unacknowledged(transport);
	if (transport->fd < 0 || ioctl(transport->fd, SIOCOUTQ, &waiting) < 0)
		waiting = 0;
	return transport->rest_len + (uint64_t)waiting;
}

uint64_t transport_settle(struct transport *transport, unsigned int timeout_ms)
{
	uint64_t deadline_ns =
		clock_monotonic_ns() + timeout_ms * CLOCK_NS_PER_MS;
	uint64_t left;

	while ((left = transport_unacknowledged(transport)) &&
	       clock_monotonic_ns() < deadline_ns) {
		/* Nothing tells of an acknowledgement. */
		carrier_scan(transport);
		if (transport->ops->wait)
			transport->ops->wait(transport, 1);
		else
			poll(NULL, 0, 1);
		if (transport_alive(transport) < 0)
			return transport_unacknowledged(transport);
	}
	return left;
}

void transport_close(struct transport *transport)
{
	if (!transport)
		return;
	if (transport->ops->close)
		transport->ops->close(transport);
	if (transport->connected && transport->fd >= 0)
		socket_end(transport->fd);
	else if (transport->listens && transport->fd >= 0)
		close(transport->fd);
	free(transport->text);
	free(transport);
}

const char *transport_name(const struct transport *transport)
{
	return transport->ops->entry.name;
}
