/* SPDX-License-Identifier: MIT */
/* The io_uring that a library under test has made for itself. */
#ifndef TESTS_SUPPORT_RING_H
#define TESTS_SUPPORT_RING_H

/* The descriptor of the newest one that this process has; -1: none. */
int ring_find(void);

#endif
