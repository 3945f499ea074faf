/* SPDX-License-Identifier: MIT */
/*
 * Send paths, for those who use one: how datagrams leave for a multicast
 * group.
 *
 *	struct send_path *path;
 *	err = send_path_open("sendmmsg", &config, &path);
 *	n = send_path_send(path, datagrams, count);
 *	send_path_close(path);
 */
#ifndef SEND_SEND_PATH_H
#define SEND_SEND_PATH_H

#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>

#include "base/registry.h"
#include "net/interface.h"

struct send_path_ops;

#define SEND_PATH_BURST_MAX 64

/* What a path is asked for by the program, whichever it is. */
struct send_path_config {
	struct sockaddr_in group;
	const struct interface *interface; /* NULL: as routes have it, where
					      the kernel routes */
	uint64_t ttl;
};

struct send_path {
	const struct send_path_ops *ops;
	struct send_path_config config;
	char *text; /* the options' text, which strings point into */
	int fd;	    /* writable (POLLOUT) when there is room again; set by
		       open(), closed by close() */
};

/*
 * Open "NAME[:key=value,...]". 0, or a negative errno: -EINVAL for an unknown
 * name or option, -EOPNOTSUPP when it was not built or the host lacks it;
 * logged.
 */
int send_path_open(const char *text, const struct send_path_config *config,
		   struct send_path **path);
void send_path_close(struct send_path *path); /* NULL is allowed */

/* What it takes to open the path once more, when its interface comes back:
 * bits as for privileges_drop(). */
uint64_t send_path_privileges(const struct send_path *path);

const char *send_path_name(const struct send_path *path);

/* All of them, built or not: "--send help". */
extern const struct registry send_paths;

#endif
