/* SPDX-License-Identifier: MIT */
/* Where and how the trader's process runs. */
#ifndef TRADER_TRADER_PLACE_H
#define TRADER_TRADER_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#include "trader/trader.h"

struct trader_place {
	int64_t cpu;   /* < 0: not pinned */
	uint64_t fifo; /* SCHED_FIFO's priority; 0: none */
	bool lock_memory;
	const char *onload; /* net/onload.h; NULL: the kernel's sockets */
};

/* A CPU's number, into an int64_t (base/option.h). */
int trader_place_cpu(const char *text, void *target, const char **why);

/* Can these receive path and transport run so? 0 or -EINVAL, logged. */
int trader_place_check(const struct trader_place *place,
		       const struct trader_config *config);

/* Be under OpenOnload, if that is asked for: see onload_enter(). 0 or a
 * negative errno, logged. */
int trader_place_enter(const struct trader_place *place, char **argv);

/* Take the CPU, the priority and the memory. 0 or a negative errno, logged. */
int trader_place_take(const struct trader_place *place);

#endif
