/* SPDX-License-Identifier: MIT */
/* What programs that run others and write results have in common. */
#ifndef CAMPAIGN_LAUNCH_H
#define CAMPAIGN_LAUNCH_H

#include <limits.h>
#include <stddef.h>

/* The folder of this program, where its siblings lie. 0 or a negative errno,
 * logged. */
int launch_programs(char path[static PATH_MAX]);

/* Catch SIGINT, SIGTERM and SIGHUP: what is returned is set by one of them. */
const volatile int *launch_signals(void);

/* What sudo made belongs to who called it. */
void launch_give_to_caller(const char *folder);

/* As a shell takes it, for whoever runs it again. */
void launch_command_line(int argc, char **argv, char *text, size_t size);

#endif
