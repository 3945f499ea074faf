/* SPDX-License-Identifier: MIT */
/* System calls as a container has them. */
#pragma once

#include <stdbool.h>

/* From now on the kernel refuses the call of this number (SYS_) to the process
 * with EPERM: seccomp(2). For a child, since it can't be taken back. */
bool system_call_forbid(unsigned int number);
