/* SPDX-License-Identifier: MIT */
/*
 * An echo between two machines: what a connection costs, whatever it is made
 * of. What t2t-echo was told, for its server and its client.
 */
#ifndef ECHO_ECHO_H
#define ECHO_ECHO_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ECHO_SIZE_MIN  13    /* bytes of a message: an order's */
#define ECHO_SIZE_MAX  16384 /* ... what a transport takes at once */
#define ECHO_SIZES_MAX 8

/* What carries the messages. */
enum echo_over {
	ECHO_CHANNEL,	/* order/channel: orders, or messages of any length */
	ECHO_TCP,	/* a stream, and nothing around them */
	ECHO_UDP,	/* datagrams to one address, and back */
	ECHO_MULTICAST, /* ... to a group, and back to that of the next port */
};

enum echo_measure {
	ECHO_HANDSHAKE = 1,  /* from nothing to a connection that may be used */
	ECHO_PING_PONG = 2,  /* one message at a time */
	ECHO_OPEN_LOOP = 4,  /* at even times, whatever comes back */
	ECHO_THROUGHPUT = 8, /* as many as are allowed to be on their way */
	/* The handshake of one who has been there: each connection before had a
	 * message there and back, so that TLS has a session to resume. */
	ECHO_RECONNECT = 16,
};

struct echo_config {
	unsigned int over;	    /* enum echo_over */
	struct sockaddr_in address; /* the server's, or the group's */
	const char *interface;	    /* of a group */
	const char *channel;	    /* "NAME[:key=value,...]", echo=on too */
	const char *transport;	    /* the client's, of TCP */
	bool spin;		    /* look again at once rather than sleep */
	unsigned int timeout_ms;  /* to connect, to shake hands, of an answer */
	const volatile int *stop; /* set by a signal */

	/* The client's: */
	unsigned int measures; /* bits of enum echo_measure */
	size_t sizes[ECHO_SIZES_MAX];
	unsigned int size_count;
	uint64_t messages;   /* of each measurement */
	uint64_t handshakes; /* connections made for theirs */
	uint64_t rate;	     /* of the open loop, a second */
	uint64_t window;     /* messages on their way, of the throughput */
};

#endif
