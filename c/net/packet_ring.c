/* SPDX-License-Identifier: MIT */
#include "net/packet_ring.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/socket.h"

/* Only sets how sizes are checked: a version 3 ring packs frames. */
#define RING_FRAME_SIZE 2048
#define VLAN_TAG_LEN	4
#define VLAN_TAG_AT	(2 * ETH_ALEN)

/* Of linux/virtio_net.h since Linux 6.2. */
#define GSO_UDP_L4 5

static int ring_fault(const struct packet_ring *ring, const char *what)
{
	int err = -errno;

	log_error("can't capture on %s: %s: %s%s", ring->name, what,
		  log_reason(err),
		  err == -EPERM ? " (CAP_NET_RAW is needed)" : "");
	return err;
}

static int ring_setting(const struct packet_ring *ring, int option, int wanted,
			const char *name)
{
	int found, err;

	err = socket_option(ring->fd, SOL_PACKET, option, wanted, &found);
	if (!err && found != wanted)
		err = -EOPNOTSUPP;
	if (err) {
		errno = -err;
		return ring_fault(ring, name);
	}
	return 0;
}

static int ring_map(struct packet_ring *ring)
{
	struct tpacket_req3 request = {
		.tp_block_size = (unsigned int)ring->block_size,
		.tp_block_nr = ring->block_count,
		.tp_frame_size = RING_FRAME_SIZE,
		.tp_frame_nr =
			(unsigned int)(ring->block_size / RING_FRAME_SIZE) *
			ring->block_count,
		.tp_retire_blk_tov = ring->block_ms,
	};
	int err;

	err = ring_setting(ring, PACKET_VERSION, TPACKET_V3, "TPACKET_V3");
	if (err)
		return err;
	/* Room to put a VLAN tag back where the frame lies. */
	err = ring_setting(ring, PACKET_RESERVE, VLAN_TAG_LEN,
			   "PACKET_RESERVE");
	if (err)
		return err;
	/* A kernel that does not tell of UDP (before 6.2) counts such frames
	 * as dropped. */
	ring->offloads_told = setsockopt(ring->fd, SOL_PACKET, PACKET_VNET_HDR,
					 &(int){ 1 }, sizeof(int)) == 0;
	if (!ring->offloads_told)
		log_warning("capture on %s: the kernel does not tell which "
			    "frames are merged: %s",
			    ring->name, log_reason(-errno));
	/* Else frames are stamped later, when they reach this socket, as long
	 * as no other socket of the machine wants stamps. */
	err = socket_receive_stamps(ring->fd, true);
	if (err)
		return err;
	if (setsockopt(ring->fd, SOL_PACKET, PACKET_RX_RING, &request,
		       sizeof(request)) < 0)
		return ring_fault(ring, "PACKET_RX_RING");
	ring->map = mmap(NULL, ring->block_size * ring->block_count,
			 PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
			 ring->fd, 0);
	if (ring->map == MAP_FAILED)
		return ring_fault(ring, "mmap");
	return 0;
}

static int socket_error(int fd)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		return -errno;
	return -error;
}

