/* SPDX-License-Identifier: MIT */
/* A file of when each datagram was to leave and when it did, written by a
 * thread: "sequence,intended_ns,sent_ns", in ns since 1970. */
#ifndef EXCHANGE_SEND_TIMES_H
#define EXCHANGE_SEND_TIMES_H

#include <stdint.h>

#include "base/line_writer.h"

struct send_time {
	uint64_t intended_ns, sent_ns;
	uint64_t sequence;
};

struct send_times {
	struct line_writer *file; /* NULL: none is written */
	int fd;
};

/* path: NULL: none. 0 or a negative errno, logged. */
int send_times_open(struct send_times *times, const char *path);
/* 0, or -EIO if not all could be written. */
int send_times_close(struct send_times *times);

/* HOT. 0; a negative errno: the disk is too slow, and none of them is
 * written. */
int send_times_put(struct send_times *times, const struct send_time *rows,
		   unsigned int count);

#endif
