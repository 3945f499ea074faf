/* SPDX-License-Identifier: MIT */
#include "net/frame_stream_stack.h"

#include <errno.h>

#if defined(HAVE_LWIP)

#include <arpa/inet.h>
#include <linux/filter.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
/* After the system's: it takes what they have defined. */
#include <lwip/timeouts.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/address.h"

#define AGAIN_NS      (50 * CLOCK_NS_PER_MS) /* after a refusal */
#define LAST_WORDS_NS (2 * CLOCK_NS_PER_S)
#define HURRIED_NS    (100 * CLOCK_NS_PER_MS) /* after a signal */
#define FAREWELL_NS   (100 * CLOCK_NS_PER_MS)
#define REPEATS_MAX   4 /* of a segment without an answer: some 15 s */

const char *frame_stream_absent(void)
{
	return NULL;
}

/*
 * Connecting.
 */

static bool is_stopped(const volatile int *stop)
{
	return stop && *stop;
}

/* Where the kernel is shown the segments, too, it would answer them by a RST.
 * It does not where it finds a socket that they are for, and that one lets in
 * nothing. */
static int port_deafen(const struct frame_stream *stream)
{
	struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
	const struct sock_fprog program = { .len = 1, .filter = &nothing };

	if (!stream->port->kernel_sees)
		return 0;
	if (setsockopt(stream->port_fd, SOL_SOCKET, SO_ATTACH_FILTER, &program,
		       sizeof(program)) < 0 ||
	    listen(stream->port_fd, 1) < 0)
		return -errno;
	return 0;
}

/* A port that the kernel gives to no one else, for it is bound. */
static int port_hold(struct frame_stream *stream)
{
	struct sockaddr_in own = {
		.sin_family = AF_INET,
		.sin_addr = stream->link.source,
	};
	socklen_t len = sizeof(own);
	int err;

	stream->port_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (stream->port_fd < 0)
		return -errno;
	if (bind(stream->port_fd, (void *)&own, sizeof(own)) == 0 &&
	    getsockname(stream->port_fd, (void *)&own, &len) == 0) {
		stream->flow.destination = own;
		err = port_deafen(stream);
		if (!err)
			return 0;
	} else {
		err = -errno;
	}
	close(stream->port_fd);
	return err;
}

/* One try after the other. */
static int handshake(struct frame_stream *stream, uint64_t deadline_ns,
		     const volatile int *stop)
{
	uint64_t now_ns = clock_monotonic_ns(), again_ns = now_ns;
	int err, refusal = -ETIMEDOUT;

	while (!stream->connected) {
		if (is_stopped(stop))
			return -EINTR;
		if (now_ns >= deadline_ns)
			return refusal;
		if (!stream->pcb && now_ns >= again_ns) {
			again_ns = now_ns + AGAIN_NS;
			err = frame_stream_stack_connect(stream);
			if (err)
				return err;
		}
		err = stream->port->ops->scan(stream->port);
		if (err)
			return err;
		sys_check_timeouts();
		frame_stream_stack_follow_due(stream);
		if (stream->error)
			refusal = stream->error;
		now_ns = clock_monotonic_ns();
	}
	return 0;
}

static int stream_open(struct frame_stream *stream,
		       const struct sockaddr_in *peer, uint64_t deadline_ns,
		       const volatile int *stop)
{
	int err = frame_link_open(&stream->link, stream->port, peer->sin_addr,
				  deadline_ns, stop);

	if (err)
		return err;
	err = port_hold(stream);
	if (err)
		return err;
	stream->flow.protocol = IPPROTO_TCP;
	stream->flow.source = *peer;
	err = stream->port->ops->flow_add(stream->port, &stream->flow);
	if (err)
		goto close_port;
	err = frame_stream_stack_open(stream);
	if (err)
		goto remove_flow;
	err = handshake(stream, deadline_ns, stop);
	if (!err)
		return 0;
	frame_stream_stack_close(stream);
remove_flow:
	stream->port->ops->flow_remove(stream->port, &stream->flow);
close_port:
	close(stream->port_fd);
	return err;
}

int frame_stream_connect(struct frame_port *port,
			 const struct sockaddr_in *peer,
			 unsigned int timeout_ms, const volatile int *stop,
			 struct frame_stream **stream)
{
	uint64_t deadline_ns =
		clock_monotonic_ns() + timeout_ms * CLOCK_NS_PER_MS;
	struct frame_stream *new = calloc(1, sizeof(*new));
	char text[ADDRESS_TEXT_MAX];
	int err;

	*stream = NULL;
	if (!new)
		return -ENOMEM;
	new->port = port;
	new->stop = stop;
	err = stream_open(new, peer, deadline_ns, stop);
	if (!err) {
		*stream = new;
		return 0;
	}
	free(new);
	if (err != -EINTR)
		log_error("can't connect to %s by kernel bypass, on %s: %s%s",
			  address_format(peer, text), port->name,
			  log_strerror(err),
			  err == -EHOSTUNREACH ? ": it must be on the same link"
					       : "");
	return err;
}

