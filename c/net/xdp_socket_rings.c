/* SPDX-License-Identifier: MIT */
/* The HOT part of an AF_XDP socket: its four rings. */
#include "net/xdp_socket.h"

#if defined(HAVE_LIBXDP) && defined(HAVE_LIBBPF)

#include <errno.h>
#include <sys/socket.h>

#include "wire/frame.h"

/* Calls between two looks at the rest of the world: powers of two. */
#define TURNS_IDLE   4096
#define TURNS_HEALTH (64 * TURNS_IDLE)

static void frames_give(struct xdp_socket *xs, const uint64_t *addresses,
			unsigned int count)
{
	uint32_t at;

	/* There is room: the ring holds as many as there are. */
	if (!count || xsk_ring_prod__reserve(&xs->fill, count, &at) != count)
		return;
	for (unsigned int i = 0; i < count; i++)
		*xsk_ring_prod__fill_addr(&xs->fill, at + i) = addresses[i];
	xsk_ring_prod__submit(&xs->fill, count);
}

/* An interface that is gone leaves an error behind, once; one that is down
 * does not. */
static int health_check(struct xdp_socket *xs)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (getsockopt(xs->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		error = errno;
	if (error)
		xs->error = error == ENETDOWN ? -ENODEV : -error;
	return xs->error;
}

/* 0, or the interface's error. */
static int turn(struct xdp_socket *xs)
{
	if (__builtin_expect(++xs->turns % TURNS_IDLE != 0, 1))
		return xs->error;
	if (xs->port.listener)
		xs->port.listener->idle(xs->port.listener);
	return xs->turns % TURNS_HEALTH ? xs->error : health_check(xs);
}

static void wake(const struct xdp_socket *xs)
{
	if (xs->busy_poll ||
	    (xs->need_wakeup && xsk_ring_prod__needs_wakeup(&xs->fill)))
		recvfrom(xs->fd, NULL, 0, MSG_DONTWAIT, NULL, NULL);
}

/* The program lets in IPv4 headers of 20 bytes only. */
static bool is_stream(const uint8_t *bytes)
{
	return bytes[14 + 9] == FRAME_TCP;
}

static void frame_yield(struct xdp_socket *xs, const struct xdp_desc *desc,
			struct frame_port_frame *frame)
{
	*frame =
		(struct frame_port_frame){ xs->memory + desc->addr, desc->len };
}

__attribute__((cold, noinline)) static int aside_take(
	struct xdp_socket *xs, struct frame_port_frame *frames,
	unsigned int max)
{
	unsigned int count = 0;

	for (; count < max && xs->aside_count; count++, xs->aside_count--) {
		const struct xdp_desc *desc =
			&xs->aside[xs->aside_first++ % xs->aside_size];

		xs->held[xs->held_count++] = desc->addr;
		frame_yield(xs, desc, &frames[count]);
	}
	return (int)count;
}

/* What the next take will find is on its way from memory while the caller is
 * busy with this one. */
static void ahead_fetch(struct xdp_socket *xs, uint32_t at, unsigned int most)
{
	uint32_t n = xs->received.cached_prod - xs->received.cached_cons;

	if (n > most)
		n = most;
	for (uint32_t i = at; i != at + n; i++)
		__builtin_prefetch(
			xs->memory +
			xsk_ring_cons__rx_desc(&xs->received, i)->addr);
}

int xdp_socket_take(struct xdp_socket *xs, struct frame_port_frame *frames,
		    unsigned int max)
{
	unsigned int count = 0, n;
	uint32_t at;

	frames_give(xs, xs->held, xs->held_count);
	xs->held_count = 0;
	if (__builtin_expect(xs->aside_count > 0, 0))
		return aside_take(xs, frames, max);
	n = xsk_ring_cons__peek(&xs->received, max, &at);
	if (!n) {
		wake(xs);
		return turn(xs);
	}
	for (uint32_t i = at; i != at + n; i++) {
		const struct xdp_desc *desc =
			xsk_ring_cons__rx_desc(&xs->received, i);

		xs->held[xs->held_count++] = desc->addr;
		frame_yield(xs, desc, &frames[count]);
		if (__builtin_expect(!is_stream(frames[count].bytes), 1))
			count++;
		else if (xs->port.listener)
			xs->port.listener->frame(xs->port.listener,
						 frames[count].bytes,
						 desc->len);
	}
	ahead_fetch(xs, at + n, max);
	xsk_ring_cons__release(&xs->received, n);
	turn(xs);
	return (int)count;
}

/* Its frame goes back to the kernel. */
__attribute__((cold, noinline)) static uint64_t aside_drop_oldest(
	struct xdp_socket *xs)
{
	xs->aside_lost++;
	xs->aside_count--;
	return xs->aside[xs->aside_first++ % xs->aside_size].addr;
}

int xdp_socket_scan(struct xdp_socket *xs)
{
	/* Of each frame itself, or of one that it drives out. */
	uint64_t done[XDP_SOCKET_BURST_MAX];
	unsigned int done_count = 0, n;
	uint32_t at;

	n = xsk_ring_cons__peek(&xs->received, XDP_SOCKET_BURST_MAX, &at);
	if (!n) {
		wake(xs);
		return turn(xs);
	}
	for (uint32_t i = at; i != at + n; i++) {
		const struct xdp_desc *desc =
			xsk_ring_cons__rx_desc(&xs->received, i);
		uint8_t *bytes = xs->memory + desc->addr;

		if (!is_stream(bytes)) {
			/* Who waits for the peer needs frames for it. */
			if (__builtin_expect(xs->aside_count == xs->aside_max,
					     0))
				done[done_count++] = aside_drop_oldest(xs);
			xs->aside[(xs->aside_first + xs->aside_count++) %
				  xs->aside_size] = *desc;
			continue;
		}
		if (xs->port.listener)
			xs->port.listener->frame(xs->port.listener, bytes,
						 desc->len);
		done[done_count++] = desc->addr;
	}
	xsk_ring_cons__release(&xs->received, n);
	frames_give(xs, done, done_count);
	return turn(xs);
}

/* The frames that have left. */
static void sent_reap(struct xdp_socket *xs)
{
	uint32_t at = 0, n;

	n = xsk_ring_cons__peek(&xs->sent, XDP_SOCKET_SEND_FRAMES, &at);
	for (uint32_t i = 0; i < n; i++)
		xs->spare[xs->spare_count++] =
			*xsk_ring_cons__comp_addr(&xs->sent, at + i);
	xsk_ring_cons__release(&xs->sent, n);
}

/* Make the kernel send what is queued. The errors are xdp_socket_send()'s. */
static int kick(struct xdp_socket *xs)
{
	int err = 0;

	if (xs->need_wakeup && !xsk_ring_prod__needs_wakeup(&xs->send))
		return 0;
	if (sendto(xs->fd, NULL, 0, MSG_DONTWAIT, NULL, 0) < 0)
		err = -errno;
	/* A busy driver: it has told, and takes it when it is asked again. */
	return err == -EAGAIN ? -ENOBUFS : err;
}

/* Frames that stayed queued while the interface was down leave by the next
 * kick, and may be all there are. */
__attribute__((cold, noinline)) static void spare_make(struct xdp_socket *xs)
{
	kick(xs);
	sent_reap(xs);
}

uint8_t *xdp_socket_frame(struct xdp_socket *xs)
{
	if (!xs->spare_count)
		sent_reap(xs);
	if (__builtin_expect(!xs->spare_count, 0))
		spare_make(xs);
	if (!xs->spare_count)
		return NULL;
	return xs->memory + xs->spare[xs->spare_count - 1];
}

int xdp_socket_flush(struct xdp_socket *xs)
{
	int err;

	if (__builtin_expect(!xs->queued, 1))
		return 0;
	err = kick(xs);
	/* -EBUSY: what was queued is gone, and not by the wire. */
	xs->queued = err && err != -EBUSY;
	return err;
}

int xdp_socket_send(struct xdp_socket *xs, uint32_t len)
{
	uint32_t at;
	int err;

	if (!xsk_ring_prod__reserve(&xs->send, 1, &at))
		return -ENOBUFS;
	*xsk_ring_prod__tx_desc(&xs->send, at) = (struct xdp_desc){
		.addr = xs->spare[--xs->spare_count],
		.len = len,
	};
	xsk_ring_prod__submit(&xs->send, 1);
	err = kick(xs);
	if (__builtin_expect(!err, 1))
		return 0;
	if (err == -EBUSY)
		return -EBUSY;
	xs->queued = true;
	return 0;
}

#endif
