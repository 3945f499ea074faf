/* SPDX-License-Identifier: MIT */
/* The wire looped back on itself, and numbered frames to send over it: what
 * wire and tap take without a trader. */
#ifndef CAMPAIGN_LOOP_BACK_H
#define CAMPAIGN_LOOP_BACK_H

#include <stdint.h>

/*
 * From now on the kernel sends whatever comes in by the interface of that
 * namespace straight back out of it (tc-mirred(8)). log: path for what tc
 * says. 0, or -EOPNOTSUPP, with a warning, where tc or the kernel can't.
 */
int loop_back_make(int space, const char *interface, const char *log);

/* Market data datagrams, one message each, numbered from 0. */
struct loop_back_frames {
	const char *interface;
	const char *group;	  /* "ADDR:PORT" */
	uint64_t count;		  /* 1..2^32 - 1 */
	uint64_t rate;		  /* a second, at even times; 1..10^9 */
	const volatile int *stop; /* give up once it is set; may be NULL */
};

/* Send them from this process. 0; -EINTR when *stop was set; another negative
 * errno, logged. */
int loop_back_frames(const struct loop_back_frames *frames);

/*
 * Send some thousand market data datagrams, one message each, at even times,
 * to the group ("ADDR:PORT"), out of the interface of that namespace, on this
 * CPU (-1: any). 0; -EINTR when *stop was set; another negative errno,
 * logged.
 */
int loop_back_send(int space, const char *interface, int cpu, const char *group,
		   const volatile int *stop);

#endif
