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

/*
 * The ring to fill holds as many frames as there are, so there is always room.
 * Those of the last burst are written behind its end, and given by the next.
 */

static void held_give(struct xdp_socket *xs)
{
	const unsigned int count = xs->held_count;
	uint32_t at;

	if (!count || xsk_ring_prod__reserve(&xs->fill, count, &at) != count)
		return;
	xsk_ring_prod__submit(&xs->fill, count);
	xs->held_count = 0;
}

/* Ahead of those that are held. */
static void frames_give(struct xdp_socket *xs, const uint64_t *addresses,
			unsigned int count)
{
	uint32_t at;

	if (!count || xsk_ring_prod__reserve(&xs->fill, count, &at) != count)
		return;
	for (unsigned int i = 0; i < count; i++, at++) {
		__u64 *address = xsk_ring_prod__fill_addr(&xs->fill, at);

		*xsk_ring_prod__fill_addr(&xs->fill, at + xs->held_count) =
			*address;
		*address = addresses[i];
	}
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

__attribute__((cold, noinline)) static int aside_take(
	struct xdp_socket *xs, struct frame_port_frame *frames,
	unsigned int max)
{
	unsigned int count = 0;

	for (; count < max && xs->aside_count; count++, xs->aside_count--) {
		const struct xdp_desc *desc =
			&xs->aside[xs->aside_first++ % xs->aside_size];

		*xsk_ring_prod__fill_addr(
			&xs->fill, xs->fill.cached_prod + count) = desc->addr;
		frames[count] =
			(struct frame_port_frame){ xs->memory + desc->addr,
						   desc->len };
	}
	xs->held_count = count;
	return (int)count;
}

/* What the next take will find is on its way from memory while the caller is
 * busy with this one. Inlined before gcc can think that what only fetches does
 * nothing, and leave out the call. */
__attribute__((always_inline)) static inline void ahead_fetch(
	struct xdp_socket *xs, uint32_t at, unsigned int most)
{
	uint32_t n = xs->received.cached_prod - xs->received.cached_cons;

	if (n > most)
		n = most;
	for (uint32_t i = at; i != at + n; i++)
		__builtin_prefetch(
			xs->memory +
			xsk_ring_cons__rx_desc(&xs->received, i)->addr);
}

/* The frames of n descriptors but those that the listener got. How many. */
static int frames_yield(struct xdp_socket *xs, uint32_t at, unsigned int n,
			struct frame_port_frame *frames)
{
	/* Copies, which no store in the loop can change. */
	const struct xsk_ring_cons received = xs->received;
	struct xsk_ring_prod fill = xs->fill;
	uint8_t *const memory = xs->memory;
	struct frame_port_frame *frame = frames;

	xs->held_count = n;
	for (uint32_t to = fill.cached_prod; n; n--, at++, to++) {
		const struct xdp_desc *desc =
			xsk_ring_cons__rx_desc(&received, at);
		uint8_t *bytes = memory + desc->addr;

		*xsk_ring_prod__fill_addr(&fill, to) = desc->addr;
		if (__builtin_expect(!is_stream(bytes), 1))
			*frame++ =
				(struct frame_port_frame){ bytes, desc->len };
		else if (xs->port.listener)
			xs->port.listener->frame(xs->port.listener, bytes,
						 desc->len);
	}
	return (int)(frame - frames);
}

int xdp_socket_take(struct xdp_socket *xs, struct frame_port_frame *frames,
		    unsigned int max)
{
	unsigned int n;
	uint32_t at;
	int count;

	held_give(xs);
	if (__builtin_expect(xs->aside_count > 0, 0))
		return aside_take(xs, frames, max);
	n = xsk_ring_cons__peek(&xs->received, max, &at);
	if (!n) {
		wake(xs);
		return turn(xs);
	}
	count = frames_yield(xs, at, n, frames);
	ahead_fetch(xs, at + n, max);
	xsk_ring_cons__release(&xs->received, n);
	turn(xs);
	return count;
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