static int ring_bind(struct packet_ring *ring, unsigned int index)
{
	struct sockaddr_ll address = { .sll_family = AF_PACKET,
				       .sll_protocol = htons(ETH_P_ALL),
				       .sll_ifindex = (int)index };
	int err;

	if (bind(ring->fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return ring_fault(ring, "bind");
	/* An interface that is down can be bound to. */
	err = socket_error(ring->fd);
	if (err) {
		errno = -err;
		return ring_fault(ring, "bind");
	}
	return 0;
}

int packet_ring_open(struct packet_ring *ring,
		     const struct interface *interface, size_t block_size,
		     unsigned int block_count, unsigned int block_ms)
{
	int err;

	*ring = (struct packet_ring){ .map = MAP_FAILED,
				      .block_size = block_size,
				      .block_count = block_count,
				      .block_ms = block_ms,
				      .skip_outgoing = interface->loopback };
	memcpy(ring->name, interface->name, sizeof(ring->name));
	/* Protocol 0: nothing is received before the bind. */
	ring->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (ring->fd < 0)
		return ring_fault(ring, "socket");
	err = ring_map(ring);
	if (!err)
		err = ring_bind(ring, interface->index);
	if (err)
		packet_ring_close(ring);
	return err;
}

void packet_ring_close(struct packet_ring *ring)
{
	if (ring->map != MAP_FAILED)
		munmap(ring->map, ring->block_size * ring->block_count);
	close(ring->fd);
	ring->map = MAP_FAILED;
	ring->fd = -1;
}

static struct tpacket_block_desc *ring_block(const struct packet_ring *ring)
{
	return (struct tpacket_block_desc *)((uint8_t *)ring->map +
					     ring->block * ring->block_size);
}

static bool block_ready(const struct packet_ring *ring)
{
	return __atomic_load_n(&ring_block(ring)->hdr.bh1.block_status,
			       __ATOMIC_ACQUIRE) &
	       TP_STATUS_USER;
}

/* The kernel's headers leave VLAN_TAG_LEN bytes before the frame. */
static uint8_t *tag_restore(const struct tpacket3_hdr *header, uint8_t *bytes)
{
	uint16_t tag[2] = { htons(ETH_P_8021Q),
			    htons((uint16_t)header->hv1.tp_vlan_tci) };

	if (header->tp_status & TP_STATUS_VLAN_TPID_VALID)
		tag[0] = htons(header->hv1.tp_vlan_tpid);
	memmove(bytes - VLAN_TAG_LEN, bytes, VLAN_TAG_AT);
	bytes -= VLAN_TAG_LEN;
	memcpy(bytes + VLAN_TAG_AT, tag, sizeof(tag));
	return bytes;
}

/* Lies right before the frame. */
static void offloads_read(const uint8_t *bytes, struct packet_ring_frame *frame)
{
	struct virtio_net_hdr offloads;

	memcpy(&offloads, bytes - sizeof(offloads), sizeof(offloads));
	switch (offloads.gso_type & ~VIRTIO_NET_HDR_GSO_ECN) {
	case VIRTIO_NET_HDR_GSO_TCPV4:
	case VIRTIO_NET_HDR_GSO_TCPV6:
		frame->gso_tcp = true;
		frame->gso_size = offloads.gso_size;
		break;
	case GSO_UDP_L4:
		frame->gso_size = offloads.gso_size;
		break;
	}
}

static void frame_read(const struct packet_ring *ring, uint8_t *at,
		       struct packet_ring_frame *frame)
{
	const struct tpacket3_hdr *header = (const struct tpacket3_hdr *)at;
	const struct sockaddr_ll *address =
		(const struct sockaddr_ll *)(at +
					     TPACKET_ALIGN(sizeof(*header)));
	uint8_t *bytes = at + header->tp_mac;

	frame->stamp_ns =
		header->tp_sec * CLOCK_NS_PER_S + (uint64_t)header->tp_nsec;
	frame->captured_len = header->tp_snaplen;
	frame->wire_len = header->tp_len;
	frame->outgoing = address->sll_pkttype == PACKET_OUTGOING;
	frame->checksum_left = header->tp_status & TP_STATUS_CSUMNOTREADY;
	frame->checksum_valid = header->tp_status & TP_STATUS_CSUM_VALID;
	/* Before the tag is put back where they lie. */
	if (ring->offloads_told)
		offloads_read(bytes, frame);
	if (header->tp_status & TP_STATUS_VLAN_VALID &&
	    header->tp_snaplen >= VLAN_TAG_AT) {
		bytes = tag_restore(header, bytes);
		frame->captured_len += VLAN_TAG_LEN;
		frame->wire_len += VLAN_TAG_LEN;
	}
	frame->bytes = bytes;
}

static int block_read(struct packet_ring *ring,
		      int (*each)(void *context,
				  const struct packet_ring_frame *frame),
		      void *context)
{
	struct tpacket_block_desc *block = ring_block(ring);
	uint8_t *at = (uint8_t *)block + block->hdr.bh1.offset_to_first_pkt;
	unsigned int count = block->hdr.bh1.num_pkts;
	int err = 0;

	for (unsigned int i = 0; i < count && !err; i++) {
		struct packet_ring_frame frame = { 0 };
		uint32_t next = ((struct tpacket3_hdr *)at)->tp_next_offset;

		frame_read(ring, at, &frame);
		if (!frame.outgoing || !ring->skip_outgoing)
			err = each(context, &frame);
		at += next;
	}
	__atomic_store_n(&block->hdr.bh1.block_status, TP_STATUS_KERNEL,
			 __ATOMIC_RELEASE);
	ring->block = (ring->block + 1) % ring->block_count;
	return err < 0 ? err : (int)count;
}

static int ring_wait(struct packet_ring *ring, int timeout_ms)
{
	struct pollfd ready = { .fd = ring->fd, .events = POLLIN };
	struct timespec pause = { 0 };

	if (ring->error)
		return ring->error;
	if (poll(&ready, 1, timeout_ms) < 0)
		return errno == EINTR ? 0 : ring_fault(ring, "poll");
	if (ready.revents & POLLERR) {
		ring->error = socket_error(ring->fd);
		if (!ring->error)
			return 0;
		log_error("capture on %s: %s", ring->name,
			  log_reason(ring->error));
		/* The block that was being filled is still handed over. */
		pause.tv_nsec = (long)(ring->block_ms % 500) * 2000000;
		pause.tv_sec = ring->block_ms / 500;
		nanosleep(&pause, NULL);
	}
	return ring->error;
}

int packet_ring_read(struct packet_ring *ring, int timeout_ms,
		     int (*each)(void *context,
				 const struct packet_ring_frame *frame),
		     void *context)
{
	if (!block_ready(ring)) {
		int err = ring_wait(ring, timeout_ms);

		if (!block_ready(ring))
			return err;
	}
	return block_read(ring, each, context);
}

int packet_ring_statistics(struct packet_ring *ring, uint64_t *received,
			   uint64_t *dropped)
{
	struct tpacket_stats_v3 statistics = { 0 };
	socklen_t len = sizeof(statistics);

	if (getsockopt(ring->fd, SOL_PACKET, PACKET_STATISTICS, &statistics,
		       &len) < 0)
		return ring_fault(ring, "PACKET_STATISTICS");
	*received = statistics.tp_packets;
	*dropped = statistics.tp_drops;
	return 0;
}
