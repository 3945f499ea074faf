/* SPDX-License-Identifier: MIT */
/*
 * A packet socket of all protocols: it is served before IP is, the group's
 * frames chosen by a filter in the kernel. packet(7);
 * Documentation/networking/packet_mmap.rst.
 *
 * A header that the kernel writes before each frame (struct virtio_net_hdr)
 * tells which are several datagrams merged. Each frame is looked at by itself:
 * a datagram in fragments is counted as lost.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <net/if_arp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/privileges.h"
#include "net/packet_ring.h"
#include "net/socket.h"
#include "receive/packet_filter.h"
#include "receive/receive_frames.h"
#include "receive/receive_socket.h"
#include "wire/frame.h"

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23 /* Linux 4.20 */
#endif

/* A merged frame is an IPv4 datagram at most. */
#define FRAME_MAX (ETH_HLEN + 65535)

/* Of version 2: a slot a frame. One that is longer comes by the socket too. */
#define SLOT_SIZE 2048

enum packet_ring_kind { RING_NONE, RING_V2, RING_V3 };

struct receive_packet {
	struct receive_socket socket; /* its descriptor is the packet socket */
	unsigned int ring;
	uint64_t block_bytes, blocks;
	uint64_t drops;
	struct receive_frames frames;

	/* Without a ring: where a frame is received, its header before it. */
	struct msghdr message;
	struct iovec parts[2];
	struct virtio_net_hdr offloads;
	_Alignas(struct cmsghdr)
		uint8_t control[CMSG_SPACE(sizeof(struct timespec))];

	struct packet_ring map;
	struct packet_ring_reader reader; /* of version 3 */

	/* Of version 2: the slot that is read next, and those before it that
	 * the last poll yielded. */
	unsigned int slots, slot, slot_held, slots_held;
};

static const char *const ring_names[] = { "none", "v2", "v3", NULL };

static const struct option_row packet_options[] = {
	RECEIVE_SOCKET_ROWS,
	{ .name = "ring",
	  .metavar = "KIND",
	  .def = "none",
	  .type = OPTION_CHOICE,
	  .choices = ring_names,
	  .offset = offsetof(struct receive_packet, ring),
	  .help = "no copy and no system call; v2: a frame at a time "
		  "(TPACKET_V2); v3: by the block, up to 1 ms late "
		  "(TPACKET_V3)" },
	{ .name = "block",
	  .metavar = "BYTES",
	  .def = "128k",
	  .type = OPTION_UNSIGNED,
	  .min = 4096,
	  .max = 1 << 22,
	  .offset = offsetof(struct receive_packet, block_bytes),
	  .help = "of the ring; a power of 2; a merged frame has up to 64k" },
	{ .name = "blocks",
	  .metavar = "N",
	  .def = "64",
	  .type = OPTION_UNSIGNED,
	  .min = 2,
	  .max = 4096,
	  .offset = offsetof(struct receive_packet, blocks),
	  .help = "of the ring" },
	OPTION_END,
};

static struct receive_packet *packet_self(struct receive *receive)
{
	return container_of(receive, struct receive_packet,
			    socket.interface.receive);
}

static int fault(const char *step)
{
	int err = -errno;

	log_error("--receive packet: %s: %s%s", step, log_strerror(err),
		  err == -EPERM ? " (CAP_NET_RAW is needed)" : "");
	return err;
}

static int packet_probe(const char **why)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd < 0) {
		*why = errno == EPERM ? "CAP_NET_RAW is needed"
				      : "no packet sockets here";
		return -errno;
	}
	close(fd);
	return 0;
}

