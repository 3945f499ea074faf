/* SPDX-License-Identifier: MIT */
#include "net/packet_ring.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/socket.h>

int packet_ring_open(struct packet_ring *ring, int fd, int version,
		     int direction, const struct tpacket_req3 *request,
		     const char **step)
{
	const socklen_t len = version == TPACKET_V3
				      ? sizeof(*request)
				      : sizeof(struct tpacket_req);
	const size_t size =
		(size_t)request->tp_block_size * request->tp_block_nr;
	void *bytes;

	*ring = (struct packet_ring){ 0 };
	*step = "PACKET_VERSION";
	if (setsockopt(fd, SOL_PACKET, PACKET_VERSION, &version,
		       sizeof(version)) < 0)
		return -errno;
	*step = direction == PACKET_RX_RING ? "PACKET_RX_RING"
					    : "PACKET_TX_RING";
	if (setsockopt(fd, SOL_PACKET, direction, request, len) < 0)
		return -errno;
	*step = "mmap";
	bytes = mmap(NULL, size, PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_POPULATE, fd, 0);
	if (bytes == MAP_FAILED)
		return -errno;
	*ring = (struct packet_ring){ .bytes = bytes, .size = size };
	return 0;
}

void packet_ring_close(struct packet_ring *ring)
{
	if (ring->bytes)
		munmap(ring->bytes, ring->size);
	*ring = (struct packet_ring){ 0 };
}
