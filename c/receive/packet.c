/* SPDX-License-Identifier: MIT */
/*
 * A packet socket: the group's frames, chosen by a filter in the kernel, past
 * IP and UDP. packet(7); Documentation/networking/packet_mmap.rst.
 *
 * Each frame is looked at by itself: of a fragmented datagram there is
 * nothing, nor of one in a VLAN, with IP options, a wrong length or checksum.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if_arp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/socket.h"
#include "receive/receive_member.h"
#include "receive/receive_socket.h"
#include "wire/datagram.h"
#include "wire/frame.h"

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23 /* Linux 4.20 */
#endif

enum packet_ring_kind { RING_NONE, RING_V3 };

struct receive_packet {
	struct receive_socket socket; /* its descriptor is the packet socket */
	int member;
	unsigned int ring;
	uint64_t block_bytes, blocks;
	uint64_t lost, malformed;

	/* The ring: the block that is read, and what is left of it. */
	uint8_t *map;
	unsigned int block;
	uint8_t *next;
	unsigned int left;
	bool held; /* the block is ours until all of it was read */
};

static const char *const ring_names[] = { "none", "v3", NULL };

static const struct option_row packet_options[] = {
	RECEIVE_SOCKET_ROWS,
	{ .name = "ring",
	  .value = "KIND",
	  .initial = "none",
	  .type = OPTION_CHOICE,
	  .choices = ring_names,
	  .offset = offsetof(struct receive_packet, ring),
	  .help = "v3: no copy and no system call, but frames come by the "
		  "block, up to 1 ms late (TPACKET_V3)" },
	{ .name = "block",
	  .value = "BYTES",
	  .initial = "64k",
	  .type = OPTION_UNSIGNED,
	  .min = 4096,
	  .max = 1 << 22,
	  .offset = offsetof(struct receive_packet, block_bytes),
	  .help = "of the ring; a power of 2" },
	{ .name = "blocks",
	  .value = "N",
	  .initial = "64",
	  .type = OPTION_UNSIGNED,
	  .min = 2,
	  .max = 4096,
	  .offset = offsetof(struct receive_packet, blocks),
	  .help = "of the ring" },
	OPTION_END,
};

static struct receive_packet *packet_self(struct receive *receive)
{
	return container_of(receive, struct receive_packet, socket.receive);
}

static int fault(const char *step)
{
	int err = -errno;

	log_error("--receive packet: %s: %s%s", step, log_reason(err),
		  err == -EPERM ? " (CAP_NET_RAW is needed)" : "");
	return err;
}

static int packet_probe(const struct receive_config *config, const char **why)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	(void)config;
	if (fd < 0) {
		*why = errno == EPERM ? "CAP_NET_RAW is needed"
				      : "no packet sockets here";
		return -errno;
	}
	close(fd);
	return 0;
}

/* IPv4 without options, whole, UDP, to the group and port, of the source, in no
 * VLAN: all else is not even copied. */
static int filter_attach(int fd, const struct receive_config *config)
{
	const struct sockaddr_in *group = &config->group;
	/* Anyone's: no bit of it is looked at. */
	uint32_t source_mask = config->source.s_addr ? UINT32_MAX : 0;
	struct sock_filter code[] = {
		/* What came for a VLAN that nobody here is in: its tag is
		 * gone by now. */
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS,
			 (uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_OTHERHOST, 16, 0),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IP, 0, 14),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 14),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x45, 0, 12),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 20),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x3fff, 10, 0),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 23),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, 8),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 26),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, source_mask),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
			 ntohl(config->source.s_addr), 0, 5),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 30),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
			 ntohl(group->sin_addr.s_addr), 0, 3),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 36),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ntohs(group->sin_port), 0,
			 1),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	const struct sock_fprog program = { ARRAY_SIZE(code), code };

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program,
		       sizeof(program)) < 0)
		return fault("SO_ATTACH_FILTER");
	return 0;
}

