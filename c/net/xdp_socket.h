/* SPDX-License-Identifier: MIT */
/*
 * AF_XDP: frames of one queue of an interface, from and to the driver, past
 * the kernel's network stack, in memory that both share (UMEM). A program on
 * the interface (net/xdp_program.h) sends the flows asked for here and leaves
 * all else to the kernel. It goes with the process, kill -9 included, since
 * nothing but a descriptor holds it there (a bpf_link).
 *
 * Linux: Documentation/networking/af_xdp.rst; libxdp's xsk.h.
 */
#ifndef NET_XDP_SOCKET_H
#define NET_XDP_SOCKET_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "net/frame_port.h"
#include "net/interface.h"
#include "net/kernel_link.h"
#include "net/xdp_program.h"

#define XDP_SOCKET_BURST_MAX FRAME_PORT_BURST_MAX
/* Bytes of one frame, in or out. A longer one that comes in is dropped. */
#define XDP_SOCKET_FRAME_MAX 1792

/* How much of the kernel is left out. */
enum xdp_socket_mode {
	XDP_SOCKET_AUTO,     /* the first of these that works here */
	XDP_SOCKET_ZEROCOPY, /* the NIC writes into the UMEM */
	XDP_SOCKET_NATIVE,   /* the driver's program copies there */
	XDP_SOCKET_GENERIC,  /* any interface: in the stack, past the driver */
};
/* "auto", "zerocopy" ..., NULL-terminated: an option's choices. */
extern const char *const xdp_socket_mode_names[];

/* Rows of a path's options. */
#define XDP_SOCKET_MODE_ROW(target, member)                              \
	{                                                                \
		.name = "mode", .metavar = "MODE", .def = "auto",        \
		.type = OPTION_CHOICE, .choices = xdp_socket_mode_names, \
		.offset = offsetof(target, member),                      \
		.help = "auto: the first that works, in this order"      \
	}
#define XDP_SOCKET_WAKEUP_ROW(target, member)                            \
	{                                                                \
		.name = "wakeup", .metavar = "on|off", .def = "on",      \
		.type = OPTION_FLAG, .offset = offsetof(target, member), \
		.help = "the driver may sleep and asks to be woken"      \
	}

struct xdp_socket_config {
	const char *who; /* begins each log line: "--receive xdp" */
	const char *interface;
	/* The first one; of protocol 0: none, it only sends. */
	struct frame_port_flow flow;
	unsigned int queue;
	unsigned int mode;	   /* enum xdp_socket_mode */
	unsigned int frames;	   /* to receive into; sending has its own */
	unsigned int busy_poll_us; /* 0: off; else each empty take runs the
				      driver's receive poll, SO_BUSY_POLL */
	bool need_wakeup;	   /* XDP_USE_NEED_WAKEUP */
	bool huge_pages;	   /* where some are free; told if not */
};

/* Can this build and this host do it? 0, or a negative errno with *why; needs
 * CAP_NET_RAW, CAP_NET_ADMIN and CAP_BPF. Leaves nothing behind, silent. */
int xdp_socket_probe(const char **why);

#if defined(HAVE_LIBXDP) && defined(HAVE_LIBBPF)

#include <xdp/xsk.h>

#define XDP_SOCKET_SEND_FRAMES 256

struct xdp_socket {
	/* What the loop touches first. */
	struct xsk_ring_cons received;
	struct xsk_ring_prod fill;
	uint8_t *memory;
	struct frame_port port; /* this socket as one */
	unsigned int aside_first, aside_count;
	unsigned int held_count; /* of the last burst: behind fill's end */
	unsigned int turns;	 /* calls, taken modulo */
	bool need_wakeup;
	bool busy_poll;
	bool merged_told; /* in the 4 bytes before each frame */
	/* What a scan found that is not the listener's, for the next takes:
	 * a ring, of a power of two. */
	struct xdp_desc *aside;
	unsigned int aside_size, aside_max;
	uint64_t aside_lost; /* driven out of it: the oldest go first */

	struct xsk_ring_prod send;
	struct xsk_ring_cons sent;
	unsigned int spare_count;
	bool queued; /* frames that the last kick could not make leave */
	uint64_t spare[XDP_SOCKET_SEND_FRAMES];

