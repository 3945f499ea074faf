/* SPDX-License-Identifier: MIT */
#include "net/shm_stream.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/syscall.h"

/* What is looked for in vain may have ended: the socket is asked, which is a
 * system call, after so many looks and so many ticks of the counter. */
#define LOOKS	64
#define TICKS	(1 << 20)
#define PACKETS 16 /* of a socket, at once: one is enough */

/* Nothing more comes of it, or goes. */
__attribute__((cold, noinline)) static int end(struct shm_stream *stream,
					       int err)
{
	if (!stream->over && err != -EPIPE)
		log_warning("%s: the other end has broken its ring: the "
			    "connection is ended",
			    stream->config->who);
	if (!stream->over)
		stream->over = err;
	return stream->over;
}

/* Has the other end gone? Packets that woke us are dropped. */
static bool has_ended(const struct shm_stream *stream)
{
	char byte;
	ssize_t n = 1;

	for (int i = 0; i < PACKETS && n > 0; i++)
		n = recv(stream->fd, &byte, 1, MSG_DONTWAIT);
	return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

/* HOT. Another process says how far it has come: no further than there is, and
 * never back. */
static bool has_room(struct shm_stream *stream)
{
	const uint64_t next =
		atomic_load_explicit(&stream->out.next, memory_order_relaxed);
	uint64_t taken;

	if (__builtin_expect(next - stream->given <= stream->out.mask, 1))
		return true;
	taken = atomic_load_explicit(&stream->in.head->taken,
				     memory_order_acquire);
	if (taken - stream->given > next - stream->given) {
		end(stream, -EPROTO);
		return false;
	}
	stream->given = taken;
	return next - taken <= stream->out.mask;
}

/* HOT. Wake it if it has asked since it was woken last. What was put is there
 * before the bell turns, and it looks at that once it has asked. */
static void wake(struct shm_stream *stream)
{
	uint32_t asks;

	atomic_fetch_add_explicit(&stream->out.head->bell, 1,
				  memory_order_seq_cst);
	asks = atomic_load_explicit(&stream->in.head->asks,
				    memory_order_seq_cst);
	if (asks == stream->answered)
		return;
	stream->answered = asks;
	/* No room: packets wait already, and one is enough. */
	syscall_send(stream->fd, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

ssize_t shm_stream_send(struct shm_stream *stream, const uint8_t *bytes,
			size_t len)
{
	size_t sent = 0;

	if (__builtin_expect(stream->over, 0))
		return stream->over;
	while (sent < len && has_room(stream)) {
		size_t part = len - sent;

		if (part > SHM_RING_MESSAGE_MAX)
			part = SHM_RING_MESSAGE_MAX;
		shm_writer_put(&stream->out, bytes + sent, part, stream->now);
		sent += part;
	}
	if (sent > 0 && stream->other_sleeps)
		wake(stream);
	if (__builtin_expect(sent > 0, 1))
		return (ssize_t)sent;
	return shm_stream_alive(stream);
}

int shm_stream_wait(struct shm_stream *stream, unsigned int timeout_ms)
{
	/* Nothing tells of room but the other end's count. */
	struct pollfd gone = { .fd = stream->fd, .events = POLLRDHUP };

	if (!stream->over && !has_room(stream))
		poll(&gone, 1, timeout_ms > 0);
	return shm_stream_alive(stream);
}

/* 1: a message of *len bytes is there; 0 or a negative errno. */
static int message_take(struct shm_stream *stream, uint8_t *bytes,
			uint32_t *len)
{
	uint64_t stamp_ns;
	int rc = shm_reader_take(&stream->in, bytes, len, &stamp_ns);

	/* The next one's, who comes in its place in a region. */
	if (rc == -ESTALE)
		return end(stream, -EPIPE);
	/* Who waits for room overwrites nothing, and sends no nothing. */
	if (rc < 0 || stream->in.lost > 0 || (rc > 0 && *len == 0))
		return end(stream, -EPROTO);
	if (rc > 0)
		atomic_store_explicit(&stream->out.head->taken, stream->in.next,
				      memory_order_release);
	return rc;
}

/* Of who spins: is it time to ask? */
static bool is_due(struct shm_stream *stream)
{
	uint64_t now;

	if (++stream->looks % LOOKS != 0)
		return false;
	now = clock_counter();
	if (now - stream->asked < TICKS)
		return false;
	stream->asked = now;
	return true;
}

/* Nothing was there: is anything still to come? An end that sleeps asks to be
 * woken; either looks once more, since who goes may have written before. */
static int message_take_last(struct shm_stream *stream, uint8_t *bytes,
			     uint32_t *len)
{
	const bool sleeps = stream->config->sleeps;
	bool ended;
	int rc;

	if (!sleeps && !is_due(stream))
		return 0;
	ended = has_ended(stream);
	if (sleeps) {
		atomic_fetch_add_explicit(&stream->out.head->asks, 1,
					  memory_order_seq_cst);
		(void)atomic_load_explicit(&stream->in.head->bell,
					   memory_order_seq_cst);
	}
	rc = message_take(stream, bytes, len);
	return rc == 0 && ended ? end(stream, -EPIPE) : rc;
}

ssize_t shm_stream_receive(struct shm_stream *stream, uint8_t *bytes,
			   size_t len)
{
	const bool direct = len >= SHM_RING_MESSAGE_MAX;
	uint32_t found = 0;
	int rc;

	if (stream->begin == stream->end) {
		uint8_t *to = direct ? bytes : stream->held;

		/* Who is gone may have left something. */
		if (stream->over == -EPROTO)
			return stream->over;
		rc = message_take(stream, to, &found);
		if (rc == 0 && stream->over)
			return stream->over;
		if (rc == 0)
			rc = message_take_last(stream, to, &found);
		if (rc <= 0)
			return rc;
		stream->looks = 0;
		if (direct)
			return found;
		stream->begin = 0;
		stream->end = found;
	}
	found = stream->end - stream->begin;
	if (found > len)
		found = (uint32_t)len;
	memcpy(bytes, stream->held + stream->begin, found);
	stream->begin += found;
	return found;
}

__attribute__((noinline)) int shm_stream_alive(struct shm_stream *stream)
{
	struct pollfd gone = { .fd = stream->fd, .events = POLLRDHUP };

	if (!stream->over && poll(&gone, 1, 0) > 0)
		end(stream, -EPIPE);
	return stream->over;
}

uint64_t shm_stream_untaken(const struct shm_stream *stream)
{
	const struct shm_writer *out = &stream->out;
	const uint64_t next =
		atomic_load_explicit(&out->next, memory_order_relaxed);
	uint64_t at = atomic_load_explicit(&stream->in.head->taken,
					   memory_order_acquire);
	uint64_t len = 0;

	/* As far as it is believed. */
	if (at - stream->given > next - stream->given)
		at = stream->given;
	for (; at < next; at++)
		len += out->slots[at & out->mask].len;
	return len;
}

size_t shm_stream_unread(const struct shm_stream *stream)
{
	const struct shm_reader *in = &stream->in;
	size_t len = stream->end - stream->begin;

	for (uint64_t i = in->next; in->head && i - in->next <= in->mask; i++) {
		const struct shm_ring_slot *slot = &in->slots[i & in->mask];
		uint32_t found;

		if (atomic_load_explicit(&slot->turn, memory_order_acquire) !=
		    i + 1)
			break;
		found = *(const volatile uint32_t *)&slot->len;
		len += found < SHM_RING_MESSAGE_MAX ? found
						    : SHM_RING_MESSAGE_MAX;
	}
	return len;
}

void shm_stream_close(struct shm_stream *stream)
{
	if (stream->tap >= 0)
		close(stream->tap);
	if (stream->in.head)
		shm_reader_close(&stream->in);
	shm_writer_close(&stream->out);
	close(stream->fd);
}
