/* SPDX-License-Identifier: MIT */
/* Two namespaces joined by a veth pair, for measuring receive paths alone: a
 * sender in the far one, the caller in the near one. */
#ifndef TESTS_BENCH_SUPPORT_PATHS_H
#define TESTS_BENCH_SUPPORT_PATHS_H

#include <stddef.h>

#include "receive/receive_ops.h"

#define PATHS_PAYLOAD 36 /* bytes of a datagram: one message */

struct paths_rig {
	int home, near, far; /* namespaces */
	int sender;
	struct receive_config config;
};

/* What is measured: a path, and options that its figure is of, NULL at the end.
 * Not io_uring's sqpoll: its thread needs a CPU of its own, and its work is on
 * none of the caller's; experiment sqpoll-cpu has it. */
extern const char *const paths_texts[];

/* The caller is in the near namespace then, and back home after the close. 0
 * or a negative errno, logged. */
int paths_rig_open(struct paths_rig *rig);
void paths_rig_close(struct paths_rig *rig);

/* Send datagrams numbered first, first + 1 ... How many went. */
size_t paths_rig_send(const struct paths_rig *rig, size_t first, size_t count);

/* Why the path can't be measured here; NULL: it can. */
const char *paths_fault(const char *text);

#endif
