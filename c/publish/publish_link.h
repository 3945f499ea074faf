/* SPDX-License-Identifier: MIT */
/*
 * A publish path that survives the loss of its link: while the link is down
 * nothing leaves, and it is told; an interface that was deleted is looked for
 * by its name, and the path reopened on the one that has it then. Down is also
 * a link whose other end is: the kernel takes what is sent there, and drops it.
 *
 *	err = publish_link_open(&link, "sendmmsg", &config);
 *	publish_link_follow(&link);	when link.follower.fd is readable
 *	n = publish_link_send(&link, datagrams, count);
 *	publish_link_close(&link);
 */
#ifndef PUBLISH_PUBLISH_LINK_H
#define PUBLISH_PUBLISH_LINK_H

#include <poll.h>
#include <stdint.h>

#include "net/follower.h"
#include "net/interface.h"
#include "publish/publish_path_ops.h"

/* How long not to ask again: nothing tells when a queue has room, or when an
 * interface is back. */
#define PUBLISH_LINK_BUSY_NS 50000
#define PUBLISH_LINK_DOWN_NS 10000000

struct publish_link {
	struct publish_path *path; /* NULL: gone with its interface */

	const char *text;
	struct publish_path_config config;
	struct interface interface; /* that config names, as it is now */
	struct follower follower;   /* of it; fd -1: it names none; while it is
				       not running nothing sent arrives */
	uint64_t
		down_since_ns; /* CLOCK_MONOTONIC; 0: it is up, or thought so */
	uint64_t downs;	       /* how often it was down, */
	uint64_t down_ns;      /* and how long altogether */
};

/* As publish_path_open(), with text to outlive the link. */
int publish_link_open(struct publish_link *link, const char *text,
		      const struct publish_path_config *config);
void publish_link_close(struct publish_link *link);

/* Learn what became of the interface; never waits. */
void publish_link_follow(struct publish_link *link);

/*
 * HOT. As publish_path_send(): how many went, from the first on; or -EAGAIN,
 * when link->path->fd is to be waited for; -ENOBUFS, when it is to be asked
 * again after PUBLISH_LINK_BUSY_NS; -ENETDOWN, after PUBLISH_LINK_DOWN_NS
 * (link->path may be NULL then); -EINTR, at once; or another negative errno,
 * which stands and is left to the caller to log.
 */
int publish_link_send(struct publish_link *link, const struct iovec *datagrams,
		      unsigned int count);

#endif
