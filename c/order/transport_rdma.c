/* SPDX-License-Identifier: MIT */
/* Orders over a reliable connection of RDMA, between a trader and an exchange
 * whose machines have a device for it: both ends. */
#include "order/transport_ops.h"

#ifdef HAVE_RDMA

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/rdma_stream.h"
#include "order/order_end.h"

#define WHO	     "--transport rdma"
#define KEEPALIVE_NS (5 * CLOCK_NS_PER_S)

static const char *const rdma_hows[] = { "send", "write", NULL };

enum rdma_wait { RDMA_WAIT_POLL, RDMA_WAIT_SPIN };
static const char *const rdma_waits[] = { "poll", "spin", NULL };

struct transport_rdma {
	struct transport transport;
	uint64_t slots, inline_len;
	unsigned int how;  /* enum rdma_stream_how */
	unsigned int wait; /* enum rdma_wait */
	struct rdma_stream_config config;
	struct rdma_stream *stream;    /* of who connects */
	struct rdma_listener listener; /* of who listens */
};

static const struct option_row rdma_options[] = {
	{ .name = "op",
	  .metavar = "HOW",
	  .def = "send",
	  .type = OPTION_CHOICE,
	  .choices = rdma_hows,
	  .offset = offsetof(struct transport_rdma, how),
	  .help = "of the trader's end; write: with immediate, into the "
		  "exchange's memory" },
	{ .name = "inline",
	  .metavar = "BYTES",
	  .def = "64",
	  .type = OPTION_UNSIGNED,
	  .min = 0,
	  .max = RDMA_STREAM_PIECE_MAX,
	  .offset = offsetof(struct transport_rdma, inline_len),
	  .help = "what is that long at most is part of the request, else the "
		  "device fetches it" },
	{ .name = "slots",
	  .metavar = "N",
	  .def = "256",
	  .type = OPTION_UNSIGNED,
	  .min = RDMA_STREAM_SLOTS_MIN,
	  .max = RDMA_STREAM_SLOTS_MAX,
	  .offset = offsetof(struct transport_rdma, slots),
	  .help = "messages that may be under way, and as many that may wait "
		  "for this end" },
	{ .name = "wait",
	  .metavar = "HOW",
	  .def = "poll",
	  .type = OPTION_CHOICE,
	  .choices = rdma_waits,
	  .offset = offsetof(struct transport_rdma, wait),
	  .help = "of the exchange's end; poll: it sleeps until the device "
		  "tells; spin: it looks over and over. A trader never sleeps "
		  "over answers" },
	OPTION_END,
};

static struct transport_rdma *rdma_self(struct transport *transport)
{
	return container_of(transport, struct transport_rdma, transport);
}

static struct rdma_stream *stream_at(const struct transport *transport)
{
	return ((const struct transport_rdma *)transport)->stream;
}

static struct rdma_stream_config config_of(const struct transport_rdma *self)
{
	return (struct rdma_stream_config){
		.who = WHO,
		.slots = (uint32_t)self->slots,
		.inline_len = (uint32_t)self->inline_len,
		.how = self->how,
		.keepalive_ns = KEEPALIVE_NS,
	};
}

/*
 * The trader's end.
 */

static int rdma_connect_transport(struct transport *transport,
				  const struct transport_config *config)
{
	struct transport_rdma *self = rdma_self(transport);
	int err;

	self->config = config_of(self);
	self->stream = malloc(sizeof(*self->stream));
	if (!self->stream)
		return -ENOMEM;
	err = rdma_stream_connect(self->stream, &self->config, &config->peer,
				  config->timeout_ms, config->stop);
	if (err)
		free(self->stream);
	return err;
}

static ssize_t rdma_send(struct transport *transport, const uint8_t *bytes,
			 size_t len)
{
	return rdma_stream_send(rdma_self(transport)->stream, bytes, len);
}

/* Nothing tells of an acknowledgement. */
static int rdma_wait(struct transport *transport, unsigned int timeout_ms)
{
	struct rdma_stream *stream = rdma_self(transport)->stream;

	if (timeout_ms)
		poll(NULL, 0, 1);
	return rdma_stream_alive(stream);
}

static ssize_t rdma_receive(struct transport *transport, uint8_t *bytes,
			    size_t len)
{
	return rdma_stream_receive(rdma_self(transport)->stream, bytes, len);
}

