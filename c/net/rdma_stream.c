/* SPDX-License-Identifier: MIT */
#include "net/rdma_stream.h"

#ifdef HAVE_RDMA

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

#define LOOK_NS	 CLOCK_NS_PER_MS /* a look is a system call */
#define COME_MAX 16
#define LAST_NS	 (500 * CLOCK_NS_PER_MS) /* for words that are under way */

/* The first cause stands. */
static void end_by(struct rdma_stream *stream, int err)
{
	if (!stream->over)
		stream->over = err;
}

static void event_take(struct rdma_stream *stream,
		       const struct rdma_event *event)
{
	switch (event->type) {
	case RDMA_CM_EVENT_ESTABLISHED:
		stream->met = true;
		break;
	case RDMA_CM_EVENT_DISCONNECTED:
		end_by(stream, -EPIPE);
		break;
	case RDMA_CM_EVENT_DEVICE_REMOVAL:
		end_by(stream, -ENODEV);
		break;
	case RDMA_CM_EVENT_CONNECT_ERROR:
	case RDMA_CM_EVENT_UNREACHABLE:
	case RDMA_CM_EVENT_REJECTED:
		end_by(stream, -ECONNRESET);
		break;
	default:
		break;
	}
}

/* What the connection's manager has to say. */
static void events_take(struct rdma_stream *stream)
{
	struct rdma_event event;
	int n;

	do {
		n = rdma_events_next(stream->rdma, stream->channel, &event);
		if (n > 0)
			event_take(stream, &event);
	} while (n > 0);
	if (n < 0)
		end_by(stream, n);
}

/* A write of nothing, which the other device acknowledges by itself: it needs
 * no memory there (C9-88). */
static void word_say(struct rdma_stream *stream)
{
	struct ibv_send_wr request = { .opcode = IBV_WR_RDMA_WRITE };
	const int err = rdma_queue_send(&stream->queue, NULL, 0, &request);

	if (err)
		end_by(stream, err);
}

static void look(struct rdma_stream *stream, bool at_once)
{
	const uint64_t now_ns = clock_monotonic_ns();
	int err;

	if (!at_once && now_ns - stream->looked_ns < LOOK_NS)
		return;
	stream->looked_ns = now_ns;
	events_take(stream);
	err = rdma_queue_reap(&stream->queue);
	if (err)
		end_by(stream, err);
	if (rdma_queue_waiting(&stream->queue) > 0 || !stream->met)
		stream->spoke_ns = now_ns;
	if (stream->over || !stream->config.keepalive_ns ||
	    now_ns - stream->spoke_ns < stream->config.keepalive_ns)
		return;
	stream->spoke_ns = now_ns;
	word_say(stream);
}

/*
 * Out.
 */

ssize_t rdma_stream_send(struct rdma_stream *stream, const uint8_t *bytes,
			 size_t len)
{
	struct rdma_queue *queue = &stream->queue;
	struct ibv_send_wr request = { .opcode = IBV_WR_SEND };
	const uint32_t piece =
		len < stream->piece_len ? (uint32_t)len : stream->piece_len;
	int err;

	if (__builtin_expect(rdma_queue_waiting(queue) >= stream->limit, 0)) {
		err = rdma_queue_reap(queue);
		if (err)
			look(stream, true);
		if (!stream->over && rdma_queue_waiting(queue) >= stream->limit)
			return 0;
	}
	if (__builtin_expect(stream->over, 0))
		return stream->over;
	if (stream->target.slots) {
		request.opcode = IBV_WR_RDMA_WRITE_WITH_IMM;
		request.imm_data = htonl(stream->sent);
		request.wr.rdma.remote_addr =
			stream->target.address +
			(uint64_t)(stream->sent % stream->target.slots) *
				RDMA_STREAM_PIECE_MAX;
		request.wr.rdma.rkey = stream->target.key;
	}
	err = rdma_queue_send(queue, bytes, piece, &request);
	if (err)
		return err == -ENOMEM ? 0 : err;
	stream->sent++;
	return (ssize_t)piece;
}

uint64_t rdma_stream_unacknowledged(struct rdma_stream *stream)
{
	rdma_queue_reap(&stream->queue);
	return stream->queue.bytes_unacknowledged;
}

/*
 * In.
 */

static void message_keep(struct rdma_stream *stream, const uint8_t *bytes,
			 const struct ibv_wc *come)
{
	const uint32_t at =
		(stream->first + stream->count) % stream->config.slots;

	stream->come[at] = (struct rdma_stream_message){
		.bytes = bytes,
		.len = come->byte_len,
		.slot = (uint32_t)come->wr_id,
	};
	stream->count++;
	stream->unread += come->byte_len;
}