static int ring_map(struct receive_packet *self)
{
	/* In version 3 the frame's size only sets how sizes are checked:
	 * frames are packed. */
	const struct tpacket_req3 request = {
		.tp_block_size = (unsigned int)self->block_bytes,
		.tp_block_nr = (unsigned int)self->blocks,
		.tp_frame_size = SLOT_SIZE,
		.tp_frame_nr = self->slots,
		.tp_retire_blk_tov = 1, /* ms, the least there is */
	};
	const bool v2 = self->ring == RING_V2;
	const int fd = self->socket.fd, on = 1;
	const char *step;
	int err;

	if (v2 &&
	    setsockopt(fd, SOL_PACKET, PACKET_COPY_THRESH, &on, sizeof(on)) < 0)
		return fault("PACKET_COPY_THRESH");
	err = packet_ring_open(&self->map, fd, v2 ? TPACKET_V2 : TPACKET_V3,
			       PACKET_RX_RING, &request, &step);
	if (err) {
		char what[64];

		snprintf(what, sizeof(what), "block, blocks: %s", step);
		errno = -err;
		return fault(what);
	}
	self->reader = (struct packet_ring_reader){
		.bytes = self->map.bytes,
		.block_size = self->block_bytes,
		.block_count = (unsigned int)self->blocks,
	};
	return 0;
}

/* The NIC lets the group's address in; the filter is there before the first
 * frame is. */
static int packet_bind(struct receive_packet *self,
		       const struct interface *interface)
{
	const struct receive_config *config =
		&self->socket.interface.receive.config;
	struct sockaddr_ll address = { .sll_family = AF_PACKET,
				       .sll_protocol = htons(ETH_P_ALL),
				       .sll_ifindex = (int)interface->index };
	struct packet_mreq group = { .mr_ifindex = (int)interface->index,
				     .mr_type = PACKET_MR_MULTICAST,
				     .mr_alen = ETH_ALEN };
	int fd = self->socket.fd, on = 1;
	int err = packet_filter_attach(fd, config);

	if (err) {
		errno = -err;
		return fault("SO_ATTACH_FILTER");
	}
	frame_multicast_address(ntohl(config->group.sin_addr.s_addr),
				group.mr_address);
	if (!interface->loopback &&
	    setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &group,
		       sizeof(group)) < 0)
		return fault("PACKET_ADD_MEMBERSHIP");
	if (setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on,
		       sizeof(on)) < 0)
		return fault("PACKET_IGNORE_OUTGOING");
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return fault("bind");
	return 0;
}

static int interface_check(const char *name, struct interface *interface)
{
	int err = interface_find(name, interface);

	if (err) {
		log_error("--receive packet: interface '%s': %s", name,
			  log_strerror(err));
		return err;
	}
	if (interface->link_type != ARPHRD_ETHER &&
	    interface->link_type != ARPHRD_LOOPBACK) {
		log_error("--receive packet: '%s' is not an Ethernet interface",
			  name);
		return -EOPNOTSUPP;
	}
	return 0;
}

/* What is ready to receive, once it is bound. */
static int socket_prepare(struct receive_packet *self)
{
	struct receive_socket *rx = &self->socket;
	unsigned int buffer_bytes = (unsigned int)rx->rcvbuf;
	int err, on = 1;

	rx->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (rx->fd < 0)
		return fault("socket");
	err = socket_receive_buffer(rx->fd, &buffer_bytes);
	if (err)
		goto close_fd;
	receive_socket_buffer_check(rx, buffer_bytes);
	err = socket_receive_stamps(rx->fd, rx->timestamps);
	if (!err && setsockopt(rx->fd, SOL_PACKET, PACKET_VNET_HDR, &on,
			       sizeof(on)) < 0)
		err = fault("PACKET_VNET_HDR");
	if (!err && self->ring != RING_NONE)
		err = ring_map(self);
	if (err)
		goto close_fd;
	return 0;
close_fd:
	close(rx->fd);
	return err;
}

static int slot_open(struct receive_packet *self)
{
	int err = mem_arena_open(&self->socket.arena, FRAME_MAX, false);

	if (err)
		return err;
	self->parts[0] =
		(struct iovec){ &self->offloads, sizeof(self->offloads) };
	self->parts[1] = (struct iovec){ self->socket.arena.base, FRAME_MAX };
	self->message = (struct msghdr){ .msg_iov = self->parts,
					 .msg_iovlen = ARRAY_SIZE(self->parts),
					 .msg_control = self->control };
	return 0;
}

