/* SPDX-License-Identifier: MIT */
/*
 * Whole frames in a ring that the kernel maps (PACKET_TX_RING, TPACKET_V2):
 * it sends them from where they lie. packet(7),
 * Documentation/networking/packet_mmap.rst.
 */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/privileges.h"
#include "net/packet_ring.h"
#include "publish/publish_frame.h"

#define WHAT	 "--send packet_ring"
#define FRAME_AT TPACKET_ALIGN(sizeof(struct tpacket2_hdr))

struct publish_packet_tx_ring {
	struct publish_frame packet;
	uint64_t frames;
	struct packet_ring map;
	unsigned int count, head; /* frames; the next one */
};

static const struct option_row ring_options[] = {
	PUBLISH_FRAME_ROWS,
	{ .name = "frames",
	  .metavar = "N",
	  .def = "256",
	  .type = OPTION_UNSIGNED,
	  .min = PUBLISH_PATH_BURST_MAX,
	  .max = 65536,
	  .offset = offsetof(struct publish_packet_tx_ring, frames),
	  .help = "that the ring holds, of 2 KiB each" },
	OPTION_END,
};

static struct publish_packet_tx_ring *ring_self(struct publish_path *path)
{
	return container_of(path, struct publish_packet_tx_ring, packet.path);
}

static int ring_map(struct publish_packet_tx_ring *self)
{
	unsigned int block = (unsigned int)sysconf(_SC_PAGESIZE);
	unsigned int in_block = block / PUBLISH_FRAME_MAX;
	struct tpacket_req3 request = {
		.tp_block_size = block,
		.tp_block_nr =
			((unsigned int)self->frames + in_block - 1) / in_block,
		.tp_frame_size = PUBLISH_FRAME_MAX,
	};
	const char *step;
	int err;

	request.tp_frame_nr = request.tp_block_nr * in_block;
	self->count = request.tp_frame_nr;
	err = packet_ring_open(&self->map, self->packet.path.fd, TPACKET_V2,
			       PACKET_TX_RING, &request, &step);
	if (err)
		log_error(WHAT ": frames: %s: %s", step, log_strerror(err));
	return err;
}

static void ring_close(struct publish_path *path)
{
	struct publish_packet_tx_ring *self = ring_self(path);

	packet_ring_close(&self->map);
	publish_frame_close(&self->packet);
}

static int ring_open(struct publish_path *path)
{
	struct publish_packet_tx_ring *self = ring_self(path);
	int err = publish_frame_open(&self->packet, WHAT);

	if (err)
		return err;
	err = ring_map(self);
	if (!err)
		err = publish_frame_bind(&self->packet, WHAT);
	if (err)
		ring_close(path);
	return err;
}

/* The frame so far behind the head. */
static struct tpacket2_hdr *frame_behind(struct publish_packet_tx_ring *self,
					 unsigned int i)
{
	size_t number = (self->head + i) % self->count;

	return (void *)(self->map.bytes + number * PUBLISH_FRAME_MAX);
}

static uint32_t status_load(const struct tpacket2_hdr *header)
{
	return __atomic_load_n(&header->tp_status, __ATOMIC_ACQUIRE);
}

static void status_store(struct tpacket2_hdr *header, uint32_t status)
{
	__atomic_store_n(&header->tp_status, status, __ATOMIC_RELEASE);
}

/* Put datagrams into free frames. How many, or why not even one. */
static int frames_fill(struct publish_packet_tx_ring *self,
		       const struct iovec *datagrams, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		struct tpacket2_hdr *header = frame_behind(self, i);
		int len = -EAGAIN;

		if (status_load(header) == TP_STATUS_AVAILABLE)
			len = publish_frame_build(&self->packet, &datagrams[i],
						  (uint8_t *)header + FRAME_AT,
						  PUBLISH_FRAME_MAX - FRAME_AT);
		if (len < 0)
			return i ? (int)i : len;
		header->tp_len = (uint32_t)len;
		status_store(header, TP_STATUS_SEND_REQUEST);
	}
	return (int)count;
}

/* Frames that the kernel left as they were are taken back: it stops at the
 * first that finds no room, and goes on there. */
static int ring_send(struct publish_path *path, const struct iovec *datagrams,
		     unsigned int count)
{
	struct publish_packet_tx_ring *self = ring_self(path);
	int filled = frames_fill(self, datagrams, count), taken = 0, err;

	if (filled < 0)
		return filled;
	err = send(path->fd, NULL, 0, MSG_DONTWAIT) < 0 ? -errno : 0;
	for (int i = 0; i < filled; i++) {
		struct tpacket2_hdr *header =
			frame_behind(self, (unsigned int)i);

		switch (status_load(header)) {
		case TP_STATUS_SEND_REQUEST:
		case TP_STATUS_WRONG_FORMAT:
			status_store(header, TP_STATUS_AVAILABLE);
			break;
		default:
			taken++;
		}
	}
	self->head = (self->head + (unsigned int)taken) % self->count;
	if (taken)
		return taken;
	return err ? err : -ENOBUFS;
}

const struct publish_path_ops publish_packet_tx_ring_ops = {
	.entry.name = "packet_ring",
	.privileges = PRIVILEGES_FRAMES,
	.entry.help =
		"whole frames in a ring that the kernel sends from, past UDP "
		"and IP",
	.entry.size = sizeof(struct publish_packet_tx_ring),
	.entry.options = ring_options,
	.open = ring_open,
	.send = ring_send,
	.close = ring_close,
};
