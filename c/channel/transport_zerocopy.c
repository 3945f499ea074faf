/* SPDX-License-Identifier: MIT */
/*
 * Sends that the kernel does not copy: MSG_ZEROCOPY, whose end is told on the
 * socket's error queue, or io_uring's SEND_ZC, which completes twice: sent,
 * then done with the bytes.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/log.h"
#include "channel/transport_ops.h"
#include "net/uring.h"
#include "net/zerocopy.h"

enum { MSG, SEND_ZC };

static const char *const how_names[] = { "msg_zerocopy", "send_zc", NULL };

struct transport_zerocopy {
	struct transport transport;
	unsigned int how;
	bool registered_buffer;
	struct zerocopy zerocopy; /* for send_zc, its slots alone */
#ifdef HAVE_LIBURING
	struct io_uring ring;
#endif
};

#define AT(member) offsetof(struct transport_zerocopy, member)

static const struct option_row zerocopy_options[] = {
	{ .name = "how",
	  .value = "HOW",
	  .initial = "msg_zerocopy",
	  .type = OPTION_CHOICE,
	  .choices = how_names,
	  .offset = AT(how),
	  .help = "send(2) with MSG_ZEROCOPY, or io_uring's SEND_ZC" },
	{ .name = "registered_buffer",
	  .value = "on|off",
	  .initial = "on",
	  .type = OPTION_FLAG,
	  .offset = AT(registered_buffer),
	  .help = "send_zc: from memory that was pinned once" },
	OPTION_END,
};

static struct transport_zerocopy *zerocopy_self(struct transport *transport)
{
	return container_of(transport, struct transport_zerocopy, transport);
}

static ssize_t message_send(struct transport_zerocopy *self,
			    const uint8_t *bytes, size_t len)
{
	ssize_t sent = zerocopy_send(&self->zerocopy, bytes, len, MSG_NOSIGNAL);

	if (sent != -ENOBUFS)
		return sent == -EINTR ? 0 : sent;
	return zerocopy_wait(&self->zerocopy, 100);
}

#ifdef HAVE_LIBURING

static int ring_open(struct transport_zerocopy *self)
{
	struct zerocopy *slots = &self->zerocopy;
	struct iovec bytes = { .iov_len = ZEROCOPY_SLOTS * ZEROCOPY_SLOT_LEN };
	const char *why;
	int err = uring_probe(IORING_OP_SEND_ZC, &why);

	if (err) {
		log_error("--transport zerocopy: send_zc: %s", why);
		return -EOPNOTSUPP;
	}
	/* Completions of all slots, twice. */
	err = uring_open(&self->ring, 2, 4 * ZEROCOPY_SLOTS, 0, NULL,
			 "--transport zerocopy");
	if (err)
		return err;
	err = mem_arena_open(&slots->arena, bytes.iov_len, false);
	if (err)
		goto close_ring;
	bytes.iov_base = slots->arena.base;
	if (self->registered_buffer)
		err = io_uring_register_buffers(&self->ring, &bytes, 1);
	if (!err)
		return 0;
	log_error("--transport zerocopy: registered_buffer: %s%s",
		  log_reason(err),
		  err == -ENOMEM ? " may be pinned (ulimit -l)" : "");
	mem_arena_close(&slots->arena);
close_ring:
	uring_close(&self->ring);
	return err;
}

/* Read completions; *result is set by that of this slot's send. */
static void completions_read(struct transport_zerocopy *self, unsigned int slot,
			     int *result)
{
	struct io_uring_cqe *cqe;
	unsigned int head, n = 0;

	io_uring_for_each_cqe(&self->ring, head, cqe)
	{
		bool is_result = !(cqe->flags & IORING_CQE_F_NOTIF);

		if (is_result && cqe->user_data == slot)
			*result = cqe->res;
		/* No more to come: the slot is free. */
		if (!(cqe->flags & IORING_CQE_F_MORE))
			self->zerocopy.busy[cqe->user_data] = false;
		n++;
	}
	io_uring_cq_advance(&self->ring, n);
}