static int packet_open(struct receive *receive)
{
	struct receive_packet *self = packet_self(receive);
	struct interface interface;
	int err;

	if (self->block_bytes & (self->block_bytes - 1)) {
		log_error("--receive packet: block: expected a power of 2");
		return -EINVAL;
	}
	self->slots =
		(unsigned int)(self->block_bytes / SLOT_SIZE * self->blocks);
	err = interface_check(receive->config.interface, &interface);
	if (err)
		return err;
	err = slot_open(self);
	if (err)
		return err;
	err = socket_prepare(self);
	if (err)
		goto close_arena;
	err = packet_bind(self, &interface);
	if (err)
		goto close_socket;
	return 0;
close_socket:
	packet_ring_close(&self->map);
	close(self->socket.fd);
close_arena:
	mem_arena_close(&self->socket.arena);
	return err;
}

/* Of how many bytes each the frame's datagrams are, if they are several. */
static uint32_t gso_size(const struct virtio_net_hdr *offloads)
{
	return __builtin_expect(offloads->gso_type == PACKET_RING_GSO_UDP, 0)
		       ? offloads->gso_size
		       : 0;
}

/* HOT. What lies in a ring, its header before it: the first datagram. */
static inline bool ring_read(struct receive_packet *self, const uint8_t *frame,
			     uint32_t len, uint32_t sec, uint32_t nsec,
			     struct packet *packet)
{
	struct virtio_net_hdr offloads;

	packet_ring_offloads(frame, &offloads);
	packet->kernel_ns =
		self->socket.timestamps ? sec * CLOCK_NS_PER_S + nsec : 0;
	return receive_frames_read(&self->frames, frame, len,
				   gso_size(&offloads), packet);
}

static int ring_take(struct receive_packet *self, struct packet *packets,
		     unsigned int max)
{
	const struct tpacket3_hdr *header;
	unsigned int count = 0;

	if (!self->reader.left && !packet_ring_enter(&self->reader))
		return 0;
	while (count < max && !self->frames.left &&
	       (header = packet_ring_next(&self->reader)))
		count += ring_read(self,
				   (const uint8_t *)header + header->tp_mac,
				   header->tp_snaplen, header->tp_sec,
				   header->tp_nsec, &packets[count]);
	return (int)count;
}

/* One datagram, or the first of a frame; 0; or a negative errno. */
static int frame_take(struct receive_packet *self, struct packet *packet)
{
	const struct receive_socket *rx = &self->socket;
	ssize_t len;

	self->message.msg_controllen =
		rx->timestamps ? sizeof(self->control) : 0;
	len = syscall_recvmsg(rx->fd, &self->message, MSG_DONTWAIT);
	if (__builtin_expect(len < 0, 0)) {
		/* Kernels before 6.2 can't tell of merged datagrams, and throw
		 * such a frame away. */
		self->frames.cut += len == -EINVAL;
		return len == -EINVAL ? 0 : errno_is_transient((int)len);
	}
	packet->kernel_ns =
		rx->timestamps ? socket_message_stamp(&self->message) : 0;
	return receive_frames_read(&self->frames, self->socket.arena.base,
				   (uint32_t)len - sizeof(self->offloads),
				   gso_size(&self->offloads), packet);
}

static struct tpacket2_hdr *ring_slot(const struct receive_packet *self,
				      unsigned int slot)
{
	return (struct tpacket2_hdr *)(self->map.bytes +
				       (size_t)slot * SLOT_SIZE);
}

static unsigned int slot_after(const struct receive_packet *self,
			       unsigned int slot)
{
	return slot + 1 < self->slots ? slot + 1 : 0;
}

