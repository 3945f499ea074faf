/* SPDX-License-Identifier: MIT */
/* A ring in memory that the exchange of this host writes (--send shm): no
 * network, no system call, but to sleep. */
#include <stdbool.h>
#include <unistd.h>

#include "base/log.h"
#include "net/address.h"
#include "net/shm_region.h"
#include "net/shm_ring.h"
#include "net/shm_socket.h"
#include "receive/receive_ops.h"

#define ANSWER_MS 5000 /* of a busy machine */
#define RENEW_MS  200
#define SLEEP_MS  100

enum shm_wait { SHM_WAIT_SPIN, SHM_WAIT_FUTEX };
static const char *const shm_waits[] = { "spin", "futex", NULL };

struct receive_shm {
	struct receive receive;
	const char *address;
	const char *region_name; /* NULL: what is handed over */
	unsigned int wait;
	int fd;	    /* its end is the exchange's */
	bool gone;  /* and that has come, and was told */
	bool taken; /* by another ring, its place in the region */
	struct shm_region region;
	struct shm_reader reader;
	uint8_t bytes[SHM_RING_MESSAGE_MAX];
};

static const struct option_row shm_options[] = {
	{ .name = "path",
	  .metavar = "PATH|@NAME|ADDR:PORT",
	  .def = SHM_SOCKET_DATA,
	  .type = OPTION_STRING,
	  .offset = offsetof(struct receive_shm, address),
	  .help = "the Unix socket where --send shm hands over its ring; of a "
		  "region that of a network, too" },
	{ .name = "region",
	  .metavar = "ivshmem|PATH",
	  .type = OPTION_STRING,
	  .offset = offsetof(struct receive_shm, region_name),
	  .help = "the ring stands in memory that guests share: of this "
		  "guest's ivshmem device, or of that file" },
	{ .name = "wait",
	  .metavar = "HOW",
	  .def = "spin",
	  .type = OPTION_CHOICE,
	  .choices = shm_waits,
	  .offset = offsetof(struct receive_shm, wait),
	  .help = "spin: look at it over and over; futex: sleep in futex(2), "
		  "and the exchange makes a system call a burst" },
	OPTION_END,
};

static struct receive_shm *shm_self(struct receive *receive)
{
	return container_of(receive, struct receive_shm, receive);
}

static int group_check(const struct receive_shm *self,
		       const struct shm_hello *hello)
{
	const struct sockaddr_in *wanted = &self->receive.config.group;
	char found[ADDRESS_TEXT_MAX], text[ADDRESS_TEXT_MAX];

	if (hello->to.sin_addr.s_addr == wanted->sin_addr.s_addr &&
	    hello->to.sin_port == wanted->sin_port)
		return 0;
	log_error("--receive shm: %s has the market data of %s, not of %s",
		  self->address, address_format(&hello->to, found),
		  address_format(wanted, text));
	return -EADDRNOTAVAIL;
}

/* Say that we are here, and map what comes. renewed: in place of a ring whose
 * exchange is gone; what the new one has published before it knew of us is
 * taken, too. */
static int ring_get(struct receive_shm *self, int fd, bool renewed,
		    struct shm_reader *reader)
{
	struct shm_hello hello = { .kind = SHM_HELLO_DATA,
				   .sleeps = self->wait == SHM_WAIT_FUTEX };
	int memory = -1, err = shm_hello_send(fd, &hello, -1);

	if (!err)
		err = shm_hello_receive(fd, SHM_HELLO_DATA, &hello, &memory);
	if (err == -EAGAIN)
		err = -ETIMEDOUT;
	if (!err)
		err = group_check(self, &hello);
	if (!err)
		err = shm_hello_map(&hello, memory,
				    self->region_name ? &self->region : NULL,
				    reader);
	if (err && err != -EADDRNOTAVAIL)
		log_error("--receive shm: %s: %s", self->address,
			  shm_hello_fault(err));
	if (!err && renewed)
		shm_reader_rewind(reader);
	if (memory >= 0)
		close(memory);
	return err;
}

