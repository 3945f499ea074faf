/* SPDX-License-Identifier: MIT */
#include "publish/publish_path.h"

#include <stdlib.h>

#include "publish/publish_path_ops.h"

/* A new path is its file and a row here. */
#define PATHS(X)          \
	X(send)           \
	X(sendmmsg)       \
	X(uring)          \
	X(zerocopy)       \
	X(packet)         \
	X(packet_tx_ring) \
	X(xdp)            \
	X(shm)            \
	X(rdma)

#define DECLARE(name) extern const struct publish_path_ops publish_##name##_ops;
#define ENTRY(name)   &publish_##name##_ops.entry,
PATHS(DECLARE)
static const struct registry_entry *const entries[] = { PATHS(ENTRY) };
const struct registry publish_paths = REGISTRY("--send", "path", entries);

int publish_path_open(const char *text,
		      const struct publish_path_config *config,
		      struct publish_path **path)
{
	const struct registry_entry *entry;
	struct publish_path *new;
	char *options;
	void *object;
	int err =
		registry_make(&publish_paths, text, &entry, &object, &options);

	*path = NULL;
	if (err)
		return err;
	new = object;
	new->ops = publish_path_ops_of(entry);
	new->config = *config;
	new->fd = -1;
	new->text = options;
	err = registry_check(&publish_paths, entry);
	if (!err)
		err = new->ops->open(new);
	if (err) {
		free(options);
		free(new);
		return err;
	}
	*path = new;
	return 0;
}

void publish_path_close(struct publish_path *path)
{
	if (!path)
		return;
	path->ops->close(path);
	free(path->text);
	free(path);
}

uint64_t publish_path_privileges(const struct publish_path *path)
{
	return path->ops->privileges;
}

const char *publish_path_name(const struct publish_path *path)
{
	return path->ops->entry.name;
}
