/* SPDX-License-Identifier: MIT */
/* The HOT part of a port of DPDK's, and its table of operations. */
#include "net/dpdk_port_frames.h"

#include <errno.h>

#include "net/dpdk_port_driver.h"
#include "wire/frame.h"

/* Calls between two looks at the rest of the world: powers of two. */
#define TURNS_IDLE   4096
#define TURNS_HEALTH (64 * TURNS_IDLE)

static struct dpdk_port *port_of(struct frame_port *port)
{
	return container_of(port, struct dpdk_port, port);
}

/* A driver tells nothing of an interface that is gone. */
__attribute__((cold, noinline)) static int health_check(struct dpdk_port *dp)
{
	struct interface now;

	if (interface_find(dp->interface.name, &now) == -ENODEV ||
	    now.index != dp->interface.index)
		dp->error = -ENODEV;
	else if (dp->driver->alive)
		dp->error = dp->driver->alive(dp);
	return dp->error;
}

/* 0, or the interface's error. */
static int turn(struct dpdk_port *dp)
{
	if (__builtin_expect(++dp->turns % TURNS_IDLE != 0, 1))
		return dp->error;
	if (dp->port.listener)
		dp->port.listener->idle(dp->port.listener);
	return dp->turns % TURNS_HEALTH ? dp->error : health_check(dp);
}

static void held_give(struct dpdk_port *dp)
{
	if (dp->held_count)
		dp->ops->give(dp->held, dp->held_count);
	dp->held_count = 0;
}

enum frame_kind {
	KIND_TAKEN, /* the caller's */
	KIND_DONE,  /* the listener has got what is its own; or too long */
	KIND_OTHER, /* of no flow */
};

static enum frame_kind frame_sort(struct dpdk_port *dp,
				  const struct dpdk_frame *frame)
{
	int flow = frame->vlan ? -1
			       : frame_flow_find(&dp->flows, frame->bytes,
						 frame->len);

	if (flow < 0)
		return KIND_OTHER;
	if (__builtin_expect(frame->len > DPDK_FRAME_MAX, 0)) {
		dp->cut++;
		return KIND_DONE;
	}
	if (__builtin_expect(dp->flows.flows[flow].protocol == FRAME_UDP, 1))
		return KIND_TAKEN;
	if (dp->port.listener)
		dp->port.listener->frame(dp->port.listener, frame->bytes,
					 frame->len);
	return KIND_DONE;
}

/* Of a NIC that the kernel has given away: what the kernel sends goes out. */
static void kernel_send(struct dpdk_port *dp)
{
	struct dpdk_frame got[FRAME_PORT_BURST_MAX];
	void *buffers[FRAME_PORT_BURST_MAX];
	unsigned int n = dp->ops->take(dp->kernel, got, FRAME_PORT_BURST_MAX);

	for (unsigned int i = 0; i < n; i++)
		buffers[i] = got[i].buffer;
	if (__builtin_expect(n > 0, 0))
		dp->ops->pass(dp->device, buffers, n);
}

/* Is a frame that is not the caller's done with? The kernel gets what is of no
 * flow, where nobody else gives it that. */
static bool kernel_gets(struct dpdk_port *dp, enum frame_kind kind,
			struct dpdk_frame *frame)
{
	if (kind != KIND_OTHER || !dp->kernel)
		return false;
	dp->ops->pass(dp->kernel, &frame->buffer, 1);
	return true;
}

__attribute__((cold, noinline)) static int aside_take(
	struct dpdk_port *dp, struct frame_port_frame *frames, unsigned int max)
{
	unsigned int n = 0;

	for (; n < max && dp->aside_count; n++, dp->aside_count--) {
		const struct dpdk_frame *frame =
			&dp->aside[dp->aside_first++ % DPDK_PORT_ASIDE_MAX];

		dp->held[n] = frame->buffer;
		frames[n] =
			(struct frame_port_frame){ frame->bytes, frame->len };
	}
	dp->held_count = n;
	return (int)n;
}

