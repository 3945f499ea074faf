/* SPDX-License-Identifier: MIT */
/*
 * io_uring rings, as receive paths, transports and publish paths open them.
 * io_uring(7), io_uring_setup(2). Without liburing only the options are here.
 */
#ifndef NET_URING_H
#define NET_URING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/option.h"

/* A kernel thread that takes submissions, so that none costs a system call. */
struct uring_sqpoll {
	bool on;
	int cpu;	  /* that it is pinned to; -1: any */
	uint64_t idle_ms; /* it sleeps after so long without work */
};

/* For OPTION_PARSED rows: "any", or the number of a CPU; target is an int. */
int uring_cpu_parse(const char *text, void *target, const char **why);

/* The rows of struct uring_sqpoll, a member of this type. */
#define URING_SQPOLL_ROWS(target, sqpoll)                                  \
	{ .name = "sqpoll",                                                \
	  .metavar = "on|off",                                             \
	  .def = "off",                                                    \
	  .type = OPTION_FLAG,                                             \
	  .offset = offsetof(target, sqpoll.on),                           \
	  .help = "a kernel thread takes submissions: no system call" },   \
		{ .name = "sq_cpu",                                        \
		  .metavar = "any|CPU",                                    \
		  .def = "any",                                            \
		  .type = OPTION_PARSED,                                   \
		  .parse = uring_cpu_parse,                                \
		  .offset = offsetof(target, sqpoll.cpu),                  \
		  .help = "where that thread runs" },                      \
	{                                                                  \
		.name = "sq_idle", .metavar = "MS", .def = "1000",         \
		.type = OPTION_UNSIGNED, .min = 1, .max = 3600000,         \
		.offset = offsetof(target, sqpoll.idle_ms),                \
		.help = "it sleeps after so many milliseconds of no work " \
			"(sq_thread_idle)"                                 \
	}

#define URING_REGISTERED_FILE_ROW(target, member)                            \
	{                                                                    \
		.name = "registered_file", .metavar = "on|off", .def = "on", \
		.type = OPTION_FLAG, .offset = offsetof(target, member),     \
		.help = "the socket is looked up once (IOSQE_FIXED_FILE)"    \
	}

/* Why a kernel of this release (uname -r) can't run what is here; NULL when
 * it can. */
const char *uring_release_fault(const char *release);

#ifdef HAVE_LIBURING

#include <liburing.h>

/* Does this kernel let us have a ring that knows this operation
 * (IORING_OP_)? 0, or a negative errno with *why set to a static text. Silent;
 * leaves nothing behind. */
int uring_probe(unsigned int operation, const char **why);

/*
 * Open a ring. flags: IORING_SETUP_, without those of sqpoll, which may be
 * NULL; completions: entries of the completion queue, 0: twice as many. what
 * begins each log line ("--receive uring"). 0 or a negative errno, logged;
 * but -EINVAL is not, when flags are not 0: the caller may know better.
 */
int uring_open(struct io_uring *ring, unsigned int entries,
	       unsigned int completions, unsigned int flags,
	       const struct uring_sqpoll *sqpoll, const char *what);

/* HOT. Take back what was queued (io_uring_get_sqe()) and is not the kernel's
 * yet, since submitting it failed: else the next one submits it. How many. Not
 * with sqpoll, whose thread takes them when it likes. */
static inline unsigned int uring_unqueue(struct io_uring *ring)
{
	unsigned int head = io_uring_smp_load_acquire(ring->sq.khead);
	unsigned int count = ring->sq.sqe_tail - head;

	ring->sq.sqe_head = ring->sq.sqe_tail = head;
	io_uring_smp_store_release(ring->sq.ktail, head);
	return count;
}

/* Cancel what is under way, wait until it has ended, and give the ring back.
 * After that the kernel holds no file and no memory of the caller. */
void uring_close(struct io_uring *ring);

#endif

#endif
