/* SPDX-License-Identifier: MIT */
/* A client that sends back what it is sent, for suites that are servers. */
#ifndef ECHO_ECHO_MIRROR_H
#define ECHO_ECHO_MIRROR_H

#include "echo/echo.h"

/* Connect, and send each message back, until the server ends it: 0, also where
 * it is told off for what it said, which is logged; or a negative errno,
 * logged. Of a channel whose messages are of any length. */
int echo_mirror_run(const struct echo_config *config);

#endif
