/* SPDX-License-Identifier: MIT */
/* net/zerocopy's other half: SEND_ZC. Each is as its namesake there. */
#ifndef NET_ZEROCOPY_RING_H
#define NET_ZEROCOPY_RING_H

#include "net/zerocopy.h"

int zerocopy_ring_open(struct zerocopy *zerocopy, const char *what);
void zerocopy_ring_close(struct zerocopy *zerocopy);

/* copy: the bytes, in a slot that is free. */
ssize_t zerocopy_ring_send(struct zerocopy *zerocopy, uint8_t *copy, size_t len,
			   int flags);

/* Read what has completed: how many completions. */
unsigned int zerocopy_ring_reap(struct zerocopy *zerocopy);
int zerocopy_ring_wait(struct zerocopy *zerocopy, int timeout_ms);

#endif
