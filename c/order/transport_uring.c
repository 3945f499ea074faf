/* SPDX-License-Identifier: MIT */
/* send by io_uring: by one system call that submits and waits, or by a kernel
 * thread (sqpoll) and none. */
#include "order/transport_ops.h"

#ifdef HAVE_LIBURING

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/log.h"
#include "net/uring.h"

#define BUFFER_LEN TRANSPORT_BYTES_MAX
/* So many looks before it sleeps: the thread needs a few microseconds, and it
 * may have to share our CPU. */
#define SPINS 20000

struct transport_uring {
	struct transport transport;
	struct uring_sqpoll sqpoll;
	bool registered_file, registered_buffer;
	int broken; /* what became of a submission is not known */
	struct io_uring ring;
	struct mem_arena buffer;
};

static const struct option_row uring_options[] = {
	URING_SQPOLL_ROWS(struct transport_uring, sqpoll),
	URING_REGISTERED_FILE_ROW(struct transport_uring, registered_file),
	{ .name = "registered_buffer",
	  .metavar = "on|off",
	  .def = "off",
	  .type = OPTION_FLAG,
	  .offset = offsetof(struct transport_uring, registered_buffer),
	  .help = "from memory that was pinned once (WRITE_FIXED)" },
	OPTION_END,
};

static struct transport_uring *uring_self(struct transport *transport)
{
	return container_of(transport, struct transport_uring, transport);
}

static void spin(struct io_uring *ring)
{
	for (unsigned int i = 0; i < SPINS && !io_uring_cq_ready(ring); i++)
		;
}

/* HOT. It was not submitted. The caller may send the bytes again, so nothing
 * else may. */
__attribute__((cold, noinline)) static int unsubmitted(
	struct transport_uring *self, int err)
{
	if (self->sqpoll.on || !uring_unqueue(&self->ring))
		self->broken = err;
	return err;
}

/* HOT. Submit and wait for the end, which comes at once, whatever signals
 * come. */
static int complete(struct transport_uring *self)
{
	struct io_uring *ring = &self->ring;
	struct io_uring_cqe *cqe;
	int err;

	if (self->sqpoll.on) {
		err = io_uring_submit(ring);
		spin(ring);
	} else {
		err = io_uring_submit_and_wait(ring, 1);
	}
	while (!io_uring_cq_ready(ring)) {
		if (err < 0 && err != -EINTR)
			return unsubmitted(self, err);
		err = io_uring_submit_and_wait(ring, 1);
	}
	err = io_uring_peek_cqe(ring, &cqe);
	if (err)
		return err;
	err = cqe->res;
	io_uring_cqe_seen(ring, cqe);
	return err;
}

static ssize_t uring_send(struct transport *transport, const uint8_t *bytes,
			  size_t len)
{
	struct transport_uring *self = uring_self(transport);
	int fd = self->registered_file ? 0 : transport->fd, sent;
	struct io_uring_sqe *sqe;

	if (__builtin_expect(self->broken, 0))
		return self->broken;
	sqe = io_uring_get_sqe(&self->ring);
	if (__builtin_expect(!sqe, 0))
		return 0;
	if (self->registered_buffer) {
		memcpy(self->buffer.base, bytes, len);
		io_uring_prep_write_fixed(sqe, fd, self->buffer.base,
					  (unsigned int)len, 0, 0);
		sqe->rw_flags = RWF_NOWAIT;
	} else {
		io_uring_prep_send(sqe, fd, bytes, len,
				   MSG_NOSIGNAL | MSG_DONTWAIT);
	}
	if (self->registered_file)
		sqe->flags |= IOSQE_FIXED_FILE;
	sent = complete(self);
	return sent == -EAGAIN || sent == -EINTR ? 0 : sent;
}

/* A plain send takes no registered buffer, a write does; but a write has no
 * MSG_NOSIGNAL. */
static int buffer_register(struct transport_uring *self)
{
	struct iovec bytes = { .iov_len = BUFFER_LEN };
	struct sigaction action;
	int err;

	sigaction(SIGPIPE, NULL, &action);
	if (action.sa_handler != SIG_IGN) {
		log_error("--transport uring: registered_buffer: a program "
			  "that does not ignore SIGPIPE can't use it");
		return -EOPNOTSUPP;
	}
	err = mem_arena_open(&self->buffer, BUFFER_LEN, false);
	if (err)
		return err;
	bytes.iov_base = self->buffer.base;
	err = io_uring_register_buffers(&self->ring, &bytes, 1);
	if (err)
		log_error("--transport uring: registered_buffer: %s%s",
			  log_strerror(err),
			  err == -ENOMEM ? " may be pinned (ulimit -l)" : "");
	return err;
}

static int uring_open_transport(struct transport *transport)
{
	struct transport_uring *self = uring_self(transport);
	int err;

	/* Two: sqpoll's thread may say that it took a submission after its
	 * completion was seen. */
	err = uring_open(&self->ring, 2, 0, 0, &self->sqpoll,
			 "--transport uring");
	if (err)
		return err;
	if (self->registered_file) {
		err = io_uring_register_files(&self->ring, &transport->fd, 1);
		if (err)
			log_error("--transport uring: registered_file: %s",
				  log_strerror(err));
	}
	if (!err && self->registered_buffer)
		err = buffer_register(self);
	if (err) {
		uring_close(&self->ring);
		mem_arena_close(&self->buffer);
	}
	return err;
}

static void uring_close_transport(struct transport *transport)
{
	struct transport_uring *self = uring_self(transport);

	uring_close(&self->ring);
	mem_arena_close(&self->buffer);
}

static int uring_probe_transport(const char **why)
{
	return uring_probe(IORING_OP_SEND, why);
}

#endif

const struct transport_ops transport_uring_ops = {
	.entry.name = "uring",
	.entry.help = "send by io_uring, which a kernel thread may do (sqpoll)",
#ifdef HAVE_LIBURING
	.entry.size = sizeof(struct transport_uring),
	.entry.options = uring_options,
	.entry.probe = uring_probe_transport,
	.kernel_tls = true,
	.open = uring_open_transport,
	.send = uring_send,
	.close = uring_close_transport,
#else
	.entry.unavailable_reason = "built without liburing",
#endif
};