	int fd; /* of the socket; belongs to xsk */
	int error;
	struct xsk_socket *xsk;
	struct xsk_umem *umem;
	struct mem_arena arena;
	struct interface interface;
	struct kernel_link kernel_link; /* of the port's `address` */
	const char *who;
	int map_fd;
	int program_fd; /* -1 until it was attached once */
	int link_fd;
	struct xdp_beside beside;
	uint32_t link_flags;
	struct frame_port_flow flows[XDP_PROGRAM_FLOWS_MAX];
	unsigned int flow_count;
};

/* The port's operations: the functions below, by their names. */
extern const struct frame_port_ops xdp_socket_port_ops;

/*
 * Open, bind, attach; logs one line that says what came of it (mode, pages).
 * 0, or a negative errno, logged, everything given back: -ENODEV no such
 * interface; -ENETDOWN it is down; -EINVAL no such queue; -EBUSY another
 * program or socket has it; -EPERM with the capability's name; -ENOBUFS the
 * limit of locked memory.
 */
int xdp_socket_open(struct xdp_socket *xs,
		    const struct xdp_socket_config *config);
void xdp_socket_close(struct xdp_socket *xs);

/* One more flow, or one less, at once and with no frame lost. 0 or a negative
 * errno, logged. */
int xdp_socket_flow_add(struct xdp_socket *xs,
			const struct frame_port_flow *flow);
void xdp_socket_flow_remove(struct xdp_socket *xs,
			    const struct frame_port_flow *flow);

/*
 * HOT. Frames of the flows, at most max (1..XDP_SOCKET_BURST_MAX), without
 * those that the listener got; gives back the frames of the last call. A
 * negative errno when the interface is gone (-ENODEV); while it is down there
 * is nothing, and it goes on once it is up. No system call, but where the
 * driver asks for a wake-up, with busy_poll_us, and once in many thousand
 * calls.
 */
int xdp_socket_take(struct xdp_socket *xs, struct frame_port_frame *frames,
		    unsigned int max);

/* HOT. The size of the datagrams that were merged into a frame, the last one
 * shorter; 0: it is one. */
static inline uint32_t xdp_socket_merged(const struct xdp_socket *xs,
					 const struct frame_port_frame *frame)
{
	uint32_t size = 0;

	if (__builtin_expect(xs->merged_told, 0))
		memcpy(&size, frame->bytes - sizeof(size), sizeof(size));
	return size;
}

/* HOT. Give the listener what lies there for it, and keep the other frames for
 * the next takes, at most half of all there are: the oldest are lost then.
 * Those of the last take stay valid. Errors as take's. */
int xdp_socket_scan(struct xdp_socket *xs);

/* HOT. A frame to fill, XDP_SOCKET_FRAME_MAX bytes; NULL when all are on their
 * way, or wait for the interface to come up. It must be sent, or the same one
 * comes again. */
uint8_t *xdp_socket_frame(struct xdp_socket *xs);

/* HOT. Send the frame that the last xdp_socket_frame() gave. 0: it has left, or
 * is queued and leaves as soon as the interface lets it: xdp_socket_flush().
 * Else it is lost: -EBUSY: the driver dropped it (no carrier, no room at the
 * other end of a veth); -ENOBUFS: no room to queue it. */
int xdp_socket_send(struct xdp_socket *xs, uint32_t len);

/* HOT. Send what is still queued. 0: all has left, at once where nothing was
 * queued; -ENETDOWN, -ENXIO: the interface is down or gone; -ENOBUFS: the
 * driver is busy; -EBUSY: it has dropped what was queued. */
int xdp_socket_flush(struct xdp_socket *xs);

/* Has the interface this receive queue? 0; -EINVAL, logged. That it has others,
 * too, is warned of. */
int xdp_socket_queue_check(const struct interface *interface,
			   unsigned int queue, const char *who);

/* libxdp and libbpf say nothing from now on: who calls them does. */
void xdp_socket_silence(void);

/* Frames that were dropped for want of room here: by the kernel, in the ring or
 * since they are longer than XDP_SOCKET_FRAME_MAX, and by
 * xdp_socket_scan(); with zero-copy also how often the NIC had no frame to
 * fill, each time a loss of one or more. */
uint64_t xdp_socket_lost(const struct xdp_socket *xs);

#endif
#endif