/*
 * Using it.
 */

int frame_stream_alive(struct frame_stream *stream)
{
	if (stream->error)
		return stream->error;
	frame_stream_stack_follow(stream);
	return stream->error || stream->pcb->nrtx > REPEATS_MAX ? -ETIMEDOUT
								: 0;
}

/* The peer's window opens by what was taken. */
static size_t received_take(struct frame_stream *stream, uint8_t *bytes,
			    size_t len)
{
	u16_t n = pbuf_copy_partial(
		stream->received, bytes,
		(u16_t)(len < UINT16_MAX ? len : UINT16_MAX), 0);

	stream->received = pbuf_free_header(stream->received, n);
	if (stream->pcb)
		tcp_recved(stream->pcb, n);
	return n;
}

ssize_t frame_stream_receive(struct frame_stream *stream, uint8_t *bytes,
			     size_t len)
{
	int scanned = 0, err;

	if (!stream->received && !stream->error)
		scanned = stream->port->ops->scan(stream->port);
	err = frame_stream_alive(stream);
	if (stream->received)
		return (ssize_t)received_take(stream, bytes, len);
	return err ? err : scanned < 0 ? scanned : 0;
}

/* lwIP takes all of them or none. */
static bool bytes_take(struct frame_stream *stream, const uint8_t *bytes,
		       size_t len)
{
	if (len > tcp_sndbuf(stream->pcb) ||
	    tcp_write(stream->pcb, bytes, (u16_t)len, TCP_WRITE_FLAG_COPY) !=
		    ERR_OK)
		return false;
	stream->sent += len;
	tcp_output(stream->pcb);
	return true;
}

uint16_t frame_stream_port(const struct frame_stream *stream)
{
	return ntohs(stream->flow.destination.sin_port);
}

/* lwIP has no room: take in what the peer acknowledges. */
__attribute__((cold, noinline)) static ssize_t room_make(
	struct frame_stream *stream, const uint8_t *bytes, size_t len)
{
	int err = frame_stream_wait(stream, 0);

	if (err)
		return err;
	return bytes_take(stream, bytes, len) ? (ssize_t)len : 0;
}

ssize_t frame_stream_send(struct frame_stream *stream, const uint8_t *bytes,
			  size_t len)
{
	if (__builtin_expect(stream->error, 0))
		return stream->error;
	if (len > FRAME_STREAM_SEND_MAX)
		len = FRAME_STREAM_SEND_MAX;
	if (__builtin_expect(!bytes_take(stream, bytes, len), 0))
		return room_make(stream, bytes, len);
	return (ssize_t)len;
}

/* Run the stack until it is so, or the connection is over, or it is late. */
static int settle(struct frame_stream *stream,
		  bool (*is_so)(const struct frame_stream *stream),
		  uint64_t wait_ns)
{
	uint64_t deadline_ns = clock_monotonic_ns() + wait_ns;
	int err;

	do {
		err = stream->port->ops->scan(stream->port);
		if (err < 0)
			return err;
		sys_check_timeouts();
		frame_stream_stack_follow_due(stream);
	} while (stream->pcb && !is_so(stream) &&
		 clock_monotonic_ns() < deadline_ns);
	return stream->error;
}

static bool has_room(const struct frame_stream *stream)
{
	return tcp_sndbuf(stream->pcb) >= FRAME_STREAM_SEND_MAX &&
	       stream->pcb->snd_queuelen < TCP_SND_QUEUELEN / 2;
}

int frame_stream_wait(struct frame_stream *stream, unsigned int timeout_ms)
{
	return settle(stream, has_room, timeout_ms * CLOCK_NS_PER_MS);
}

uint64_t frame_stream_unacknowledged(const struct frame_stream *stream)
{
	return stream->sent - stream->acknowledged;
}

/* All that was sent is acknowledged, the end with it. */
static bool is_acknowledged(const struct frame_stream *stream)
{
	return !stream->pcb->unsent && !stream->pcb->unacked;
}

static bool is_closed(const struct frame_stream *stream)
{
	return stream->error;
}

void frame_stream_close(struct frame_stream *stream)
{
	if (!stream)
		return;
	if (stream->pcb) {
		tcp_shutdown(stream->pcb, 0, 1);
		settle(stream, is_acknowledged,
		       is_stopped(stream->stop) ? HURRIED_NS : LAST_WORDS_NS);
		settle(stream, is_closed, FAREWELL_NS);
	}
	frame_stream_stack_close(stream);
	stream->port->ops->flow_remove(stream->port, &stream->flow);
	close(stream->port_fd);
	free(stream);
}

#else

const char *frame_stream_absent(void)
{
	return "built without lwIP";
}

#endif
