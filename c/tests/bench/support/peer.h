/* SPDX-License-Identifier: MIT */
/*
 * The trader without its input and output, for programs that bring their own
 * and are measured against it: the same options, sockets, book, rule and
 * orders. C++ can read it.
 */
#ifndef TESTS_BENCH_SUPPORT_PEER_H
#define TESTS_BENCH_SUPPORT_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PEER_DATAGRAM_MAX 2048
#define PEER_ORDERS_MAX	  1024 /* bytes of the orders of one datagram */

struct peer_work;

struct peer {
	struct peer_work *work;
	int data;   /* UDP, blocking, bound and joined */
	int orders; /* TCP, blocking, connected, with TCP_NODELAY */
	bool spin;  /* --receive NAME:wait=spin */
	bool ended; /* the feed */
};

/*
 * Read the command line, which is t2t-trader's as far as t2t-run uses it; join
 * the group; connect. name: the program's, and its receive path's. < 0: go on;
 * else the code to exit with. What was opened stays open until the exit.
 */
int peer_open(struct peer *peer, const char *name, int argc, char **argv);

/* HOT. Trade on a datagram: returns the bytes of the orders that it calls
 * for, or a negative errno. */
int peer_trade(struct peer *peer, const uint8_t *datagram, size_t len,
	       uint8_t orders[PEER_ORDERS_MAX]);

/* Print what t2t-run wants of a trader. The code to exit with. */
int peer_close(struct peer *peer);

#ifdef __cplusplus
}
#endif

#endif
