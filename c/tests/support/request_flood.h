/* SPDX-License-Identifier: MIT */
/* Requests for everything, 100,000 a second, and now and then something that is
 * none. */
#ifndef TESTS_SUPPORT_REQUEST_FLOOD_H
#define TESTS_SUPPORT_REQUEST_FLOOD_H

#include <stdint.h>
#include <sys/types.h>

/* By a connected UDP socket, with a session's tag, for the numbers below end;
 * in a process of its own until it is stopped. */
pid_t request_flood_start(int fd, uint16_t tag, uint32_t end);
void request_flood_stop(pid_t *flooder); /* 0: there is none */

#endif