static int shm_region_get(struct receive_shm *self)
{
	if (!self->region_name)
		return 0;
	if (self->wait == SHM_WAIT_FUTEX) {
		log_error("--receive shm: wait=futex wakes nobody on another "
			  "machine: with region= it is wait=spin");
		return -EINVAL;
	}
	return shm_region_open(&self->region, "--receive shm",
			       self->region_name, false);
}

static void shm_region_drop(struct receive_shm *self)
{
	if (self->region_name)
		shm_region_close(&self->region);
}

static int shm_open_path(struct receive *receive)
{
	struct receive_shm *self = shm_self(receive);
	int err = shm_region_get(self);

	if (err)
		return err;
	self->fd =
		shm_socket_connect("--receive shm", self->address, ANSWER_MS);
	if (self->fd == -ENOENT || self->fd == -ECONNREFUSED)
		log_error("--receive shm: no exchange publishes at %s",
			  self->address);
	if (self->fd < 0) {
		shm_region_drop(self);
		return self->fd;
	}
	err = ring_get(self, self->fd, false, &self->reader);
	if (err) {
		close(self->fd);
		shm_region_drop(self);
	}
	if (self->wait == SHM_WAIT_FUTEX)
		receive->caps |= RECEIVE_SLEEPS;
	return err;
}

/* One a call: what else has come is found at once, and looking for it would
 * cost a miss of the cache before the first is handled. */
static int shm_poll(struct receive *receive, struct packet *packets,
		    unsigned int max)
{
	struct receive_shm *self = shm_self(receive);
	uint64_t stamp_ns;
	uint32_t len = 0;
	int n = shm_reader_take(&self->reader, self->bytes, &len, &stamp_ns);

	(void)max;
	if (n == 0 && self->wait == SHM_WAIT_FUTEX) {
		shm_reader_wait(&self->reader, SLEEP_MS);
		n = shm_reader_take(&self->reader, self->bytes, &len,
				    &stamp_ns);
	}
	if (n > 0)
		packets[0] = (struct packet){ .data = self->bytes, .len = len };
	if (__builtin_expect(n != -ESTALE, 1))
		return n;
	self->taken = true;
	return 0;
}

/* The exchange is gone, and all that it left is read: on to the one that comes
 * in its place, as a group on a network has it. The order connection tells that
 * it went. */
static void ring_renew(struct receive_shm *self)
{
	struct shm_reader reader;
	int fd;

	if (!self->gone)
		log_warning("--receive shm: the exchange at %s is gone",
			    self->address);
	self->gone = true;
	fd = shm_socket_connect("--receive shm", self->address, RENEW_MS);
	if (fd < 0)
		return;
	if (ring_get(self, fd, true, &reader) < 0) {
		close(fd);
		return;
	}
	reader.lost += self->reader.lost;
	shm_reader_close(&self->reader);
	close(self->fd);
	self->reader = reader;
	self->fd = fd;
	self->gone = self->taken = false;
	log_warning("--receive shm: an exchange is back at %s", self->address);
}

static int shm_alive(struct receive *receive)
{
	struct receive_shm *self = shm_self(receive);

	const bool ended = shm_socket_ended(self->fd);

	if (self->taken && !ended) {
		log_error("--receive shm: %s: %s", self->address,
			  shm_hello_fault(-ESTALE));
		return -ESTALE;
	}
	if (ended && (self->taken || !shm_reader_has(&self->reader)))
		ring_renew(self);
	return 0;
}

static uint64_t shm_drops(struct receive *receive)
{
	return shm_self(receive)->reader.lost;
}

static void shm_close_path(struct receive *receive)
{
	struct receive_shm *self = shm_self(receive);

	shm_reader_close(&self->reader);
	close(self->fd);
	shm_region_drop(self);
}

const struct receive_ops receive_shm_ops = {
	.entry.name = "shm",
	.entry.help = "a ring in memory, of --send shm on this host",
	.caps = RECEIVE_SHARED,
	.entry.size = sizeof(struct receive_shm),
	.entry.options = shm_options,
	.entry.probe = shm_ring_probe,
	.open = shm_open_path,
	.alive = shm_alive,
	.poll = shm_poll,
	.drops = shm_drops,
	.close = shm_close_path,
};
