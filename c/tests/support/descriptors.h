/* SPDX-License-Identifier: MIT */
/* What this process has open. */
#ifndef TESTS_SUPPORT_DESCRIPTORS_H
#define TESTS_SUPPORT_DESCRIPTORS_H

/* How many descriptors; those of looking are among them, each time the same. A
 * failure aborts the test. */
unsigned int descriptors(void);

#endif