static int completion_wait(struct transport_zerocopy *self, unsigned int slot,
			   int *result)
{
	int err = io_uring_submit_and_wait(&self->ring, 1);

	if (err < 0 && err != -EINTR)
		return err;
	completions_read(self, slot, result);
	return 0;
}

/* As send(2), of one slot at most. */
static ssize_t ring_send(struct transport_zerocopy *self, const uint8_t *bytes,
			 size_t len)
{
	struct zerocopy *slots = &self->zerocopy;
	unsigned int slot = slots->next++ % ZEROCOPY_SLOTS;
	uint8_t *copy = (uint8_t *)slots->arena.base + slot * ZEROCOPY_SLOT_LEN;
	struct io_uring_sqe *sqe;
	int result = -EINPROGRESS, err = 0;

	while (slots->busy[slot] && !err)
		err = completion_wait(self, slot, &result);
	if (err)
		return err;
	len = len < ZEROCOPY_SLOT_LEN ? len : ZEROCOPY_SLOT_LEN;
	memcpy(copy, bytes, len);
	sqe = io_uring_get_sqe(&self->ring);
	if (self->registered_buffer)
		io_uring_prep_send_zc_fixed(sqe, self->transport.fd, copy, len,
					    MSG_NOSIGNAL | MSG_WAITALL, 0, 0);
	else
		io_uring_prep_send_zc(sqe, self->transport.fd, copy, len,
				      MSG_NOSIGNAL | MSG_WAITALL, 0);
	io_uring_sqe_set_data64(sqe, slot);
	slots->busy[slot] = true;
	while (result == -EINPROGRESS && !err)
		err = completion_wait(self, slot, &result);
	return err ? err : result;
}

static void ring_close(struct transport_zerocopy *self)
{
	uring_close(&self->ring);
	mem_arena_close(&self->zerocopy.arena);
}

#else

static int ring_open(struct transport_zerocopy *self)
{
	(void)self;
	log_error("--transport zerocopy: send_zc: built without liburing");
	return -EOPNOTSUPP;
}

static ssize_t ring_send(struct transport_zerocopy *self, const uint8_t *bytes,
			 size_t len)
{
	(void)self;
	(void)bytes;
	(void)len;
	return -EOPNOTSUPP;
}

static void ring_close(struct transport_zerocopy *self)
{
	(void)self;
}

#endif

static int zerocopy_open_transport(struct transport *transport)
{
	struct transport_zerocopy *self = zerocopy_self(transport);

	if (self->how == SEND_ZC)
		return ring_open(self);
	return zerocopy_open(&self->zerocopy, transport->fd,
			     "--transport zerocopy");
}

static int zerocopy_send_all(struct transport *transport, const uint8_t *bytes,
			     size_t len)
{
	struct transport_zerocopy *self = zerocopy_self(transport);

	while (len > 0) {
		ssize_t sent = self->how == SEND_ZC
				       ? ring_send(self, bytes, len)
				       : message_send(self, bytes, len);

		if (sent < 0)
			return (int)sent;
		bytes += sent;
		len -= (size_t)sent;
	}
	return 0;
}

static void zerocopy_close_transport(struct transport *transport)
{
	struct transport_zerocopy *self = zerocopy_self(transport);

	if (self->how == SEND_ZC)
		ring_close(self);
	else
		zerocopy_close(&self->zerocopy);
}

const struct transport_ops transport_zerocopy_ops = {
	.name = "zerocopy",
	.help = "MSG_ZEROCOPY or SEND_ZC: from pages that the kernel sends "
		"without a copy",
	.size = sizeof(struct transport_zerocopy),
	.options = zerocopy_options,
	.open = zerocopy_open_transport,
	.send = zerocopy_send_all,
	.close = zerocopy_close_transport,
};
