/* SPDX-License-Identifier: MIT */
/* The wire looped back on itself, and numbered frames to send over it: what
 * wire and tap take without a trader. */
#ifndef MEASURE_LOOP_BACK_H
#define MEASURE_LOOP_BACK_H

/*
 * From now on the kernel sends whatever comes in by the interface of that
 * namespace straight back out of it (tc-mirred(8)). log: path for what tc
 * says. 0, or -EOPNOTSUPP, with a warning, where tc or the kernel can't.
 */
int loop_back_make(int space, const char *interface, const char *log);

/*
 * Send some thousand market data datagrams, one message each, at even times,
 * to the group ("ADDR:PORT"), out of the interface of that namespace, on this
 * CPU (-1: any). 0; -EINTR when *stop was set; another negative errno,
 * logged.
 */
int loop_back_send(int space, const char *interface, int cpu, const char *group,
		   const volatile int *stop);

#endif
