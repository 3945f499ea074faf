/* SPDX-License-Identifier: MIT */
/* Numbered frames to send over a wire that is looped back on itself: what wire
 * and tap take without a trader. */
#ifndef CAMPAIGN_FRAMES_H
#define CAMPAIGN_FRAMES_H

#include <stdint.h>

/* Market data datagrams, one message each, numbered from 0. */
struct frames {
	const char *interface;
	const char *group;	  /* "ADDR:PORT" */
	uint64_t count;		  /* 1..2^32 - 1 */
	uint64_t rate;		  /* a second, at even times; 1..10^9 */
	const volatile int *stop; /* give up once it is set; may be NULL */
};

/* Send them. 0; -EINTR when *stop was set; another negative errno, logged. */
int frames_send(const struct frames *frames);

#endif
