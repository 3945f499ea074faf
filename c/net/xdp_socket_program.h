/* SPDX-License-Identifier: MIT */
/* The program in front of an AF_XDP socket: loaded, attached, exchanged. For
 * net/xdp_socket alone. */
#ifndef NET_XDP_SOCKET_PROGRAM_H
#define NET_XDP_SOCKET_PROGRAM_H

#include "net/xdp_socket.h"

#if defined(HAVE_LIBXDP) && defined(HAVE_LIBBPF)

/* The map by which the program finds the socket of a queue; xs->map_fd, the
 * caller's to close. 0 or a negative errno, logged. */
int xdp_socket_map_open(struct xdp_socket *xs);

/* Attach a program for xs->flows by these XDP_FLAGS_ modes, unless it is
 * attached that way already: a NIC may restart its queues for it. 0, -EBUSY
 * (another program is attached), or another negative errno, silent: the next
 * mode may work. */
int xdp_socket_attach(struct xdp_socket *xs, uint32_t flags);

/* After -EBUSY: logs which other program is attached. false: none is. */
bool xdp_socket_other_told(const struct xdp_socket *xs);

/* Take it off the interface; give it back. Both also where there is none. */
void xdp_socket_detach(struct xdp_socket *xs);
void xdp_socket_program_close(struct xdp_socket *xs);

#endif
#endif