static void slots_give(struct receive_packet *self)
{
	for (; self->slots_held; self->slots_held--) {
		__atomic_store_n(&ring_slot(self, self->slot_held)->tp_status,
				 TP_STATUS_KERNEL, __ATOMIC_RELEASE);
		self->slot_held = slot_after(self, self->slot_held);
	}
}

static int slot_read(struct receive_packet *self,
		     const struct tpacket2_hdr *header, uint32_t status,
		     struct packet *packet)
{
	if (__builtin_expect(header->tp_snaplen < header->tp_len, 0)) {
		if (status & TP_STATUS_COPY)
			return frame_take(self, packet);
		self->frames.cut++;
		return 0;
	}
	return ring_read(self, (const uint8_t *)header + header->tp_mac,
			 header->tp_snaplen, header->tp_sec, header->tp_nsec,
			 packet);
}

static int slots_take(struct receive_packet *self, struct packet *packets,
		      unsigned int max)
{
	unsigned int count = 0;
	uint32_t status = 0;

	slots_give(self);
	/* What came by the socket lies in one place until the next poll. */
	while (count < max && self->slots_held < self->slots &&
	       !self->frames.left && !(status & TP_STATUS_COPY)) {
		const struct tpacket2_hdr *header = ring_slot(self, self->slot);
		int n;

		status = __atomic_load_n(&header->tp_status, __ATOMIC_ACQUIRE);
		if (!(status & TP_STATUS_USER))
			break;
		self->slot = slot_after(self, self->slot);
		self->slots_held++;
		n = slot_read(self, header, status, &packets[count]);
		if (__builtin_expect(n < 0, 0))
			return count ? (int)count : n;
		count += (unsigned int)n;
	}
	return (int)count;
}

static int packet_poll(struct receive *receive, struct packet *packets,
		       unsigned int max)
{
	struct receive_packet *self = packet_self(receive);

	if (__builtin_expect(self->frames.left, 0))
		return receive_frames_more(&self->frames, packets, max);
	if (self->ring == RING_V2)
		return slots_take(self, packets, max);
	if (self->ring == RING_V3)
		return ring_take(self, packets, max);
	return frame_take(self, packets);
}

/* The kernel calls a ring readable while the slot or block before the next one
 * is not its own. */
static int packet_descriptor(struct receive *receive)
{
	struct receive_packet *self = packet_self(receive);

	if (self->frames.left || self->reader.left)
		return -EAGAIN;
	slots_give(self);
	packet_ring_leave(&self->reader);
	return self->socket.fd;
}

/* The kernel's counters start anew each time they are read. */
static uint64_t packet_drops(struct receive *receive)
{
	struct receive_packet *self = packet_self(receive);
	struct tpacket_stats_v3 counted = { 0 };
	socklen_t len = sizeof(counted);

	if (getsockopt(self->socket.fd, SOL_PACKET, PACKET_STATISTICS, &counted,
		       &len) == 0)
		self->drops += counted.tp_drops;
	return self->drops + receive_frames_drops(&self->frames);
}

static void packet_close(struct receive *receive)
{
	struct receive_packet *self = packet_self(receive);

	receive_frames_tell(&self->frames, "--receive packet");
	packet_ring_close(&self->map);
	receive_socket_close(receive);
}

const struct receive_ops receive_packet_ops = {
	.entry.name = "packet",
	.entry.help =
		"packet socket: frames before IP and UDP, plain or by a ring",
	.caps = RECEIVE_FRAMES,
	.privileges = PRIVILEGES_FRAMES,
	.entry.size = sizeof(struct receive_packet),
	.entry.options = packet_options,
	.entry.probe = packet_probe,
	.open = packet_open,
	.join = receive_interface_join,
	.leave = receive_interface_leave,
	.alive = receive_interface_alive,
	.strangers = receive_interface_strangers,
	.poll = packet_poll,
	.descriptor = packet_descriptor,
	.drops = packet_drops,
	.close = packet_close,
};
