/* SPDX-License-Identifier: MIT */
/* How the two ends of a stream meet. */
#include "net/rdma_stream.h"

#ifdef HAVE_RDMA

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/address.h"

#define AGAIN_MS  50		       /* as socket_connect() has it */
#define STEP_MS	  2000		       /* of an address or a route */
#define ANSWER_NS (5 * CLOCK_NS_PER_S) /* of one who was asked */
/* What the connection's manager sets is 655 ms: how long who finds no room
 * waits (5 bits: 0.64 ms). */
#define RNR_TIMER 12
#define RNR_AGAIN 7 /* without an end: a window that is closed */
#define AGAIN	  6 /* for an acknowledgement; soft-RoCE takes 7 as for ever */

/* 0, or a negative errno with *step: what could not be done. */
static int steps_wait(struct rdma_stream *stream,
		      enum rdma_cm_event_type wanted, uint64_t deadline_ns,
		      const volatile int *stop, struct rdma_event *event)
{
	int err = rdma_events_wait(stream->rdma, stream->channel, event,
				   deadline_ns, stop);

	if (err)
		return err;
	if (event->type == wanted)
		return 0;
	switch (event->type) {
	case RDMA_CM_EVENT_REJECTED:
		return -ECONNREFUSED;
	case RDMA_CM_EVENT_UNREACHABLE:
		return -EHOSTUNREACH;
	default:
		return event->status < 0 ? event->status : -EHOSTUNREACH;
	}
}

