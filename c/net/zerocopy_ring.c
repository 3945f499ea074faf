/* SPDX-License-Identifier: MIT */
#include "net/zerocopy_ops.h"

#include <errno.h>

#include "base/log.h"

#ifdef HAVE_LIBURING

static int ring_open(struct zerocopy *zerocopy, const char *what)
{
	struct iovec slots = { zerocopy->arena.base, zerocopy->arena.size };
	const char *why;
	int err = uring_probe(IORING_OP_SEND_ZC, &why);

	if (err) {
		log_error("%s: send_zc: %s", what, why);
		return -EOPNOTSUPP;
	}
	/* Completions of all slots, twice. */
	err = uring_open(&zerocopy->ring, 2, 4 * ZEROCOPY_SLOTS, 0, NULL, what);
	if (err || !zerocopy->registered_buffer)
		return err;
	err = io_uring_register_buffers(&zerocopy->ring, &slots, 1);
	if (!err)
		return 0;
	log_error("%s: registered_buffer: %s%s", what, log_strerror(err),
		  err == -ENOMEM ? " may be pinned (ulimit -l)" : "");
	uring_close(&zerocopy->ring);
	return err;
}

static void ring_close(struct zerocopy *zerocopy)
{
	uring_close(&zerocopy->ring);
}

/* *result is set by what tells of this slot's send; NULL: of none. */
static unsigned int completions_read(struct zerocopy *zerocopy,
				     unsigned int slot, int *result)
{
	struct io_uring_cqe *cqe;
	unsigned int head, n = 0;

	io_uring_for_each_cqe(&zerocopy->ring, head, cqe)
	{
		bool is_result = !(cqe->flags & IORING_CQE_F_NOTIF);

		if (result && is_result && cqe->user_data == slot)
			*result = cqe->res;
		/* No more to come: the slot is free. */
		if (!(cqe->flags & IORING_CQE_F_MORE)) {
			zerocopy->busy[cqe->user_data] = false;
			zerocopy->under_way--;
		}
		n++;
	}
	io_uring_cq_advance(&zerocopy->ring, n);
	return n;
}

static unsigned int ring_reap(struct zerocopy *zerocopy)
{
	return completions_read(zerocopy, 0, NULL);
}

/* It was not submitted, and its slot is free again. The caller may send the
 * bytes again, so nothing else may. */
__attribute__((cold, noinline)) static int unsubmitted(
	struct zerocopy *zerocopy, unsigned int slot, int err)
{
	if (uring_unqueue(&zerocopy->ring)) {
		zerocopy->busy[slot] = false;
		zerocopy->under_way--;
	} else {
		zerocopy->broken = err;
	}
	return err;
}

static ssize_t ring_send(struct zerocopy *zerocopy, uint8_t *copy, size_t len,
			 int flags)
{
	unsigned int slot = zerocopy->next % ZEROCOPY_SLOTS;
	struct io_uring_sqe *sqe;
	int result = -EINPROGRESS, err = 0;

	if (zerocopy->broken)
		return zerocopy->broken;
	sqe = io_uring_get_sqe(&zerocopy->ring);
	if (!sqe)
		return -ENOBUFS;
	if (zerocopy->registered_buffer)
		io_uring_prep_send_zc_fixed(sqe, zerocopy->fd, copy, len, flags,
					    0, 0);
	else
		io_uring_prep_send_zc(sqe, zerocopy->fd, copy, len, flags, 0);
	io_uring_sqe_set_data64(sqe, slot);
	zerocopy->next++;
	zerocopy->busy[slot] = true;
	zerocopy->under_way++;
	while (result == -EINPROGRESS && (err >= 0 || err == -EINTR)) {
		err = io_uring_submit_and_wait(&zerocopy->ring, 1);
		completions_read(zerocopy, slot, &result);
	}
	return result == -EINPROGRESS ? unsubmitted(zerocopy, slot, err)
				      : result;
}

static int ring_wait(struct zerocopy *zerocopy, int timeout_ms)
{
	struct __kernel_timespec timeout = {
		.tv_sec = timeout_ms / 1000,
		.tv_nsec = timeout_ms % 1000 * 1000000LL,
	};
	struct io_uring_cqe *cqe;
	int err;

	err = io_uring_wait_cqe_timeout(&zerocopy->ring, &cqe, &timeout);
	ring_reap(zerocopy);
	return err == -ETIME || err == -EINTR ? 0 : err;
}

#else

static int ring_open(struct zerocopy *zerocopy, const char *what)
{
	(void)zerocopy;
	log_error("%s: send_zc: built without liburing", what);
	return -EOPNOTSUPP;
}

#endif

const struct zerocopy_ops zerocopy_ring = {
	.open = ring_open,
#ifdef HAVE_LIBURING
	.close = ring_close,
	.send = ring_send,
	.reap = ring_reap,
	.wait = ring_wait,
#endif
};
