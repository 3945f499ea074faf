/* SPDX-License-Identifier: MIT */
/*
 * A send path that outlives its link: while the link is down nothing leaves,
 * and it is told; an interface that was deleted is looked for by its name, and
 * the path opened anew on the one that has it then. Down is also a link whose
 * other end is: the kernel takes what is sent there, and drops it.
 *
 *	err = send_link_open(&link, "sendmmsg", &config);
 *	send_link_follow(&link);	when link.follower.fd is readable
 *	n = send_link_send(&link, datagrams, count);
 *	send_link_close(&link);
 */
#ifndef SEND_SEND_LINK_H
#define SEND_SEND_LINK_H

#include <poll.h>
#include <stdint.h>

#include "net/follower.h"
#include "net/interface.h"
#include "send/send_path_ops.h"

/* How long not to ask again: nothing tells when a queue has room, or when an
 * interface is back. */
#define SEND_LINK_BUSY_NS 50000
#define SEND_LINK_DOWN_NS 10000000

struct send_link {
	struct send_path *path; /* NULL: gone with its interface */

	const char *text;
	struct send_path_config config;
	struct interface interface; /* that config names, as it is now */
	struct follower follower;   /* of it; fd -1: it names none; while it is
				       not running nothing sent arrives */
	uint64_t
		down_since_ns; /* CLOCK_MONOTONIC; 0: it is up, or thought so */
	uint64_t downs;	       /* how often it was down, */
	uint64_t down_ns;      /* and how long altogether */
};

/* As send_path_open(), with text to outlive the link. */
int send_link_open(struct send_link *link, const char *text,
		   const struct send_path_config *config);
void send_link_close(struct send_link *link);

/* Learn what became of the interface; never waits. */
void send_link_follow(struct send_link *link);

/*
 * HOT. As send_path_send(): how many went, from the first on; or -EAGAIN, when
 * link->path->fd is to be waited for; -ENOBUFS, when it is to be asked again
 * after SEND_LINK_BUSY_NS; -ENETDOWN, after SEND_LINK_DOWN_NS (link->path may
 * be NULL then); -EINTR, at once; or another negative errno, which stands and
 * is left to the caller to log.
 */
int send_link_send(struct send_link *link, const struct iovec *datagrams,
		   unsigned int count);

#endif
