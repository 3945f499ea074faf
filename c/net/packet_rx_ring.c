/* SPDX-License-Identifier: MIT */
#include "net/packet_rx_ring.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/net_tstamp.h>
#include <poll.h>
#include <string.h>
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

static int ring_fault(const struct packet_rx_ring *ring, const char *what)
{
	int err = -errno;

	log_error("can't capture on %s: %s: %s%s", ring->name, what,
		  log_strerror(err),
		  err == -EPERM ? " (CAP_NET_RAW is needed)" : "");
	return err;
}

static int ring_setting(const struct packet_rx_ring *ring, int option,
			int wanted, const char *name)
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

static int ring_map(struct packet_rx_ring *ring)
{
	const struct packet_ring_reader *reader = &ring->reader;
	const struct tpacket_req3 request = {
		.tp_block_size = (unsigned int)reader->block_size,
		.tp_block_nr = reader->block_count,
		.tp_frame_size = RING_FRAME_SIZE,
		.tp_frame_nr =
			(unsigned int)(reader->block_size / RING_FRAME_SIZE) *
			reader->block_count,
		.tp_retire_blk_tov = ring->config.block_ms,
	};
	const char *step;
	int err;

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
			    ring->name, log_strerror(-errno));
	/* Else frames are stamped later, when they reach this socket, as long
	 * as no other socket of the machine wants stamps. */
	err = socket_receive_stamps(ring->fd, true);
	if (!err && ring->config.nic_stamps)
		err = ring_setting(ring, PACKET_TIMESTAMP,
				   SOF_TIMESTAMPING_RAW_HARDWARE,
				   "PACKET_TIMESTAMP");
	if (err)
		return err;
	err = packet_ring_open(&ring->ring, ring->fd, TPACKET_V3,
			       PACKET_RX_RING, &request, &step);
	if (err) {
		errno = -err;
		return ring_fault(ring, step);
	}
	ring->reader.bytes = ring->ring.bytes;
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

static int ring_bind(struct packet_rx_ring *ring, unsigned int index)
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

/* Counted for each socket: others' stays when this one's goes. */
static int ring_promiscuous(const struct packet_rx_ring *ring,
			    unsigned int index)
{
	const struct packet_mreq request = { .mr_ifindex = (int)index,
					     .mr_type = PACKET_MR_PROMISC };

	if (setsockopt(ring->fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &request,
		       sizeof(request)) < 0)
		return ring_fault(ring, "PACKET_MR_PROMISC");
	return 0;
}

int packet_rx_ring_open(struct packet_rx_ring *ring,
			const struct interface *interface,
			const struct packet_rx_ring_config *config)
{
	int err;

	*ring = (struct packet_rx_ring){
		.reader = { .block_size = config->block_size,
			    .block_count = config->block_count },
		.config = *config,
		.skip_outgoing = interface->loopback,
	};
	memcpy(ring->name, interface->name, sizeof(ring->name));
	/* Protocol 0: nothing is received before the bind. */
	ring->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (ring->fd < 0)
		return ring_fault(ring, "socket");
	err = ring_map(ring);
	if (!err)
		err = ring_bind(ring, interface->index);
	if (!err && config->promiscuous)
		err = ring_promiscuous(ring, interface->index);
	if (err)
		packet_rx_ring_close(ring);
	return err;
}

void packet_rx_ring_close(struct packet_rx_ring *ring)
{
	packet_ring_close(&ring->ring);
	close(ring->fd);
	ring->fd = -1;
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

static void offloads_read(const uint8_t *bytes,
			  struct packet_rx_ring_frame *frame)
{
	struct virtio_net_hdr offloads;

	packet_ring_offloads(bytes, &offloads);
	switch (offloads.gso_type & ~VIRTIO_NET_HDR_GSO_ECN) {
	case VIRTIO_NET_HDR_GSO_TCPV4:
	case VIRTIO_NET_HDR_GSO_TCPV6:
		frame->gso_tcp = true;
		frame->gso_size = offloads.gso_size;
		break;
	case PACKET_RING_GSO_UDP:
		frame->gso_size = offloads.gso_size;
		break;
	}
}

static void frame_read(const struct packet_rx_ring *ring,
		       struct tpacket3_hdr *header,
		       struct packet_rx_ring_frame *frame)
{
	uint8_t *at = (uint8_t *)header;
	const struct sockaddr_ll *address =
		(const struct sockaddr_ll *)(at +
					     TPACKET_ALIGN(sizeof(*header)));
	uint8_t *bytes = at + header->tp_mac;

	frame->stamp_ns =
		header->tp_sec * CLOCK_NS_PER_S + (uint64_t)header->tp_nsec;
	frame->nic_stamped = header->tp_status & TP_STATUS_TS_RAW_HARDWARE;
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

/* Of the block that is held. */
static int block_read(struct packet_rx_ring *ring,
		      int (*each)(void *context,
				  const struct packet_rx_ring_frame *frame),
		      void *context)
{
	struct tpacket3_hdr *header;
	int count = 0, err = 0;

	while (!err && (header = packet_ring_next(&ring->reader))) {
		struct packet_rx_ring_frame frame = { 0 };

		frame_read(ring, header, &frame);
		if (!frame.outgoing || !ring->skip_outgoing)
			err = each(context, &frame);
		count++;
	}
	packet_ring_leave(&ring->reader);
	return err < 0 ? err : count;
}

static int ring_wait(struct packet_rx_ring *ring, int timeout_ms)
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
			  log_strerror(ring->error));
		/* The block that was being filled is still handed over. */
		pause.tv_nsec = (long)(ring->config.block_ms % 500) * 2000000;
		pause.tv_sec = ring->config.block_ms / 500;
		nanosleep(&pause, NULL);
	}
	return ring->error;
}

int packet_rx_ring_read(struct packet_rx_ring *ring, int timeout_ms,
			int (*each)(void *context,
				    const struct packet_rx_ring_frame *frame),
			void *context)
{
	if (!packet_ring_enter(&ring->reader)) {
		int err = ring_wait(ring, timeout_ms);

		if (!packet_ring_enter(&ring->reader))
			return err;
	}
	return block_read(ring, each, context);
}

int packet_rx_ring_statistics(struct packet_rx_ring *ring, uint64_t *received,
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
