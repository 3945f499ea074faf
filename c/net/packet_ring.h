/* SPDX-License-Identifier: MIT */
/*
 * The ring of a packet socket: memory shared with the kernel, whatever lies in
 * it; and the blocks of TPACKET_V3, frame by frame. packet(7),
 * Documentation/networking/packet_mmap.rst; linux/if_packet.h.
 */
#ifndef NET_PACKET_RING_H
#define NET_PACKET_RING_H

#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A struct virtio_net_hdr's gso_type: several datagrams merged into a frame.
 * Of linux/virtio_net.h since Linux 6.2. */
#define PACKET_RING_GSO_UDP 5

struct packet_ring {
	uint8_t *bytes; /* NULL: it is not mapped */
	size_t size;
};

/*
 * Make the ring that is requested and map it. version: TPACKET_V2 (takes the
 * request's beginning, struct tpacket_req) or TPACKET_V3; direction:
 * PACKET_RX_RING or PACKET_TX_RING. 0, or a negative errno, silent, with the
 * name of the option that was refused in *step.
 */
int packet_ring_open(struct packet_ring *ring, int fd, int version,
		     int direction, const struct tpacket_req3 *request,
		     const char **step);

/* Unmaps; the kernel's part goes with the socket. */
void packet_ring_close(struct packet_ring *ring);

/* Where the reader of a TPACKET_V3 ring is. All is 0 but the first three. */
struct packet_ring_reader {
	uint8_t *bytes;
	size_t block_size;
	unsigned int block_count;

	unsigned int block; /* the one that is read next, or is held */
	bool held;	    /* it is ours until it is left */
	unsigned int left;  /* of its frames */
	uint8_t *next;
};

static inline struct tpacket_block_desc *packet_ring_block(
	const struct packet_ring_reader *reader)
{
	return (void *)(reader->bytes + reader->block * reader->block_size);
}

/* HOT. Has the kernel filled the block that is read next? */
static inline bool packet_ring_ready(const struct packet_ring_reader *reader)
{
	return __atomic_load_n(&packet_ring_block(reader)->hdr.bh1.block_status,
			       __ATOMIC_ACQUIRE) &
	       TP_STATUS_USER;
}

/* HOT. Give the block that is held back to the kernel, if there is one; what
 * lies in it is no longer ours. */
static inline void packet_ring_leave(struct packet_ring_reader *reader)
{
	if (!reader->held)
		return;
	__atomic_store_n(&packet_ring_block(reader)->hdr.bh1.block_status,
			 TP_STATUS_KERNEL, __ATOMIC_RELEASE);
	reader->held = false;
	reader->left = 0;
	reader->block = (reader->block + 1) % reader->block_count;
}

/* HOT. Leave the block that is held, and hold the next one. False: the kernel
 * has not filled it yet. */
static inline bool packet_ring_enter(struct packet_ring_reader *reader)
{
	struct tpacket_block_desc *block;

	packet_ring_leave(reader);
	if (!packet_ring_ready(reader))
		return false;
	block = packet_ring_block(reader);
	reader->held = true;
	reader->left = block->hdr.bh1.num_pkts;
	reader->next = (uint8_t *)block + block->hdr.bh1.offset_to_first_pkt;
	return true;
}

/* HOT. The next frame of the block that is held; NULL: that was all. The
 * frame itself is tp_mac bytes behind its header. */
static inline struct tpacket3_hdr *packet_ring_next(
	struct packet_ring_reader *reader)
{
	struct tpacket3_hdr *header = (void *)reader->next;

	if (!reader->left)
		return NULL;
	reader->left--;
	reader->next += header->tp_next_offset;
	return header;
}

/* HOT. What the kernel writes before each frame with PACKET_VNET_HDR. */
static inline void packet_ring_offloads(const uint8_t *frame,
					struct virtio_net_hdr *offloads)
{
	memcpy(offloads, frame - sizeof(*offloads), sizeof(*offloads));
}

#endif
