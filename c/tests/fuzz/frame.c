/* SPDX-License-Identifier: MIT */
/* The first byte chooses the link type. A payload lies inside the input, and
 * a frame built from what was decoded decodes to the same. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "wire/checksum.h"
#include "wire/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_rebuilt(const struct frame *frame)
{
	static const struct frame_ethernet ethernet = { .vlan = 1 };
	static uint8_t bytes[18 + 65535];
	struct frame again;
	int len = frame_build(&ethernet, frame, bytes, sizeof(bytes));

	/* Without the options it had it can only have become shorter. */
	if (len < 0)
		abort();
	if (frame_decode(FRAME_LINK_ETHERNET, bytes, (size_t)len, &again) !=
	    FRAME_OK)
		abort();
	if (again.protocol != frame->protocol || again.tos != frame->tos ||
	    again.ttl != frame->ttl || again.tcp_flags != frame->tcp_flags ||
	    again.source != frame->source ||
	    again.destination != frame->destination ||
	    again.source_port != frame->source_port ||
	    again.destination_port != frame->destination_port ||
	    again.tcp_sequence != frame->tcp_sequence ||
	    again.tcp_acknowledgment != frame->tcp_acknowledgment ||
	    again.payload_len != frame->payload_len ||
	    memcmp(again.payload, frame->payload, frame->payload_len) != 0)
		abort();
	if (ntohs(checksum_end(checksum_sum(bytes + 18, 20, 0))) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum frame_link links[] = {
		FRAME_LINK_ETHERNET, FRAME_LINK_NULL,	   FRAME_LINK_RAW,
		FRAME_LINK_LOOP,     FRAME_LINK_SLL,	   FRAME_LINK_IPV4,
		FRAME_LINK_SLL2,     (enum frame_link)147,
	};
	struct frame frame;

	if (size == 0)
		return 0;
	if (frame_decode(links[data[0] & 7], data + 1, size - 1, &frame) !=
	    FRAME_OK)
		return 0;
	if (frame.payload < data + 1 || frame.payload > data + size ||
	    frame.payload_len > (size_t)(data + size - frame.payload))
		abort();
	if (frame.protocol != FRAME_UDP && frame.protocol != FRAME_TCP)
		abort();
	check_rebuilt(&frame);
	return 0;
}
