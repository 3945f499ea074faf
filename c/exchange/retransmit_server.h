/* SPDX-License-Identifier: MIT */
/*
 * The retransmitter at its UDP port. It lives in the feed's loop and gives way
 * to it: while the feed has something due soon nothing is looked at, and where
 * that is always so, a small portion now and then. Never blocks: an answer that
 * the kernel has no room for is dropped, since who asked asks again. What the
 * session's trader asks from the port of its order connection comes to a socket
 * of its own, connected to it, so that a flood of others fills but theirs.
 */
#ifndef EXCHANGE_RETRANSMIT_SERVER_H
#define EXCHANGE_RETRANSMIT_SERVER_H

#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "exchange/retransmitter.h"

struct retransmit_config {
	bool off; /* there is none */
	struct sockaddr_in listen;
	uint64_t memory; /* datagrams */
};

/* Descriptors to wait for. */
#define RETRANSMIT_FDS RETRANSMITTER_TURNS

struct retransmit_server {
	struct retransmitter retransmitter;
	struct sockaddr_in listen;
	int fd[RETRANSMIT_FDS]; /* by turn; -1: there is none */
	uint64_t rest_ns;	/* not looked at before; 0: at any time */
	uint64_t last_ns;	/* when it was */

	/* Of a session: */
	uint64_t sent;	  /* datagrams */
	uint64_t dropped; /* for the kernel had no room, or no way there */
	uint64_t overrun_before; /* of the one for others, which stays open */
	uint64_t overrun_own;	 /* when it was over */
};

/* 0 or a negative errno, logged with the option's name. */
int retransmit_server_open(struct retransmit_server *server,
			   const struct retransmit_config *config);
void retransmit_server_close(struct retransmit_server *server);

/* A session begins, of the order connection with that other end; and is
 * over. */
void retransmit_server_begin(struct retransmit_server *server,
			     const struct sockaddr_in *trader);
void retransmit_server_end(struct retransmit_server *server);

/* Requests that the kernel dropped in this session, unread: they came faster
 * than they were looked at. */
uint64_t retransmit_server_overrun(const struct retransmit_server *server);

/* What to wait for, and until when; UINT64_MAX: for that alone. */
void retransmit_server_poll(const struct retransmit_server *server,
			    uint64_t now_ns,
			    struct pollfd fds[static RETRANSMIT_FDS]);
uint64_t retransmit_server_due(const struct retransmit_server *server);

/* Look at requests, where a descriptor was readable (fds: NULL: none was), and
 * answer what there is time for. feed_ns: when the feed has something due. Both
 * CLOCK_MONOTONIC. */
void retransmit_server_turn(struct retransmit_server *server,
			    const struct pollfd *fds, uint64_t now_ns,
			    uint64_t feed_ns);

#endif
