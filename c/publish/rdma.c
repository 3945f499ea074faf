/* SPDX-License-Identifier: MIT */
/* Datagrams of RDMA, for --receive rdma. */
#include "publish/publish_path_ops.h"

#ifdef HAVE_RDMA

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"
#include "net/rdma_group.h"

#define WHO "--send rdma"

struct publish_rdma {
	struct publish_path path;
	uint64_t slots, inline_len;
	struct rdma_group group;
};

static const struct option_row rdma_options[] = {
	{ .name = "slots",
	  .metavar = "N",
	  .def = "256",
	  .type = OPTION_UNSIGNED,
	  .min = RDMA_GROUP_SLOTS_MIN,
	  .max = RDMA_GROUP_SLOTS_MAX,
	  .offset = offsetof(struct publish_rdma, slots),
	  .help = "datagrams that may wait for the device" },
	{ .name = "inline",
	  .metavar = "BYTES",
	  .def = "64",
	  .type = OPTION_UNSIGNED,
	  .min = 0,
	  .max = 1024,
	  .offset = offsetof(struct publish_rdma, inline_len),
	  .help = "what is that long at most is part of the request, else the "
		  "device fetches it" },
	OPTION_END,
};

static struct publish_rdma *rdma_self(struct publish_path *path)
{
	return container_of(path, struct publish_rdma, path);
}

static int rdma_open_path(struct publish_path *path)
{
	struct publish_rdma *self = rdma_self(path);
	const struct publish_path_config *config = &path->config;
	int err;

	if (!config->interface) {
		log_error(WHO ": needs an interface");
		return -EINVAL;
	}
	/* Nothing tells of room: it is writable always. */
	path->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (path->fd < 0) {
		err = -errno;
		log_error(WHO ": %s", log_strerror(err));
		return err;
	}
	err = rdma_group_open(&self->group,
			      &(struct rdma_group_config){
				      .who = WHO,
				      .group = config->group,
				      .own = config->interface->address,
				      .sends = (uint32_t)self->slots,
				      .inline_len = (uint32_t)self->inline_len,
				      .ttl = (uint8_t)config->ttl,
			      });
	if (err) {
		close(path->fd);
		path->fd = -1;
	}
	return err;
}

static int rdma_send(struct publish_path *path, const struct iovec *datagrams,
		     unsigned int count)
{
	struct publish_rdma *self = rdma_self(path);
	unsigned int i;
	int err = 0;

	for (i = 0; i < count && !err; i++)
		err = rdma_group_send(&self->group, datagrams[i].iov_base,
				      datagrams[i].iov_len);
	if (!err)
		return (int)count;
	return i > 1 ? (int)i - 1 : err;
}

static void rdma_close_path(struct publish_path *path)
{
	rdma_group_close(&rdma_self(path)->group);
	close(path->fd);
}

#endif

const struct publish_path_ops publish_rdma_ops = {
	.entry.name = "rdma",
	.entry.help = "datagrams of RDMA, for --receive rdma",
#ifdef HAVE_RDMA
	.entry.size = sizeof(struct publish_rdma),
	.entry.options = rdma_options,
	.entry.probe = rdma_library_probe,
	.open = rdma_open_path,
	.send = rdma_send,
	.close = rdma_close_path,
#else
	.entry.unavailable_reason = "built without rdma-core",
#endif
};
