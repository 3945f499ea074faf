/* SPDX-License-Identifier: MIT */
/* What this process has open. */
#ifndef TESTS_SUPPORT_DESCRIPTORS_H
#define TESTS_SUPPORT_DESCRIPTORS_H

/* How many descriptors; those of looking are among them, each time the same. A
 * failure aborts the test. */
unsigned int descriptors(void);

/*
 * How often what opens something does so, to see that nothing is left: by
 * itself, and with a set of options. The kernel waits for all its readers
 * (RCU) before a ring of io_uring or of AF_XDP is gone: 0.1 s, and more where
 * all CPUs are busy.
 */
#define REOPENED	 200
#define REOPENED_VARIANT 20

#endif
