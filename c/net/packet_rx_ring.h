/* SPDX-License-Identifier: MIT */
/*
 * A capture by a TPACKET_V3 ring: frames of both directions with the kernel's
 * or the NIC's nanosecond stamps, in blocks, so that the reader seldom wakes.
 * packet(7), Documentation/networking/packet_mmap.rst.
 */
#ifndef NET_PACKET_RX_RING_H
#define NET_PACKET_RX_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/interface.h"
#include "net/packet_ring.h"

struct packet_rx_ring_config {
	size_t block_size;
	unsigned int block_count;
	/* The longest a frame waits before the reader is woken. A reader may
	 * be away for block_count times that at most, since a block is handed
	 * over however little is in it. */
	unsigned int block_ms;
	/* Take the NIC's stamp of each frame that has one: net/nic_stamps.h. */
	bool nic_stamps;
	/* Frames for whomever, as a mirror port brings them. The kernel takes
	 * it back when the ring is closed. */
	bool promiscuous;
};

struct packet_rx_ring {
	int fd;
	struct packet_ring ring;
	struct packet_ring_reader reader;
	struct packet_rx_ring_config config;
	bool offloads_told; /* PACKET_VNET_HDR: else gso_size is 0 */
	bool skip_outgoing; /* set on a loopback: each frame is seen twice */
	int error; /* the interface went away or down: a negative errno */
	char name[IFNAMSIZ];
};

struct packet_rx_ring_frame {
	uint64_t stamp_ns;    /* CLOCK_REALTIME, or else: */
	bool nic_stamped;     /* by the NIC's clock, which has its own zero */
	const uint8_t *bytes; /* from the link header; a VLAN tag that the
				 kernel took off is put back */
	uint32_t captured_len;
	uint32_t wire_len;
	bool outgoing;
	bool checksum_left;  /* to the NIC */
	bool checksum_valid; /* looked at already */
	/* A frame that the NIC will cut, or that the kernel has merged: into
	 * or from payloads of this size, the last one shorter. 0: none, or not
	 * told. Of UDP those are datagrams. */
	uint16_t gso_size;
	bool gso_tcp;
};

/*
 * The interface must be up; frames of other interfaces never get in. 0 or a
 * negative errno, logged. Needs CAP_NET_RAW.
 *
 * The kernel's stamps are taken where a frame enters or leaves the network
 * stack. The ring asks for that (SO_TIMESTAMPNS), so that the point does not
 * move with what other sockets of the machine ask for.
 */
int packet_rx_ring_open(struct packet_rx_ring *ring,
			const struct interface *interface,
			const struct packet_rx_ring_config *config);
void packet_rx_ring_close(struct packet_rx_ring *ring);

/*
 * Wait at most timeout_ms for a block and call each() for its frames (bytes
 * are valid during the call). Returns frames read, those of skip_outgoing
 * with them; 0 on a time-out or a signal; or a negative errno, logged:
 * -ENETDOWN when the interface went away or down, after what it brought
 * before was read; each()'s own, and the rest of the block is lost then.
 *
 * At the end, frames may lie in a block that the kernel still fills; it hands
 * it over within block_ms. So read on until 0 with a timeout_ms of twice
 * that, and all that came before is read.
 */
int packet_rx_ring_read(struct packet_rx_ring *ring, int timeout_ms,
			int (*each)(void *context,
				    const struct packet_rx_ring_frame *frame),
			void *context);

/* What the kernel counted since the last call. received: all frames, those
 * with them that it dropped since the ring was full. */
int packet_rx_ring_statistics(struct packet_rx_ring *ring, uint64_t *received,
			      uint64_t *dropped);

#endif
