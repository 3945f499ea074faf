/* SPDX-License-Identifier: MIT */
/* Orders over rings in memory, between a trader and an exchange of one host:
 * both ends. */
#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/shm_region.h"
#include "net/shm_stream.h"
#include "order/order_end.h"
#include "order/transport_ops.h"

#define WHO	   "--transport shm"
#define PORT_FIRST 49152 /* as what a kernel chooses: RFC 6335 */
#define PORTS	   16384

enum shm_wait { SHM_WAIT_POLL, SHM_WAIT_SPIN };
static const char *const shm_waits[] = { "poll", "spin", NULL };

struct transport_shm {
	struct transport transport;
	const char *path;
	const char *region_name; /* NULL: rings that are handed over */
	const char *tap;
	uint64_t slots;
	unsigned int wait; /* enum shm_wait */
	struct shm_region region;
	struct shm_stream_config config;
	/* Of who connects: */
	struct shm_stream *stream;
	/* Of who listens: */
	struct shm_listener listener;
	unsigned int accepted;
};

static const struct option_row shm_options[] = {
	{ .name = "path",
	  .metavar = "PATH|@NAME|ADDR:PORT",
	  .def = SHM_SOCKET_ORDERS,
	  .type = OPTION_STRING,
	  .offset = offsetof(struct transport_shm, path),
	  .help = "the Unix socket where the two ends meet; of a region that "
		  "of a network, too" },
	{ .name = "region",
	  .metavar = "ivshmem|PATH",
	  .type = OPTION_STRING,
	  .offset = offsetof(struct transport_shm, region_name),
	  .help = "the rings stand in memory that guests share: of this "
		  "guest's ivshmem device, or of that file; the exchange's end "
		  "needs wait=spin then" },
	{ .name = "slots",
	  .metavar = "N",
	  .def = "1024",
	  .type = OPTION_UNSIGNED,
	  .min = SHM_RING_SLOTS_MIN,
	  .max = SHM_RING_SLOTS_MAX,
	  .offset = offsetof(struct transport_shm, slots),
	  .help = "of this end's ring, a power of two: so many messages may "
		  "wait for the other end" },
	{ .name = "wait",
	  .metavar = "HOW",
	  .def = "poll",
	  .type = OPTION_CHOICE,
	  .choices = shm_waits,
	  .offset = offsetof(struct transport_shm, wait),
	  .help = "of the exchange's end; poll: it sleeps, and who finds it "
		  "asleep makes a system call; spin: it looks over and over. A "
		  "trader never sleeps over answers" },
	{ .name = "tap",
	  .metavar = "PATH|@NAME|ADDR:PORT",
	  .type = OPTION_STRING,
	  .offset = offsetof(struct transport_shm, tap),
	  .help = "of the trader's end: tell the t2t-wiretap --ring that "
		  "listens there, and stamp each message for it" },
	OPTION_END,
};

static struct transport_shm *shm_self(struct transport *transport)
{
	return container_of(transport, struct transport_shm, transport);
}

static int slots_check(const struct transport_shm *self)
{
	if (!(self->slots & (self->slots - 1)))
		return 0;
	log_error(WHO ": slots=%llu is not a power of two",
		  (unsigned long long)self->slots);
	return -EINVAL;
}

static int shm_region_get(struct transport_shm *self)
{
	return self->region_name ? shm_region_open(&self->region, WHO,
						   self->region_name, true)
				 : 0;
}

static void shm_region_drop(struct transport_shm *self)
{
	if (self->region_name)
		shm_region_close(&self->region);
}

/*
 * The trader's end.
 */

static int shm_connect(struct transport *transport,
		       const struct transport_config *config)
{
	struct transport_shm *self = shm_self(transport);
	int err = slots_check(self);

	if (!err)
		err = shm_region_get(self);
	if (err)
		return err;
	self->config = (struct shm_stream_config){
		.who = WHO,
		.slots = (uint32_t)self->slots,
		.region = self->region_name ? &self->region : NULL,
		.tap = self->tap,
		.address = config->peer,
	};
	self->stream = malloc(sizeof(*self->stream));
	err = self->stream ? shm_stream_connect(self->stream, &self->config,
						self->path, config->timeout_ms,
						config->stop)
			   : -ENOMEM;
	if (!err)
		return 0;
	free(self->stream);
	shm_region_drop(self);
	return err;
}

static ssize_t shm_send(struct transport *transport, const uint8_t *bytes,
			size_t len)
{
	return shm_stream_send(shm_self(transport)->stream, bytes, len);
}

static int shm_wait(struct transport *transport, unsigned int timeout_ms)
{
	return shm_stream_wait(shm_self(transport)->stream, timeout_ms);
}

static ssize_t shm_receive(struct transport *transport, uint8_t *bytes,
			   size_t len)
{
	return shm_stream_receive(shm_self(transport)->stream, bytes, len);
}

static int shm_alive(struct transport *transport)
{
	return shm_stream_alive(shm_self(transport)->stream);
}

