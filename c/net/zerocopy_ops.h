/* SPDX-License-Identifier: MIT */
/* What net/zerocopy's two ways have between them and the slots: each function
 * is as its namesake in net/zerocopy.h, but for what is said here. */
#ifndef NET_ZEROCOPY_OPS_H
#define NET_ZEROCOPY_OPS_H

#include "net/zerocopy.h"

struct zerocopy_ops {
	/* Of a zerocopy that has its slots. */
	int (*open)(struct zerocopy *zerocopy, const char *what);
	void (*close)(struct zerocopy *zerocopy); /* NULL: nothing to do */

	/* copy: the bytes, in slot next % ZEROCOPY_SLOTS, which is free. */
	ssize_t (*send)(struct zerocopy *zerocopy, uint8_t *copy, size_t len,
			int flags);

	/* Free the slots that are done with, without waiting: how many
	 * messages told so. */
	unsigned int (*reap)(struct zerocopy *zerocopy);

	/* Some are under way, and none was there to reap. */
	int (*wait)(struct zerocopy *zerocopy, int timeout_ms);
};

/* SEND_ZC. */
extern const struct zerocopy_ops zerocopy_ring;

#endif
