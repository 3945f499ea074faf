/* SPDX-License-Identifier: MIT */
/*
 * A frame port: whole Ethernet frames from and to an interface, past the
 * kernel's stack. Whoever has such a source (net/xdp_socket.h is one) brings a
 * table of operations, and what is built on frames (net/frame_stream.h) runs
 * on any of them. One thread at a time.
 */
#ifndef NET_FRAME_PORT_H
#define NET_FRAME_PORT_H

#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

struct frame_port;

struct frame_port_frame {
	uint8_t *bytes; /* from the Ethernet header on */
	uint32_t len;
};

/*
 * What comes by the port: an Ethernet frame to this host or to a group, of
 * the untagged network (a tag of VLAN 0 is none, and may be there), of this
 * protocol to this IPv4 address and port, from the source's address and port
 * where they are set. Of UDP with IP options too, and the first piece of a
 * fragmented datagram, so that it is counted; of TCP neither.
 */
struct frame_port_flow {
	uint8_t protocol; /* IPPROTO_UDP or IPPROTO_TCP */
	struct sockaddr_in destination;
	struct sockaddr_in source; /* 0: anyone's */
};

/* Who takes the TCP segments among the flows. Called within take and scan;
 * HOT. */
struct frame_port_listener {
	/* The bytes are the callee's until it returns. */
	void (*frame)(struct frame_port_listener *listener, uint8_t *bytes,
		      uint32_t len);
	/* Once in some thousand calls: timers. */
	void (*idle)(struct frame_port_listener *listener);
};

/* What frames to one peer need. */
struct frame_port_address {
	uint8_t ethernet[6]; /* the interface's own */
	unsigned int mtu;
	bool reachable; /* up, its other end too, and the next hop answers */
	struct in_addr source;	 /* the interface's own, for this peer */
	struct in_addr next_hop; /* the peer, or a gateway */
	uint8_t next_hop_ethernet[6];
};

struct frame_port_ops {
	/* HOT. A frame to fill, port->frame_max bytes; NULL: all are on their
	 * way. It must be sent, or the same one comes again. */
	uint8_t *(*frame)(struct frame_port *port);

	/* HOT. Send the frame that the last frame() gave. 0: it has left, or
	 * is queued and leaves by flush() at the latest; else it is lost:
	 * -EBUSY: the driver dropped it; -ENOBUFS: no room to queue it. */
	int (*send)(struct frame_port *port, uint32_t len);

	/* HOT. Send what is still queued. 0: all has left, at once where
	 * nothing was queued; -ENETDOWN, -ENXIO: the interface is down or
	 * gone; -ENOBUFS: the driver is busy; -EBUSY: it has dropped what was
	 * queued. */
	int (*flush)(struct frame_port *port);

	/* HOT. Frames of the flows, at most max (1..FRAME_PORT_BURST_MAX),
	 * without those that the listener got; gives back the frames of the
	 * last call. How many, 0: nothing is there; a negative errno when the
	 * interface is gone (-ENODEV). */
	int (*take)(struct frame_port *port, struct frame_port_frame *frames,
		    unsigned int max);

	/* HOT. Give the listener what lies there for it, and keep the other
	 * frames for the next takes; when there is no room for more of them,
	 * the oldest are lost, and counted. Those of the last take stay valid.
	 * 0, or as take's. */
	int (*scan)(struct frame_port *port);

	/* One more flow, or one less, at once and with no frame lost. 0 or a
	 * negative errno, logged. */
	int (*flow_add)(struct frame_port *port,
			const struct frame_port_flow *flow);
	void (*flow_remove)(struct frame_port *port,
			    const struct frame_port_flow *flow);

	/* The way to a peer, as it is by now; to be asked now and then, since
	 * all of it may change. 0; -EAGAIN: the next hop's Ethernet address is
	 * not known yet, and was asked for: ask again; -EADDRNOTAVAIL: there
	 * is no address to send from; -ENODEV: the interface is gone. What was
	 * known once stays until there is something better. Never waits,
	 * silent. */
	int (*address)(struct frame_port *port, struct in_addr peer,
		       struct frame_port_address *address);
};

#define FRAME_PORT_BURST_MAX 64

struct frame_port {
	const struct frame_port_ops *ops;
	struct frame_port_listener *listener; /* NULL: segments are dropped */
	const char *name;    /* its interface's, for messages */
	uint32_t frame_max;  /* bytes of a frame to send */
	bool kernel_sees;    /* the kernel gets the flows' frames, too */
	bool carries_kernel; /* what is the kernel's, in and out, goes by the
				port: whenever it is taken from or scanned */
};

/* poll(2) of one descriptor, for who waits for the kernel's sockets while
 * carrier, which may be NULL, carries the kernel's frames: it is scanned
 * meanwhile. As poll(2). */
int frame_port_poll(struct frame_port *carrier, struct pollfd *ready,
		    unsigned int timeout_ms);

#endif