static uint16_t shm_port(const struct transport *transport)
{
	const struct transport_shm *self =
		(const struct transport_shm *)transport;

	return ntohs(self->stream->own.sin_port);
}

static uint64_t shm_unacknowledged(const struct transport *transport)
{
	const struct transport_shm *self =
		(const struct transport_shm *)transport;

	return shm_stream_untaken(self->stream);
}

/*
 * The exchange's end.
 */

struct shm_end {
	struct order_end end; /* first */
	struct shm_stream stream;
};

static struct shm_stream *stream_of(struct order_end *end)
{
	return &container_of(end, struct shm_end, end)->stream;
}

static const struct shm_stream *stream_at(const struct order_end *end)
{
	return &((const struct shm_end *)end)->stream;
}

static int end_greet(struct order_end *end)
{
	struct shm_stream *stream = stream_of(end);
	int rc = shm_stream_greet(stream);

	end->peer = stream->other;
	return rc;
}

static ssize_t end_receive(struct order_end *end, uint8_t *bytes, size_t len)
{
	return shm_stream_receive(stream_of(end), bytes, len);
}

static ssize_t end_send(struct order_end *end, const uint8_t *bytes, size_t len)
{
	return shm_stream_send(stream_of(end), bytes, len);
}

static bool end_is_behind(const struct order_end *end)
{
	const struct shm_stream *stream = stream_at(end);

	return shm_stream_is_met(stream) && shm_stream_is_behind(stream);
}

static size_t end_unread(const struct order_end *end)
{
	return shm_stream_unread(stream_at(end));
}

static size_t end_room(const struct order_end *end)
{
	const struct shm_stream *stream = stream_at(end);

	return (stream->in.mask + 1) * SHM_RING_MESSAGE_MAX;
}

static int end_fault(const struct order_end *end)
{
	const struct shm_stream *stream = stream_at(end);

	return stream->over ? stream->over : -EPIPE;
}

static void end_close(struct order_end *end)
{
	shm_stream_close(stream_of(end));
	free(container_of(end, struct shm_end, end));
}

static const struct order_end_ops end_ops = {
	.greet = end_greet,
	.receive = end_receive,
	.send = end_send,
	.is_behind = end_is_behind,
	.unread = end_unread,
	.room = end_room,
	.fault = end_fault,
	.close = end_close,
};

static int shm_listen(struct transport *transport,
		      const struct transport_place *place)
{
	struct transport_shm *self = shm_self(transport);
	const bool spins = place->spins || self->wait == SHM_WAIT_SPIN;
	int err = slots_check(self);

	if (err)
		return err;
	if (self->tap) {
		log_error(WHO ": tap= is the trader's to say");
		return -EINVAL;
	}
	if (self->region_name && !spins) {
		log_error(WHO ": wait=poll: nobody on another machine wakes "
			      "who sleeps: with region= it is wait=spin");
		return -EINVAL;
	}
	err = shm_region_get(self);
	if (err)
		return err;
	self->config = (struct shm_stream_config){
		.who = WHO,
		.slots = (uint32_t)self->slots,
		.sleeps = !spins,
		.region = self->region_name ? &self->region : NULL,
		.address = place->address,
	};
	/* One that is started anew does not begin where the last one did. */
	self->accepted = (unsigned int)(clock_realtime_ns() >> 20);
	err = shm_socket_listen(&self->listener, WHO, self->path);
	if (err)
		shm_region_drop(self);
	else
		transport->fd = self->listener.fd;
	return err;
}

static int shm_accept(struct transport *transport, struct order_end **end)
{
	struct transport_shm *self = shm_self(transport);
	const unsigned int port = PORT_FIRST + self->accepted % PORTS;
	struct shm_end *new = malloc(sizeof(*new));
	int err;

	if (!new)
		return -ENOMEM;
	err = shm_stream_accept(&new->stream, &self->config, &self->listener,
				(uint16_t)port);
	if (err) {
		free(new);
		return err;
	}
	self->accepted++;
	new->end = (struct order_end){ &end_ops, new->stream.fd,
				       new->stream.other };
	*end = &new->end;
	return 0;
}

static void shm_close(struct transport *transport)
{
	struct transport_shm *self = shm_self(transport);

	if (transport->listens) {
		shm_socket_unlisten(&self->listener);
		transport->fd = -1;
	} else {
		shm_stream_close(self->stream);
		free(self->stream);
	}
	shm_region_drop(self);
}

const struct transport_ops transport_shm_ops = {
	.entry.name = "shm",
	.entry.help = "rings in memory, between both ends on one host",
	.entry.size = sizeof(struct transport_shm),
	.entry.options = shm_options,
	.entry.probe = shm_ring_probe,
	.connect = shm_connect,
	.send = shm_send,
	.wait = shm_wait,
	.receive = shm_receive,
	.alive = shm_alive,
	.port = shm_port,
	.unacknowledged = shm_unacknowledged,
	.by_program = true,
	.listen = shm_listen,
	.accept = shm_accept,
	.close = shm_close,
};
