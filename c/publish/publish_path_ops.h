/* SPDX-License-Identifier: MIT */
/* Publish paths, for those who write one: one file, one const table, last and
 * its only global symbol; then a line in publish_path.c's list. */
#ifndef PUBLISH_PUBLISH_PATH_OPS_H
#define PUBLISH_PUBLISH_PATH_OPS_H

#include <stdbool.h>
#include <sys/uio.h>

#include "base/mem.h"
#include "base/option.h"
#include "base/registry.h"
#include "publish/publish_path.h"

struct publish_path_ops {
	struct registry_entry entry; /* first */

	/* Nothing leaves by the interface: whether it is up does not matter. */
	bool in_memory;

	/* What it takes to open(): bits of base/privileges.h; 0: nothing. */
	uint64_t privileges;

	/* Set path->fd. May block. On failure gives everything back, logs the
	 * cause and returns a negative errno. */
	int (*open)(struct publish_path *path);

	/*
	 * HOT. Hand over count datagrams (1..PUBLISH_PATH_BURST_MAX) in order;
	 * returns how many the kernel took: fewer when it had no more room or
	 * met an error, which the next call then tells. When it took none, a
	 * negative errno: -EAGAIN: room is told by path->fd; -ENOBUFS:
	 * nothing tells, ask again later; -EINTR; any other: the path or the
	 * datagram is no good. Never blocks. The bytes may be reused on
	 * return.
	 */
	int (*send)(struct publish_path *path, const struct iovec *datagrams,
		    unsigned int count);

	void (*close)(struct publish_path *path);
};

/* HOT. */
static inline int publish_path_send(struct publish_path *path,
				    const struct iovec *datagrams,
				    unsigned int count)
{
	return path->ops->send(path, datagrams, count);
}

/* The table that begins with the entry; NULL for NULL. */
static inline const struct publish_path_ops *publish_path_ops_of(
	const struct registry_entry *entry)
{
	return (const struct publish_path_ops *)entry;
}

/* Number i of the publish paths; NULL behind the last one. */
static inline const struct publish_path_ops *publish_path_kind(unsigned int i)
{
	return publish_path_ops_of(registry_at(&publish_paths, i));
}

#endif
