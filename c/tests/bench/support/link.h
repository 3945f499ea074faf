/* SPDX-License-Identifier: MIT */
/*
 * A veth pair and, at its far end, a member of the group that takes what its
 * buffer holds and reads nothing: the same for both senders. What runs in a
 * namespace is a child of its own.
 */
#ifndef TESTS_BENCH_SUPPORT_LINK_H
#define TESTS_BENCH_SUPPORT_LINK_H

#include <sys/types.h>

#include "tests/bench/support/bench.h"

struct link {
	int space[2];
	pid_t member;
	pid_t client; /* holds the order connection, for the exchange */
};

int link_open(struct link *link, const struct bench *bench);
void link_close(struct link *link);

/* What runs in a child: it reports one double, by link_report_send(), when it
 * is ready or done, and may go on. all: the parent's. */
typedef int link_work(const struct bench *bench, void *all, int report);

/* Run it in that namespace, on a CPU (-1: any): what it reports, < 0: nothing.
 */
double link_child_start(int space, int cpu, pid_t *pid, link_work *work,
			const struct bench *bench, void *all);
void link_child_end(pid_t *pid);
int link_report_send(int report, double answer);

/* Work: hold an order connection, from the far end. */
int link_far_connect(const struct bench *bench, void *all, int report);

#endif
