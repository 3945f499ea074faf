/* SPDX-License-Identifier: MIT */
/* All that is due by io_uring: one system call, or none (sqpoll). */
#include "publish/publish_path_ops.h"

#ifdef HAVE_LIBURING

#include <errno.h>

#include "base/log.h"
#include "net/uring.h"
#include "publish/publish_socket.h"

struct send_uring {
	struct publish_path path;
	struct uring_sqpoll sqpoll;
	bool registered_file;
	int broken; /* what became of a submission is not known */
	struct io_uring ring;
};

static const struct option_row uring_options[] = {
	URING_SQPOLL_ROWS(struct send_uring, sqpoll),
	URING_REGISTERED_FILE_ROW(struct send_uring, registered_file),
	OPTION_END,
};

static struct send_uring *uring_self(struct publish_path *path)
{
	return container_of(path, struct send_uring, path);
}

static int uring_open_path(struct publish_path *path)
{
	struct send_uring *self = uring_self(path);
	int err = publish_socket_open(path);

	if (err)
		return err;
	/* Twice: sqpoll's thread may say that it took submissions after their
	 * completions were seen. */
	err = uring_open(&self->ring, 2 * PUBLISH_PATH_BURST_MAX, 0, 0,
			 &self->sqpoll, "--send uring");
	if (err)
		goto close_socket;
	if (!self->registered_file)
		return 0;
	err = io_uring_register_files(&self->ring, &path->fd, 1);
	if (!err)
		return 0;
	log_error("--send uring: registered_file: %s", log_strerror(err));
	uring_close(&self->ring);
close_socket:
	publish_socket_close(path);
	return err;
}

/* Submitting failed: how many of count the kernel has taken all the same. The
 * others may be sent again by the caller, so by nobody else. */
__attribute__((cold, noinline)) static unsigned int unsubmitted(
	struct send_uring *self, unsigned int count, int err)
{
	unsigned int ended = io_uring_cq_ready(&self->ring);

	if (!self->sqpoll.on)
		count -= uring_unqueue(&self->ring);
	/* None waits for anything, so what was taken has ended. */
	if (ended != count)
		self->broken = err;
	return ended < count ? ended : count;
}

/* Wait for all; returns how many of them went, from the first on, or the
 * first one's error. */
static int completions_wait(struct send_uring *self, unsigned int count)
{
	struct io_uring *ring = &self->ring;
	int result = 0, err;
	struct io_uring_cqe *cqe;
	unsigned int head, n = 0;

	do
		err = io_uring_submit_and_wait(ring, count);
	while ((err >= 0 || err == -EINTR) && io_uring_cq_ready(ring) < count);
	if (err < 0) {
		count = unsubmitted(self, count, err);
		result = err;
	}
	io_uring_for_each_cqe(ring, head, cqe)
	{
		if (cqe->res >= 0)
			n++;
		else if (cqe->res != -ECANCELED)
			result = cqe->res;
	}
	io_uring_cq_advance(ring, count);
	return n ? (int)n : result;
}

/* Linked: none overtakes one that was refused, and none follows it. */
static int uring_send(struct publish_path *path, const struct iovec *datagrams,
		      unsigned int count)
{
	struct send_uring *self = uring_self(path);
	struct io_uring_sqe *sqe, *last = NULL;
	unsigned int n = 0;

	if (__builtin_expect(self->broken, 0))
		return self->broken;
	while (n < count && (sqe = io_uring_get_sqe(&self->ring))) {
		io_uring_prep_send(sqe, self->registered_file ? 0 : path->fd,
				   datagrams[n].iov_base, datagrams[n].iov_len,
				   MSG_DONTWAIT);
		sqe->flags |= IOSQE_IO_LINK;
		if (self->registered_file)
			sqe->flags |= IOSQE_FIXED_FILE;
		last = sqe;
		n++;
	}
	if (!last)
		return -ENOBUFS;
	last->flags &= (uint8_t)~IOSQE_IO_LINK;
	return completions_wait(self, n);
}

static void uring_close_path(struct publish_path *path)
{
	uring_close(&uring_self(path)->ring);
	publish_socket_close(path);
}

static int uring_probe_path(const char **why)
{
	return uring_probe(IORING_OP_SEND, why);
}

#endif

const struct publish_path_ops publish_uring_ops = {
	.entry.name = "uring",
	.entry.help = "io_uring: linked sends, submitted at once",
#ifdef HAVE_LIBURING
	.entry.size = sizeof(struct send_uring),
	.entry.options = uring_options,
	.entry.probe = uring_probe_path,
	.open = uring_open_path,
	.send = uring_send,
	.close = uring_close_path,
#else
	.entry.unavailable_reason = "built without liburing",
#endif
};