static int ring_map(struct receive_packet *self)
{
	struct tpacket_req3 request = {
		.tp_block_size = (unsigned int)self->block_bytes,
		.tp_block_nr = (unsigned int)self->blocks,
		/* Only sets how sizes are checked: frames are packed. */
		.tp_frame_size = 2048,
		.tp_frame_nr =
			(unsigned int)(self->block_bytes / 2048 * self->blocks),
		.tp_retire_blk_tov = 1, /* ms, the least there is */
	};
	int fd = self->socket.fd, found;
	int err = socket_option(fd, SOL_PACKET, PACKET_VERSION, TPACKET_V3,
				&found);

	if (err) {
		errno = -err;
		return fault("TPACKET_V3");
	}
	if (setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &request,
		       sizeof(request)) < 0)
		return fault("block, blocks: PACKET_RX_RING");
	self->map =
		mmap(NULL, self->block_bytes * self->blocks,
		     PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
	if (self->map != MAP_FAILED)
		return 0;
	self->map = NULL;
	return fault("mmap");
}

/* The NIC lets the group's address in; the filter is there before the first
 * frame is. */
static int packet_bind(struct receive_packet *self,
		       const struct interface *interface)
{
	const struct receive_config *config = &self->socket.receive.config;
	struct sockaddr_ll address = { .sll_family = AF_PACKET,
				       .sll_protocol = htons(ETH_P_IP),
				       .sll_ifindex = (int)interface->index };
	struct packet_mreq group = { .mr_ifindex = (int)interface->index,
				     .mr_type = PACKET_MR_MULTICAST,
				     .mr_alen = ETH_ALEN };
	int fd = self->socket.fd, on = 1;
	int err = filter_attach(fd, config);

	if (err)
		return err;
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
			  log_reason(err));
		return err;
	}
	if (interface->link_type != ARPHRD_ETHER &&
	    interface->link_type != ARPHRD_LOOPBACK) {
		log_error("--receive packet: '%s' is no Ethernet", name);
		return -EOPNOTSUPP;
	}
	return 0;
}

/* What is ready to receive, once it is bound. */
static int socket_prepare(struct receive_packet *self)
{
	struct receive_socket *rx = &self->socket;
	unsigned int buffer_bytes = (unsigned int)rx->rcvbuf;
	int err;

	rx->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (rx->fd < 0)
		return fault("socket");
	err = socket_receive_buffer(rx->fd, &buffer_bytes);
	if (err)
		goto close_fd;
	receive_socket_buffer_check(rx, buffer_bytes);
	err = socket_receive_stamps(rx->fd, rx->timestamps);
	if (!err && self->ring == RING_V3)
		err = ring_map(self);
	if (err)
		goto close_fd;
	return 0;
close_fd:
	close(rx->fd);
	return err;
}

static void ring_unmap(struct receive_packet *self)
{
	if (self->map)
		munmap(self->map, self->block_bytes * self->blocks);
}

static int packet_open(struct receive *receive)
{
	struct receive_packet *self = packet_self(receive);
	struct interface interface;
	int err;

	if (self->block_bytes & (self->block_bytes - 1)) {
		log_error("--receive packet: block: wanted: a power of 2");
		return -EINVAL;
	}
	err = interface_check(receive->config.interface, &interface);
	if (err)
		return err;
	err = receive_socket_slots(&self->socket, 1);
	if (err)
		return err;
	err = socket_prepare(self);
	if (err)
		goto close_arena;
	self->member = receive_member_open(receive, &interface);
	if (self->member < 0) {
		err = self->member;
		goto close_socket;
	}
	err = packet_bind(self, &interface);
	if (err)
		goto close_member;
	return 0;
close_member:
	close(self->member);
close_socket:
	ring_unmap(self);
	close(self->socket.fd);
close_arena:
	mem_arena_close(&self->socket.arena);
	return err;
}

