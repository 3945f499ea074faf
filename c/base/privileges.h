/* SPDX-License-Identifier: MIT */
/*
 * Giving up what is no longer needed: bytes from a network are no matter for
 * root's capabilities. capabilities(7), PR_SET_NO_NEW_PRIVS(2const).
 */
#ifndef BASE_PRIVILEGES_H
#define BASE_PRIVILEGES_H

#include <linux/capability.h>
#include <stdint.h>

#include "base/option.h"

/* Of --privileges. */
enum privileges { PRIVILEGES_DROP, PRIVILEGES_KEEP };

extern const char *const privileges_names[]; /* for option rows */

/* The row; at: an unsigned int's offset. */
#define PRIVILEGES_OPTION(at)                                                 \
	{                                                                     \
		.name = "privileges", .metavar = "WHAT", .def = "drop",       \
		.type = OPTION_CHOICE, .choices = privileges_names,           \
		.offset = (at),                                               \
		.help = "once all is open: give up all capabilities, and no " \
			"program gains any by being run; the user stays who " \
			"it is. keep: as it was started"                      \
	}

/* Bits of `keep`: CAP_NET_RAW and so on. */
#define PRIVILEGES_BIT(capability) (UINT64_C(1) << (capability))

/* What it takes to open a packet or an XDP socket once more: of its frames in
 * locked memory too, and in generic mode. */
#define PRIVILEGES_FRAMES                                              \
	(PRIVILEGES_BIT(CAP_NET_RAW) | PRIVILEGES_BIT(CAP_NET_ADMIN) | \
	 PRIVILEGES_BIT(CAP_BPF) | PRIVILEGES_BIT(CAP_PERFMON) |       \
	 PRIVILEGES_BIT(CAP_IPC_LOCK))

/*
 * The calling thread, and those it will make, keep these capabilities, of what
 * they have, and nothing else, for good. The limit of locked memory is lifted
 * before, where that is allowed, since pinned pages count from now on. 0 or a
 * negative errno, logged.
 */
int privileges_drop(uint64_t keep);

/*
 * From now on capabilities are kept, and privileges_drop() says so with the
 * reason: something is open that the kernel serves only to the very
 * credentials that have opened it. why must last.
 */
void privileges_hold(const char *why);

#endif