static int rdma_alive(struct transport *transport)
{
	return rdma_stream_alive(rdma_self(transport)->stream);
}

static uint16_t rdma_port(const struct transport *transport)
{
	return ntohs(stream_at(transport)->own.sin_port);
}

static uint64_t rdma_unacknowledged(const struct transport *transport)
{
	return rdma_stream_unacknowledged(stream_at(transport));
}

/*
 * The exchange's end.
 */

struct rdma_end {
	struct order_end end; /* first */
	struct rdma_stream *stream;
};

static struct rdma_stream *stream_of(const struct order_end *end)
{
	return ((const struct rdma_end *)end)->stream;
}

static int end_greet(struct order_end *end)
{
	return rdma_stream_greet(stream_of(end));
}

static ssize_t end_receive(struct order_end *end, uint8_t *bytes, size_t len)
{
	return rdma_stream_receive(stream_of(end), bytes, len);
}

static ssize_t end_send(struct order_end *end, const uint8_t *bytes, size_t len)
{
	return rdma_stream_send(stream_of(end), bytes, len);
}

static bool end_is_behind(const struct order_end *end)
{
	return rdma_stream_is_behind(stream_of(end));
}

static size_t end_unread(const struct order_end *end)
{
	return rdma_stream_unread(stream_of(end));
}

static size_t end_room(const struct order_end *end)
{
	return (size_t)stream_of(end)->config.slots * RDMA_STREAM_PIECE_MAX;
}

static int end_ended(struct order_end *end)
{
	return rdma_stream_ended(stream_of(end));
}

static int end_fault(const struct order_end *end)
{
	const int over = stream_of(end)->over;

	return over ? over : -EPIPE;
}

static void end_close(struct order_end *end)
{
	struct rdma_end *self = container_of(end, struct rdma_end, end);

	rdma_stream_close(self->stream);
	free(self->stream);
	free(self);
}

static const struct order_end_ops end_ops = {
	.greet = end_greet,
	.receive = end_receive,
	.send = end_send,
	.is_behind = end_is_behind,
	.unread = end_unread,
	.room = end_room,
	.ended = end_ended,
	.fault = end_fault,
	.close = end_close,
};

static int rdma_listen_transport(struct transport *transport,
				 const struct transport_place *place)
{
	struct transport_rdma *self = rdma_self(transport);
	int err;

	self->config = config_of(self);
	self->config.sleeps = !place->spins && self->wait == RDMA_WAIT_POLL;
	err = rdma_stream_listen(&self->listener, WHO, &place->address,
				 place->backlog);
	if (!err)
		transport->fd = self->listener.channel->fd;
	return err;
}

static int rdma_accept_transport(struct transport *transport,
				 struct order_end **end)
{
	struct transport_rdma *self = rdma_self(transport);
	struct rdma_end *new = malloc(sizeof(*new));
	int err = -ENOMEM;

	if (!new)
		return -ENOMEM;
	new->stream = malloc(sizeof(*new->stream));
	if (new->stream)
		err = rdma_stream_accept(new->stream, &self->config,
					 &self->listener);
	if (err) {
		free(new->stream);
		free(new);
		return err;
	}
	new->end = (struct order_end){ &end_ops, new->stream->fd,
				       new->stream->other };
	*end = &new->end;
	return 0;
}

static void rdma_close_transport(struct transport *transport)
{
	struct transport_rdma *self = rdma_self(transport);

	if (transport->listens) {
		rdma_stream_unlisten(&self->listener);
		transport->fd = -1;
		return;
	}
	rdma_stream_close(self->stream);
	free(self->stream);
}

#endif

const struct transport_ops transport_rdma_ops = {
	.entry.name = "rdma",
	.entry.help = "a reliable connection of RDMA, both ends: send and "
		      "receive, or write with immediate",
#ifdef HAVE_RDMA
	.entry.size = sizeof(struct transport_rdma),
	.entry.options = rdma_options,
	.entry.probe = rdma_library_probe,
	.connect = rdma_connect_transport,
	.send = rdma_send,
	.wait = rdma_wait,
	.receive = rdma_receive,
	.alive = rdma_alive,
	.port = rdma_port,
	.unacknowledged = rdma_unacknowledged,
	.listen = rdma_listen_transport,
	.accept = rdma_accept_transport,
	.close = rdma_close_transport,
#else
	.entry.unavailable_reason = "built without rdma-core",
#endif
};
