/* SPDX-License-Identifier: MIT */
/* SIGINT and SIGTERM as a descriptor, for who waits by poll(2). signalfd(2). */
#ifndef BASE_ENDING_H
#define BASE_ENDING_H

#include <stdbool.h>

/* Readable when one of them came. They are blocked from now on: to be called
 * before any thread is made, so that no other gets them. A descriptor, or a
 * negative errno, logged. */
int ending_open(void);

/* It was readable: true when there is a signal, which is logged. */
bool ending_came(int fd);

#endif