/* 0, or -EPROTO: no message of ours. */
static int message_take(struct rdma_stream *stream, const struct ibv_wc *come)
{
	const uint8_t *bytes;

	if (come->wr_id >= stream->config.slots ||
	    stream->count >= stream->config.slots || come->byte_len == 0 ||
	    come->byte_len > RDMA_STREAM_PIECE_MAX)
		return -EPROTO;
	if (come->opcode == IBV_WC_RECV) {
		bytes = rdma_queue_slot(&stream->queue, (uint32_t)come->wr_id);
	} else {
		if (come->opcode != IBV_WC_RECV_RDMA_WITH_IMM ||
		    !stream->landing || ntohl(come->imm_data) != stream->landed)
			return -EPROTO;
		bytes = stream->landing +
			(size_t)(stream->landed % stream->landing_slots) *
				RDMA_STREAM_PIECE_MAX;
		stream->landed++;
	}
	message_keep(stream, bytes, come);
	return 0;
}

/* One that failed: of an end that came otherwise it is but an echo. */
static void broken_by(struct rdma_stream *stream, enum ibv_wc_status status)
{
	look(stream, true);
	if (stream->over)
		return;
	log_error("%s: %s", stream->config.who,
		  stream->rdma->wc_status_str(status));
	end_by(stream, rdma_queue_status(status));
}

static void pump(struct rdma_stream *stream)
{
	struct ibv_wc come[COME_MAX];
	int n;

	do {
		n = rdma_queue_take(&stream->queue, come, COME_MAX);
		for (int i = 0; i < n; i++) {
			if (come[i].status != IBV_WC_SUCCESS) {
				broken_by(stream, come[i].status);
				return;
			}
			if (message_take(stream, &come[i])) {
				log_error("%s: the other end's message is none "
					  "of ours",
					  stream->config.who);
				end_by(stream, -EPROTO);
				return;
			}
		}
	} while (n == COME_MAX);
	if (n < 0)
		end_by(stream, n);
}

/* There is nothing: from now on poll(2) tells. */
static void sleep_begin(struct rdma_stream *stream)
{
	int err;

	stream->armed = false;
	if (!stream->config.sleeps || stream->over)
		return;
	err = rdma_queue_arm(&stream->queue);
	if (err)
		end_by(stream, err);
	stream->armed = !err;
	pump(stream);
}

static ssize_t first_copy(struct rdma_stream *stream, uint8_t *bytes,
			  size_t len)
{
	const struct rdma_stream_message *first = &stream->come[stream->first];
	const uint32_t left = first->len - stream->taken;
	const uint32_t n = len < left ? (uint32_t)len : left;
	int err;

	memcpy(bytes, first->bytes + stream->taken, n);
	stream->unread -= n;
	stream->taken += n;
	if (stream->taken < first->len)
		return (ssize_t)n;
	err = rdma_queue_offer(&stream->queue, first->slot);
	if (err)
		end_by(stream, err);
	stream->first = (stream->first + 1) % stream->config.slots;
	stream->count--;
	stream->taken = 0;
	return (ssize_t)n;
}

ssize_t rdma_stream_receive(struct rdma_stream *stream, uint8_t *bytes,
			    size_t len)
{
	if (!stream->count)
		pump(stream);
	if (!stream->count) {
		look(stream, stream->config.sleeps);
		/* What came before its end. */
		sleep_begin(stream);
		if (stream->over)
			pump(stream);
	}
	if (stream->count)
		return first_copy(stream, bytes, len);
	return stream->over;
}

size_t rdma_stream_unread(struct rdma_stream *stream)
{
	pump(stream);
	return stream->unread;
}

bool rdma_stream_is_behind(struct rdma_stream *stream)
{
	return stream->count > 0 || !stream->armed || stream->over;
}

int rdma_stream_alive(struct rdma_stream *stream)
{
	look(stream, false);
	return stream->over;
}

int rdma_stream_ended(struct rdma_stream *stream)
{
	look(stream, false);
	if (!stream->over)
		return 0;
	if (!stream->count)
		pump(stream);
	return stream->count ? 0 : stream->over;
}

int rdma_stream_greet(struct rdma_stream *stream)
{
	look(stream, true);
	return stream->over ? stream->over : stream->met;
}

/*
 * Its end.
 */

/* Words that were said last arrive; nobody waits for long. */
static void last_words(struct rdma_stream *stream)
{
	const uint64_t deadline_ns = clock_monotonic_ns() + LAST_NS;

	while (!stream->over && rdma_queue_waiting(&stream->queue) > 0 &&
	       clock_monotonic_ns() < deadline_ns) {
		look(stream, true);
		poll(NULL, 0, 1);
	}
}

void rdma_stream_close(struct rdma_stream *stream)
{
	if (stream->met) {
		last_words(stream);
		stream->rdma->disconnect(stream->id);
	}
	if (stream->fd >= 0)
		close(stream->fd);
	if (stream->queue.pd) {
		/* Its memory is written to no more. */
		stream->rdma->destroy_qp(stream->id);
		if (stream->landing_region)
			stream->rdma->dereg_mr(stream->landing_region);
		rdma_queue_close(&stream->queue);
	}
	if (stream->landing)
		munmap(stream->landing,
		       (size_t)stream->landing_slots * RDMA_STREAM_PIECE_MAX);
	free(stream->come);
	if (stream->id)
		stream->rdma->destroy_id(stream->id);
	if (stream->channel)
		stream->rdma->destroy_event_channel(stream->channel);
	*stream = (struct rdma_stream){ .fd = -1 };
}

#endif
