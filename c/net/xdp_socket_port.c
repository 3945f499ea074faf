/* SPDX-License-Identifier: MIT */
/* An AF_XDP socket as a frame port. */
#include "net/xdp_socket.h"

#if defined(HAVE_LIBXDP) && defined(HAVE_LIBBPF)

static struct xdp_socket *socket_of(struct frame_port *port)
{
	return container_of(port, struct xdp_socket, port);
}

static uint8_t *port_frame(struct frame_port *port)
{
	return xdp_socket_frame(socket_of(port));
}

static int port_send(struct frame_port *port, uint32_t len)
{
	return xdp_socket_send(socket_of(port), len);
}

static int port_flush(struct frame_port *port)
{
	return xdp_socket_flush(socket_of(port));
}

static int port_take(struct frame_port *port, struct frame_port_frame *frames,
		     unsigned int max)
{
	return xdp_socket_take(socket_of(port), frames, max);
}

static int port_scan(struct frame_port *port)
{
	return xdp_socket_scan(socket_of(port));
}

static int port_flow_add(struct frame_port *port,
			 const struct frame_port_flow *flow)
{
	return xdp_socket_flow_add(socket_of(port), flow);
}

static void port_flow_remove(struct frame_port *port,
			     const struct frame_port_flow *flow)
{
	xdp_socket_flow_remove(socket_of(port), flow);
}

static int port_address(struct frame_port *port, struct in_addr peer,
			struct frame_port_address *address)
{
	struct xdp_socket *xs = socket_of(port);

	return kernel_link_address(&xs->kernel_link, xs->interface.name, peer,
				   address);
}

const struct frame_port_ops xdp_socket_port_ops = {
	.frame = port_frame,
	.send = port_send,
	.flush = port_flush,
	.take = port_take,
	.scan = port_scan,
	.flow_add = port_flow_add,
	.flow_remove = port_flow_remove,
	.address = port_address,
};

#endif