/* False for a frame that UDP would not have delivered either. */
static bool payload_find(struct receive_packet *self, const uint8_t *frame,
			 uint32_t len, struct packet *packet)
{
	struct datagram datagram;

	if (__builtin_expect(!datagram_read(frame, len, &datagram), 0)) {
		self->malformed++;
		return false;
	}
	packet->data = datagram.payload;
	packet->len = datagram.len;
	return true;
}

static struct tpacket_block_desc *ring_block(const struct receive_packet *self)
{
	return (struct tpacket_block_desc *)(self->map +
					     self->block * self->block_bytes);
}

/* Our part of the ring moves on to a block that the kernel has filled, if
 * there is one. */
static bool ring_advance(struct receive_packet *self)
{
	struct tpacket_block_desc *block = ring_block(self);

	if (self->held) {
		__atomic_store_n(&block->hdr.bh1.block_status, TP_STATUS_KERNEL,
				 __ATOMIC_RELEASE);
		self->held = false;
		self->block = (self->block + 1) % (unsigned int)self->blocks;
		block = ring_block(self);
	}
	if (!(__atomic_load_n(&block->hdr.bh1.block_status, __ATOMIC_ACQUIRE) &
	      TP_STATUS_USER))
		return false;
	self->held = true;
	self->left = block->hdr.bh1.num_pkts;
	self->next = (uint8_t *)block + block->hdr.bh1.offset_to_first_pkt;
	return true;
}

static int ring_take(struct receive_packet *self, struct packet *packets,
		     unsigned int max)
{
	unsigned int count = 0;

	if (!self->left && !ring_advance(self))
		return 0;
	for (; self->left && count < max; self->left--) {
		const struct tpacket3_hdr *header =
			(const struct tpacket3_hdr *)self->next;

		packets[count].kernel_ns =
			!self->socket.timestamps
				? 0
				: header->tp_sec * CLOCK_NS_PER_S +
					  header->tp_nsec;
		count += payload_find(self, self->next + header->tp_mac,
				      header->tp_snaplen, &packets[count]);
		self->next += header->tp_next_offset;
	}
	return (int)count;
}

static int packet_poll(struct receive *receive, struct packet *packets,
		       unsigned int max)
{
	struct receive_packet *self = packet_self(receive);
	struct receive_socket *rx = &self->socket;
	struct packet frame = { 0 };
	int n;

	if (self->ring == RING_V3)
		return ring_take(self, packets, max);
	n = receive_socket_take(rx, rx->slots, MSG_DONTWAIT, &frame);
	if (n <= 0)
		return n;
	packets->kernel_ns = frame.kernel_ns;
	return payload_find(self, frame.data, frame.len, packets);
}

/* The kernel's counters start anew each time they are read. */
static uint64_t packet_lost(struct receive *receive)
{
	struct receive_packet *self = packet_self(receive);
	struct tpacket_stats_v3 counted = { 0 };
	socklen_t len = sizeof(counted);

	if (getsockopt(self->socket.fd, SOL_PACKET, PACKET_STATISTICS, &counted,
		       &len) == 0)
		self->lost += counted.tp_drops;
	return self->lost;
}

static void packet_close(struct receive *receive)
{
	struct receive_packet *self = packet_self(receive);

	if (self->malformed)
		log_warning("--receive packet: skipped %llu frames with a "
			    "wrong checksum or length",
			    (unsigned long long)self->malformed);
	close(self->member);
	ring_unmap(self);
	receive_socket_close(receive);
}

const struct receive_ops receive_packet_ops = {
	.name = "packet",
	.help = "packet socket: frames past IP and UDP, plain or by a ring",
	.caps = RECEIVE_FRAMES,
	.size = sizeof(struct receive_packet),
	.options = packet_options,
	.probe = packet_probe,
	.open = packet_open,
	.poll = packet_poll,
	.lost = packet_lost,
	.close = packet_close,
};
