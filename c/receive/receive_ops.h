/* SPDX-License-Identifier: MIT */
/*
 * Receive paths, for those who write one: one file, one const table, last in
 * the file and its only global symbol; then a line in receive.c's list.
 */
#ifndef RECEIVE_RECEIVE_OPS_H
#define RECEIVE_RECEIVE_OPS_H

#include "base/mem.h"
#include "base/option.h"
#include "base/registry.h"
#include "receive/receive.h"

struct receive_ops {
	struct registry_entry entry; /* first */

	/* enum receive_caps, with options left alone; where an option changes
	 * them, open() does so in receive->caps. */
	unsigned int caps;

	/* It receives by calls on a kernel socket, which a library may take
	 * over (net/onload.h). */
	bool socket_calls;

	/* What it takes to open(): bits of base/privileges.h; 0: nothing. */
	uint64_t privileges;

	/* Bind, map. May block. On failure gives everything back, logs the
	 * cause and returns a negative errno. */
	int (*open)(struct receive *receive);

	/* Join the group, unless open() has, and whatever alive() and
	 * strangers() need. After open(), and as that. Paths on the kernel's
	 * interfaces name those of receive/receive_interface.h in these four.
	 * Optional: a path in memory joins nothing. */
	int (*join)(struct receive *receive);

	/* Undo join(), before close(). Needed with join(). */
	void (*leave)(struct receive *receive);

	/* As receive_alive(). NULL: it always is. */
	int (*alive)(struct receive *receive);

	/* As receive_strangers(). NULL: there are none. */
	uint64_t (*strangers)(const struct receive *receive);

	/*
	 * HOT. Fill at most max (1..RECEIVE_BURST_MAX) packets and return how
	 * many; 0 when there is nothing, or the path slept for a while (at
	 * most 100 ms) and wants its caller to look around; a negative errno
	 * when the path is broken. -ESHUTDOWN: a path in memory is at its
	 * end. Gives back what the last call yielded. No allocation, lock or
	 * log line; no system call but receiving.
	 */
	int (*poll)(struct receive *receive, struct packet *packets,
		    unsigned int max);

	/* As receive_descriptor(). NULL: a path in memory. */
	int (*descriptor)(struct receive *receive);

	/* Datagrams the kernel dropped. Optional. */
	uint64_t (*drops)(struct receive *receive);

	void (*close)(struct receive *receive);
};

/* HOT. */
static inline int receive_poll(struct receive *receive, struct packet *packets,
			       unsigned int max)
{
	return receive->ops->poll(receive, packets, max);
}

/* The table that begins with the entry; NULL for NULL. */
static inline const struct receive_ops *receive_ops_of(
	const struct registry_entry *entry)
{
	return (const struct receive_ops *)entry;
}

/* Number i of the receive paths; NULL behind the last one. */
static inline const struct receive_ops *receive_path(unsigned int i)
{
	return receive_ops_of(registry_at(&receive_paths, i));
}

#endif
