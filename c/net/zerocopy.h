/* SPDX-License-Identifier: MIT */
/*
 * Sends that the kernel does not copy. MSG_ZEROCOPY: the kernel sends from the
 * caller's pages and tells on the socket's error queue when it is done with
 * them (Documentation/networking/msg_zerocopy.rst). SEND_ZC of io_uring: two
 * completions, sent and done with (io_uring_prep_send_zc(3)). What is sent is
 * copied into a slot first, since the callers' bytes don't live so long; the
 * kernel's own copy is saved.
 */
#ifndef NET_ZEROCOPY_H
#define NET_ZEROCOPY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/mem.h"
#include "net/uring.h"

#define ZEROCOPY_SLOTS	  32
#define ZEROCOPY_SLOT_LEN 4096

enum zerocopy_how { ZEROCOPY_MSG, ZEROCOPY_RING };
extern const char *const zerocopy_how_names[]; /* NULL at the end */

struct zerocopy_choice {
	unsigned int how;
	bool registered_buffer; /* of ZEROCOPY_RING */
};

/* The rows of struct zerocopy_choice, a member of this type. */
#define ZEROCOPY_ROWS(target, choice)                                          \
	{ .name = "how",                                                       \
	  .metavar = "HOW",                                                    \
	  .def = "msg_zerocopy",                                               \
	  .type = OPTION_CHOICE,                                               \
	  .choices = zerocopy_how_names,                                       \
	  .offset = offsetof(target, choice.how),                              \
	  .help = "send(2) with MSG_ZEROCOPY, or io_uring's SEND_ZC" },        \
	{                                                                      \
		.name = "registered_buffer", .metavar = "on|off", .def = "on", \
		.type = OPTION_FLAG,                                           \
		.offset = offsetof(target, choice.registered_buffer),          \
		.help = "send_zc: from memory that was pinned once"            \
	}

struct zerocopy_ops;

struct zerocopy {
	const struct zerocopy_ops *ops;
	bool registered_buffer;
	int fd; /* stays the caller's */
	struct mem_arena arena;
	uint32_t next; /* number of the next send; the kernel counts alike */
	unsigned int under_way;
	bool busy[ZEROCOPY_SLOTS]; /* of send N: slot N % ZEROCOPY_SLOTS */
	uint64_t copied;	   /* sends that the kernel copied after all */
#ifdef HAVE_LIBURING
	struct io_uring ring; /* of ZEROCOPY_RING */
	int broken;	      /* what became of a submission is not known */
#endif
};

/* Turn it on for a UDP or TCP socket. 0 or a negative errno, logged with
 * what ("--transport zerocopy"). */
int zerocopy_open(struct zerocopy *zerocopy, int fd,
		  const struct zerocopy_choice *choice, const char *what);
void zerocopy_close(struct zerocopy *zerocopy);

/*
 * HOT. As send(2) of at most ZEROCOPY_SLOT_LEN bytes of bytes, which may be
 * reused on return. How many went, or a negative errno; -ENOBUFS: all slots
 * are under way: zerocopy_wait(), then again.
 */
ssize_t zerocopy_send(struct zerocopy *zerocopy, const uint8_t *bytes,
		      size_t len, int flags);

/* Wait at most timeout_ms for one slot or more to come back. 0, or a negative
 * errno when the connection is broken, or nothing is under way (-ENOBUFS). */
int zerocopy_wait(struct zerocopy *zerocopy, int timeout_ms);

#endif
