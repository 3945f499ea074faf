/* SPDX-License-Identifier: MIT */
/* A ring in memory that the traders of this host map: one copy, no system
 * call, but to wake who sleeps. */
#include <arpa/inet.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/shm_readers.h"
#include "net/shm_region.h"
#include "publish/publish_path_ops.h"

struct publish_shm {
	struct publish_path path;
	const char *address;
	const char *tap;
	const char *region_name; /* NULL: memory of its own */
	uint64_t slots;
	uint64_t (*now)(void); /* NULL: nobody wants stamps */
	struct shm_region region;
	struct shm_writer writer;
	struct shm_readers readers;
};

static const struct option_row shm_options[] = {
	{ .name = "path",
	  .metavar = "PATH|@NAME|ADDR:PORT",
	  .def = SHM_SOCKET_DATA,
	  .type = OPTION_STRING,
	  .offset = offsetof(struct publish_shm, address),
	  .help = "the Unix socket where --receive shm is handed the memory; "
		  "of a region that of a network, too" },
	{ .name = "region",
	  .metavar = "ivshmem|PATH",
	  .type = OPTION_STRING,
	  .offset = offsetof(struct publish_shm, region_name),
	  .help = "the ring stands in memory that guests share: of this "
		  "guest's ivshmem device, or of that file" },
	{ .name = "slots",
	  .metavar = "N",
	  .def = "4096",
	  .type = OPTION_UNSIGNED,
	  .min = SHM_RING_SLOTS_MIN,
	  .max = SHM_RING_SLOTS_MAX,
	  .offset = offsetof(struct publish_shm, slots),
	  .help = "datagrams that a reader may be behind, a power of two; more "
		  "are lost, as of a socket's buffer" },
	{ .name = "tap",
	  .metavar = "PATH|@NAME|ADDR:PORT",
	  .type = OPTION_STRING,
	  .offset = offsetof(struct publish_shm, tap),
	  .help = "tell the t2t-wiretap --ring that listens there, and stamp "
		  "each datagram for it" },
	OPTION_END,
};

static struct publish_shm *shm_self(struct publish_path *path)
{
	return container_of(path, struct publish_shm, path);
}

static int shm_readers_start(struct publish_shm *self)
{
	const struct publish_path_config *config = &self->path.config;
	struct shm_hello hello = { .kind = SHM_HELLO_DATA,
				   .to = config->group };

	hello.from = (struct sockaddr_in){ .sin_family = AF_INET,
					   .sin_port = config->group.sin_port };
	hello.from.sin_addr.s_addr =
		config->interface ? config->interface->address.s_addr
				  : htonl(INADDR_LOOPBACK);
	return shm_readers_open(&self->readers, &self->writer, "--send shm",
				self->address, self->tap, &hello);
}

/* 0 or a negative errno, logged. */
static int shm_ring_make(struct publish_shm *self)
{
	int err;

	if (self->slots & (self->slots - 1)) {
		log_error("--send shm: slots=%llu is not a power of two",
			  (unsigned long long)self->slots);
		return -EINVAL;
	}
	if (self->region_name) {
		err = shm_region_open(&self->region, "--send shm",
				      self->region_name, true);
		if (err)
			return err;
		err = shm_writer_open_in(&self->writer, (uint32_t)self->slots,
					 &self->region, SHM_AREA_DATA);
		if (err)
			shm_region_close(&self->region);
		return err;
	}
	err = shm_writer_open(&self->writer, (uint32_t)self->slots);
	if (err)
		log_error("--send shm: no memory for %llu slots to share: %s",
			  (unsigned long long)self->slots, log_strerror(err));
	return err;
}

static void shm_ring_drop(struct publish_shm *self)
{
	shm_writer_close(&self->writer);
	if (self->region_name)
		shm_region_close(&self->region);
}

static int shm_open_path(struct publish_path *path)
{
	struct publish_shm *self = shm_self(path);
	int err = shm_ring_make(self);

	if (err)
		return err;
	self->now = self->tap ? clock_realtime_ns : NULL;
	err = shm_readers_start(self);
	if (err) {
		shm_ring_drop(self);
		return err;
	}
	/* There is always room: poll(2) says so of an eventfd. */
	path->fd = self->readers.stop;
	return 0;
}

static int shm_send(struct publish_path *path, const struct iovec *datagrams,
		    unsigned int count)
{
	struct publish_shm *self = shm_self(path);
	unsigned int i;

	for (i = 0; i < count; i++) {
		if (datagrams[i].iov_len > SHM_RING_MESSAGE_MAX)
			break;
		shm_writer_put(&self->writer, datagrams[i].iov_base,
			       datagrams[i].iov_len, self->now);
	}
	if (atomic_load_explicit(&self->readers.sleepers,
				 memory_order_relaxed) > 0)
		shm_writer_ring(&self->writer);
	return i ? (int)i : -EMSGSIZE;
}

static void shm_close_path(struct publish_path *path)
{
	struct publish_shm *self = shm_self(path);

	shm_readers_close(&self->readers);
	shm_ring_drop(self);
}

const struct publish_path_ops publish_shm_ops = {
	.entry.name = "shm",
	.entry.help = "a ring in memory, for --receive shm on this host",
	.entry.size = sizeof(struct publish_shm),
	.entry.options = shm_options,
	.entry.probe = shm_ring_probe,
	.in_memory = true,
	.open = shm_open_path,
	.send = shm_send,
	.close = shm_close_path,
};