int dpdk_port_take(struct dpdk_port *dp, struct frame_port_frame *frames,
		   unsigned int max)
{
	struct dpdk_frame got[FRAME_PORT_BURST_MAX];
	unsigned int n;
	int count = 0;

	held_give(dp);
	if (dp->kernel)
		kernel_send(dp);
	if (__builtin_expect(dp->aside_count > 0, 0))
		return aside_take(dp, frames, max);
	n = dp->ops->take(dp->device, got, max);
	if (!n)
		return turn(dp);
	for (unsigned int i = 0; i < n; i++) {
		enum frame_kind kind = frame_sort(dp, &got[i]);

		if (__builtin_expect(kind == KIND_TAKEN, 1))
			frames[count++] =
				(struct frame_port_frame){ got[i].bytes,
							   got[i].len };
		else if (kernel_gets(dp, kind, &got[i]))
			continue;
		dp->held[dp->held_count++] = got[i].buffer;
	}
	turn(dp);
	return count;
}

/* Who waits for the peer needs buffers for it. */
__attribute__((cold, noinline)) static void aside_drop_oldest(
	struct dpdk_port *dp)
{
	void *oldest =
		dp->aside[dp->aside_first++ % DPDK_PORT_ASIDE_MAX].buffer;

	dp->ops->give(&oldest, 1);
	dp->aside_count--;
	dp->aside_lost++;
}

static int port_scan(struct frame_port *port)
{
	struct dpdk_port *dp = port_of(port);
	struct dpdk_frame got[FRAME_PORT_BURST_MAX];
	unsigned int n;

	if (dp->kernel)
		kernel_send(dp);
	n = dp->ops->take(dp->device, got, FRAME_PORT_BURST_MAX);
	for (unsigned int i = 0; i < n; i++) {
		enum frame_kind kind = frame_sort(dp, &got[i]);

		if (kind != KIND_TAKEN) {
			if (!kernel_gets(dp, kind, &got[i]))
				dp->ops->give(&got[i].buffer, 1);
			continue;
		}
		if (__builtin_expect(dp->aside_count == DPDK_PORT_ASIDE_MAX, 0))
			aside_drop_oldest(dp);
		dp->aside[(dp->aside_first + dp->aside_count++) %
			  DPDK_PORT_ASIDE_MAX] = got[i];
	}
	return turn(dp);
}

static int port_take(struct frame_port *port, struct frame_port_frame *frames,
		     unsigned int max)
{
	return dpdk_port_take(port_of(port), frames, max);
}

static uint8_t *port_frame(struct frame_port *port)
{
	struct dpdk_port *dp = port_of(port);

	return dp->ops->frame(dp->device);
}

static int port_send(struct frame_port *port, uint32_t len)
{
	struct dpdk_port *dp = port_of(port);

	return dp->ops->send(dp->device, len);
}

/* A driver queues nothing beyond its descriptors. */
static int port_flush(struct frame_port *port)
{
	(void)port;
	return 0;
}

static int port_flow_add(struct frame_port *port,
			 const struct frame_port_flow *flow)
{
	return dpdk_port_flow_add(port_of(port), flow);
}

static void port_flow_remove(struct frame_port *port,
			     const struct frame_port_flow *flow)
{
	dpdk_port_flow_remove(port_of(port), flow);
}

static int port_address(struct frame_port *port, struct in_addr peer,
			struct frame_port_address *address)
{
	struct dpdk_port *dp = port_of(port);

	return kernel_link_address(&dp->kernel_link, dp->interface.name, peer,
				   address);
}

const struct frame_port_ops dpdk_port_ops = {
	.frame = port_frame,
	.send = port_send,
	.flush = port_flush,
	.take = port_take,
	.scan = port_scan,
	.flow_add = port_flow_add,
	.flow_remove = port_flow_remove,
	.address = port_address,
};
