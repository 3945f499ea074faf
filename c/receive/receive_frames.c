/* SPDX-License-Identifier: MIT */
#include "receive/receive_frames.h"

#include "base/log.h"
#include "receive/receive_socket.h"

static bool split(struct receive_frames *frames,
		  const struct datagram *datagram, uint32_t gso_size,
		  struct packet *packet)
{
	if (!datagram->len) {
		packet->data = datagram->payload;
		packet->len = 0;
		return true;
	}
	frames->next = datagram->payload;
	frames->left = datagram->len;
	frames->size = gso_size ? gso_size : datagram->len;
	frames->kernel_ns = packet->kernel_ns;
	return receive_frames_more(frames, packet, 1);
}

__attribute__((cold)) bool receive_frames_odd(struct receive_frames *frames,
					      const uint8_t *frame,
					      uint32_t len, uint32_t gso_size,
					      struct packet *packet)
{
	struct datagram datagram;

	switch (datagram_read_any(frame, len, &datagram)) {
	case DATAGRAM_WHOLE:
		return split(frames, &datagram, gso_size, packet);
	case DATAGRAM_FRAGMENT:
		frames->fragmented++;
		break;
	case DATAGRAM_MALFORMED:
		frames->malformed++;
		break;
	}
	return false;
}

int receive_frames_more(struct receive_frames *frames, struct packet *packets,
			unsigned int max)
{
	unsigned int count = 0;

	while (frames->left && count < max) {
		uint32_t len = frames->left < frames->size ? frames->left
							   : frames->size;

		if (len > RECEIVE_SOCKET_DATAGRAM_MAX)
			frames->oversized++;
		else
			packets[count++] =
				(struct packet){ .data = frames->next,
						 .len = len,
						 .kernel_ns =
							 frames->kernel_ns };
		frames->next += len;
		frames->left -= len;
	}
	return (int)count;
}

static void tell(const char *who, uint64_t count, const char *what)
{
	if (count)
		log_warning("%s: %llu %s", who, (unsigned long long)count,
			    what);
}

void receive_frames_tell(const struct receive_frames *frames, const char *who)
{
	tell(who, frames->fragmented,
	     "datagrams are lost: they came in IP fragments, which only a "
	     "kernel socket puts together");
	tell(who, frames->cut,
	     "frames are lost: longer than there is room for");
	tell(who, frames->oversized,
	     "datagrams skipped: longer than any path delivers");
	tell(who, frames->malformed,
	     "frames skipped: a wrong checksum or length");
}
