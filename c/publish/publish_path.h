/* SPDX-License-Identifier: MIT */
/*
 * Publish paths, for those who use one: how datagrams leave for a multicast
 * group.
 *
 *	struct publish_path *path;
 *	err = publish_path_open("sendmmsg", &config, &path);
 *	n = publish_path_send(path, datagrams, count);
 *	publish_path_close(path);
 */
#ifndef PUBLISH_PUBLISH_PATH_H
#define PUBLISH_PUBLISH_PATH_H

#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>

#include "base/registry.h"
#include "net/interface.h"

struct publish_path_ops;

#define PUBLISH_PATH_BURST_MAX 64

/* What a path is asked for by the program, whichever it is. */
struct publish_path_config {
	struct sockaddr_in group;
	const struct interface *interface; /* NULL: as routes have it, where
					      the kernel routes */
	uint64_t ttl;
};

struct publish_path {
	const struct publish_path_ops *ops;
	struct publish_path_config config;
	char *text; /* the options' text, which strings point into */
	int fd;	    /* writable (POLLOUT) when there is room again; set by
		       open(), closed by close() */
};

/*
 * Open "NAME[:key=value,...]". 0, or a negative errno: -EINVAL for an unknown
 * name or option, -EOPNOTSUPP when it was not built or the host lacks it;
 * logged.
 */
int publish_path_open(const char *text,
		      const struct publish_path_config *config,
		      struct publish_path **path);
void publish_path_close(struct publish_path *path); /* NULL is allowed */

/* What it takes to open the path once more, when its interface comes back:
 * bits as for privileges_drop(). */
uint64_t publish_path_privileges(const struct publish_path *path);

const char *publish_path_name(const struct publish_path *path);

/* All of them, built or not: "--send help". */
extern const struct registry publish_paths;

#endif
