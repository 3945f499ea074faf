/* SPDX-License-Identifier: MIT */
/*
 * What paths that see frames make of them: the datagrams that a UDP socket
 * would have delivered, cut apart where a frame holds several (a sender's GSO
 * that no NIC has cut, or a receiver's GRO), and counts of the rest.
 */
#ifndef RECEIVE_RECEIVE_FRAMES_H
#define RECEIVE_RECEIVE_FRAMES_H

#include "receive/receive_socket.h"
#include "wire/datagram.h"

struct receive_frames {
	/* Of a merged frame: what the next calls yield. */
	const uint8_t *next;
	uint32_t left; /* bytes; 0: none */
	uint32_t size; /* of each datagram but the last */
	uint64_t kernel_ns;

	uint64_t fragmented; /* datagrams that came in IP fragments: lost */
	uint64_t cut;	     /* frames that came without their end: lost;
				counted by the path */
	uint64_t oversized;  /* longer than sockets deliver them here */
	uint64_t malformed;
};

/* HOT. The datagram of a frame that is plain and no merged one; false: ask
 * receive_frames_odd(). */
static inline bool receive_frames_plain(const uint8_t *frame, uint32_t len,
					struct packet *packet)
{
	const size_t headers = sizeof(struct datagram_headers);
	struct datagram datagram;

	/* One comparison: what is too short for headers is wrapped around. */
	if (__builtin_expect(len - headers > RECEIVE_SOCKET_DATAGRAM_MAX -
						     headers ||
				     !datagram_read(frame, len, &datagram),
			     0))
		return false;
	packet->data = datagram.payload;
	packet->len = datagram.len;
	return true;
}

/*
 * The frame's first datagram, or only one; false: there is none, and it is
 * counted. gso_size: of the datagrams that were merged into it, 0 for none.
 * packet->kernel_ns is filled in before.
 */
bool receive_frames_odd(struct receive_frames *frames, const uint8_t *frame,
			uint32_t len, uint32_t gso_size, struct packet *packet);

/* HOT. The one or the other. */
static inline bool receive_frames_read(struct receive_frames *frames,
				       const uint8_t *frame, uint32_t len,
				       uint32_t gso_size, struct packet *packet)
{
	if (__builtin_expect(!gso_size, 1) &&
	    receive_frames_plain(frame, len, packet))
		return true;
	return receive_frames_odd(frames, frame, len, gso_size, packet);
}

/* HOT. The next datagrams of a merged frame, whose bytes are still there; at
 * most max. How many. */
int receive_frames_more(struct receive_frames *frames, struct packet *packets,
			unsigned int max);

/* Those of drops() that the path itself has not delivered. */
static inline uint64_t receive_frames_drops(const struct receive_frames *frames)
{
	return frames->fragmented + frames->cut;
}

/* A warning for each kind that was left out; who: "--receive xdp". */
void receive_frames_tell(const struct receive_frames *frames, const char *who);

#endif