/* The address that is written to, where the other end wants to. */
static int landing_open(struct rdma_stream *stream)
{
	size_t len;

	stream->landing_slots = 2 * stream->config.slots;
	len = (size_t)stream->landing_slots * RDMA_STREAM_PIECE_MAX;
	stream->landing =
		mmap(NULL, len, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (stream->landing == MAP_FAILED) {
		stream->landing = NULL;
		return rdma_library_error();
	}
	stream->landing_region = stream->rdma->reg_mr(
		stream->queue.pd, stream->landing, len,
		IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE);
	return stream->landing_region ? 0 : rdma_library_error();
}

/* On the device that the id was led to. 0 or a negative errno, logged. */
static int queue_open(struct rdma_stream *stream)
{
	const struct rdma_queue_config wanted = {
		.who = stream->config.who,
		.sleeps = stream->config.sleeps,
		.sends = stream->config.slots,
		.receives = stream->config.slots,
		.slot_len = RDMA_STREAM_PIECE_MAX,
		.inline_len = stream->config.inline_len,
	};
	const uint32_t mtu = rdma_queue_mtu(stream->rdma, stream->id);

	stream->piece_len = mtu && mtu < RDMA_STREAM_PIECE_MAX
				    ? mtu
				    : RDMA_STREAM_PIECE_MAX;
	stream->limit = stream->config.slots;
	stream->come = calloc(stream->config.slots, sizeof(stream->come[0]));
	if (!stream->come) {
		log_error("%s: no memory", stream->config.who);
		return -ENOMEM;
	}
	return rdma_queue_open(&stream->queue, stream->id, stream->rdma,
			       &wanted);
}

/* Else who finds no room waits long. It is for the better, and no more. */
static void room_timer_set(struct rdma_stream *stream)
{
	struct ibv_qp_attr attributes = { .min_rnr_timer = RNR_TIMER };

	if (stream->rdma->modify_qp(stream->id->qp, &attributes,
				    IBV_QP_MIN_RNR_TIMER))
		log_debug("%s: the device keeps its timer for want of room",
			  stream->config.who);
}

static struct rdma_conn_param parameters_of(const uint8_t *said)
{
	return (struct rdma_conn_param){
		.private_data = said,
		.private_data_len = RDMA_HELLO_LEN,
		.retry_count = AGAIN,
		.rnr_retry_count = RNR_AGAIN,
	};
}

/*
 * Who connects.
 */

/* Where the other end is, and by which device. */
static int way_find(struct rdma_stream *stream, uint64_t deadline_ns,
		    const volatile int *stop)
{
	struct rdma_event event;
	int err;

	if (stream->rdma->resolve_addr(stream->id, NULL, (void *)&stream->other,
				       STEP_MS))
		return rdma_library_error();
	err = steps_wait(stream, RDMA_CM_EVENT_ADDR_RESOLVED, deadline_ns, stop,
			 &event);
	if (err)
		return err;
	if (!stream->id->verbs)
		return -ENODEV;
	if (stream->rdma->resolve_route(stream->id, STEP_MS))
		return rdma_library_error();
	return steps_wait(stream, RDMA_CM_EVENT_ROUTE_RESOLVED, deadline_ns,
			  stop, &event);
}

static int answer_take(struct rdma_stream *stream,
		       const struct rdma_event *event)
{
	struct rdma_hello hello;
	const bool writes = stream->config.how == RDMA_STREAM_WRITE;

	if (rdma_hello_read(event->said, event->said_len, &hello) ||
	    (writes && !hello.slots)) {
		log_error("%s: it speaks another protocol or version",
			  stream->config.who);
		return -EPROTO;
	}
	if (!writes)
		return 0;
	stream->target = hello;
	if (stream->limit > hello.ahead)
		stream->limit = hello.ahead;
	return 0;
}

/* Once. *said: the cause was logged. */
static int connect_once(struct rdma_stream *stream, uint64_t deadline_ns,
			const volatile int *stop, bool *said)
{
	uint8_t bytes[RDMA_HELLO_LEN];
	struct rdma_conn_param parameters = parameters_of(bytes);
	struct rdma_event event;
	uint64_t until_ns = clock_monotonic_ns() + ANSWER_NS;
	int err;

	if (stream->rdma->create_id(stream->channel, &stream->id, NULL,
				    RDMA_PS_TCP))
		return rdma_library_error();
	err = way_find(stream, deadline_ns, stop);
	if (err)
		return err;
	*said = true;
	err = queue_open(stream);
	if (err)
		return err;
	rdma_hello_write(&(struct rdma_hello){ .how = stream->config.how },
			 bytes);
	*said = false;
	if (stream->rdma->connect(stream->id, &parameters))
		return rdma_library_error();
	err = steps_wait(stream, RDMA_CM_EVENT_ESTABLISHED,
			 until_ns < deadline_ns ? deadline_ns : until_ns, stop,
			 &event);
	if (err)
		return err;
	stream->met = *said = true;
	return answer_take(stream, &event);
}

/* What one that failed has left; the channel stays. */
static void connect_undo(struct rdma_stream *stream)
{
	struct rdma_event_channel *channel = stream->channel;
	const struct rdma_stream fresh = { .config = stream->config,
					   .rdma = stream->rdma,
					   .channel = channel,
					   .other = stream->other,
					   .fd = -1 };

	stream->channel = NULL;
	rdma_stream_close(stream);
	*stream = fresh;
}

static bool is_for_now(int err)
{
	return err == -ECONNREFUSED || err == -EHOSTUNREACH ||
	       err == -ETIMEDOUT || err == -ENETUNREACH ||
	       err == -EADDRNOTAVAIL;
}

static int connect_fault(const struct rdma_stream *stream, int err)
{
	char text[ADDRESS_TEXT_MAX];

	if (err == -ENODEV)
		return rdma_events_no_device(
			stream->config.who,
			rdma_events_address_towards(&stream->other));
	log_error("%s: can't connect to %s: %s", stream->config.who,
		  address_format(&stream->other, text), log_strerror(err));
	return err;
}

static int connect_tries(struct rdma_stream *stream, uint64_t deadline_ns,
			 const volatile int *stop)
{
	bool said = false;
	int err;

	for (;;) {
		err = connect_once(stream, deadline_ns, stop, &said);
		if (!err)
			return 0;
		connect_undo(stream);
		if (said || err == -EINTR)
			return err;
		if (stop && *stop)
			return -EINTR;
		if (!is_for_now(err) || clock_monotonic_ns() >= deadline_ns)
			return connect_fault(stream, err);
		poll(NULL, 0, AGAIN_MS);
	}
}

int rdma_stream_connect(struct rdma_stream *stream,
			const struct rdma_stream_config *config,
			const struct sockaddr_in *peer, unsigned int timeout_ms,
			const volatile int *stop)
{
	const uint64_t deadline_ns =
		clock_monotonic_ns() + timeout_ms * CLOCK_NS_PER_MS;
	int err;

	*stream = (struct rdma_stream){ .config = *config,
					.rdma = rdma_library_for(config->who),
					.other = *peer,
					.fd = -1 };
	if (!stream->rdma)
		return -EOPNOTSUPP;
	stream->channel = rdma_events_open(stream->rdma);
	if (!stream->channel)
		return connect_fault(stream, rdma_library_error());
	err = connect_tries(stream, deadline_ns, stop);
	if (err) {
		stream->rdma->destroy_event_channel(stream->channel);
		stream->channel = NULL;
		return err;
	}
	room_timer_set(stream);
	memcpy(&stream->own, rdma_get_local_addr(stream->id),
	       sizeof(stream->own));
	return 0;
}

/*
 * Who accepts.
 */

int rdma_stream_listen(struct rdma_listener *listener, const char *who,
		       const struct sockaddr_in *address, int backlog)
{
	struct sockaddr_in place = *address;
	char text[ADDRESS_TEXT_MAX];
	int err;

	*listener = (struct rdma_listener){ .rdma = rdma_library_for(who) };
	if (!listener->rdma)
		return -EOPNOTSUPP;
	listener->channel = rdma_events_open(listener->rdma);
	if (!listener->channel) {
		err = rdma_library_error();
		goto fault;
	}
	if (listener->rdma->create_id(listener->channel, &listener->id, NULL,
				      RDMA_PS_TCP) ||
	    listener->rdma->bind_addr(listener->id, (void *)&place) ||
	    listener->rdma->listen(listener->id, backlog)) {
		err = rdma_library_error();
		rdma_stream_unlisten(listener);
		goto fault;
	}
	return 0;

fault:
	if (err == -ENODEV)
		return rdma_events_no_device(who, address->sin_addr);
	log_error("%s: can't listen on %s: %s", who,
		  address_format(address, text), log_strerror(err));
	return err;
}

void rdma_stream_unlisten(struct rdma_listener *listener)
{
	if (listener->id)
		listener->rdma->destroy_id(listener->id);
	if (listener->channel)
		listener->rdma->destroy_event_channel(listener->channel);
	*listener = (struct rdma_listener){ .rdma = listener->rdma };
}

/* One descriptor for what comes and for the connection's end. */
static int descriptor_open(struct rdma_stream *stream)
{
	struct epoll_event readable = { .events = EPOLLIN };

	stream->fd = epoll_create1(EPOLL_CLOEXEC);
	if (stream->fd < 0)
		return rdma_library_error();
	if (epoll_ctl(stream->fd, EPOLL_CTL_ADD, stream->channel->fd,
		      &readable) < 0)
		return rdma_library_error();
	if (stream->queue.events &&
	    epoll_ctl(stream->fd, EPOLL_CTL_ADD, stream->queue.events->fd,
		      &readable) < 0)
		return rdma_library_error();
	return 0;
}

/* 0 or a negative errno, logged. */
static int offer_make(struct rdma_stream *stream,
		      const struct rdma_hello *asked,
		      uint8_t bytes[static RDMA_HELLO_LEN])
{
	struct rdma_hello offer = { .how = asked->how };
	int err = descriptor_open(stream);

	if (!err && asked->how == RDMA_STREAM_WRITE)
		err = landing_open(stream);
	if (err) {
		log_error("%s: %s", stream->config.who, log_strerror(err));
		return err;
	}
	if (stream->landing) {
		offer.slots = (uint16_t)stream->landing_slots;
		offer.ahead = (uint16_t)stream->config.slots;
		offer.key = stream->landing_region->rkey;
		offer.address = (uintptr_t)stream->landing;
	}
	rdma_hello_write(&offer, bytes);
	return 0;
}

/* Its events come by a channel of its own. 0 or a negative errno, logged. */
static int answer(struct rdma_stream *stream, const struct rdma_hello *asked)
{
	uint8_t bytes[RDMA_HELLO_LEN];
	struct rdma_conn_param parameters = parameters_of(bytes);
	int err;

	stream->channel = rdma_events_open(stream->rdma);
	if (!stream->channel ||
	    stream->rdma->migrate_id(stream->id, stream->channel)) {
		err = rdma_library_error();
		log_error("%s: can't accept: %s", stream->config.who,
			  log_strerror(err));
		return err;
	}
	err = queue_open(stream);
	if (!err)
		err = offer_make(stream, asked, bytes);
	if (err)
		return err;
	if (stream->rdma->accept(stream->id, &parameters)) {
		err = rdma_library_error();
		log_error("%s: can't accept: %s", stream->config.who,
			  log_strerror(err));
		return err;
	}
	room_timer_set(stream);
	return 0;
}

int rdma_stream_accept(struct rdma_stream *stream,
		       const struct rdma_stream_config *config,
		       struct rdma_listener *listener)
{
	char text[ADDRESS_TEXT_MAX];
	struct rdma_hello asked;
	struct rdma_event event;
	int err, n;

	do {
		n = rdma_events_next(listener->rdma, listener->channel, &event);
	} while (n > 0 && event.type != RDMA_CM_EVENT_CONNECT_REQUEST);
	if (n < 0)
		log_error("%s: can't accept: %s", config->who, log_strerror(n));
	if (n <= 0)
		return n ? n : -EAGAIN;
	*stream = (struct rdma_stream){ .config = *config,
					.rdma = listener->rdma,
					.id = event.id,
					.fd = -1 };
	memcpy(&stream->own, rdma_get_local_addr(stream->id),
	       sizeof(stream->own));
	memcpy(&stream->other, rdma_get_peer_addr(stream->id),
	       sizeof(stream->other));
	if (rdma_hello_read(event.said, event.said_len, &asked)) {
		log_warning("%s: refused %s: it speaks another protocol or "
			    "version",
			    config->who, address_format(&stream->other, text));
		err = -EAGAIN;
	} else {
		err = answer(stream, &asked);
		if (!err)
			return 0;
	}
	stream->rdma->reject(stream->id, NULL, 0);
	rdma_stream_close(stream);
	return err;
}

#endif
