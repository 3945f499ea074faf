/* SPDX-License-Identifier: MIT */
#include "send/send_path.h"

#include <stdlib.h>

#include "send/send_path_ops.h"

extern const struct send_path_ops send_send_ops;
extern const struct send_path_ops send_sendmmsg_ops;
extern const struct send_path_ops send_uring_ops;
extern const struct send_path_ops send_zerocopy_ops;
extern const struct send_path_ops send_packet_ops;
extern const struct send_path_ops send_packet_ring_ops;
extern const struct send_path_ops send_xdp_ops;

static const struct registry_entry *const entries[] = {
	&send_send_ops.entry,	&send_sendmmsg_ops.entry,
	&send_uring_ops.entry,	&send_zerocopy_ops.entry,
	&send_packet_ops.entry, &send_packet_ring_ops.entry,
	&send_xdp_ops.entry,
};
const struct registry send_paths = REGISTRY("--send", "path", entries);

int send_path_open(const char *text, const struct send_path_config *config,
		   struct send_path **path)
{
	const struct registry_entry *entry;
	struct send_path *new;
	char *options;
	void *object;
	int err = registry_make(&send_paths, text, &entry, &object, &options);

	*path = NULL;
	if (err)
		return err;
	new = object;
	new->ops = send_path_ops_of(entry);
	new->config = *config;
	new->fd = -1;
	new->text = options;
	err = registry_check(&send_paths, entry);
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

void send_path_close(struct send_path *path)
{
	if (!path)
		return;
	path->ops->close(path);
	free(path->text);
	free(path);
}

uint64_t send_path_privileges(const struct send_path *path)
{
	return path->ops->privileges;
}

const char *send_path_name(const struct send_path *path)
{
	return path->ops->entry.name;
}
