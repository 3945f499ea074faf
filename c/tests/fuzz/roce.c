/* SPDX-License-Identifier: MIT */
/* RDMA's packets, one after the other: a byte for the way, two for the length,
 * the packet. What is made of each lies inside it, and is a segment or a
 * datagram. */
#include <stdlib.h>
#include <string.h>

#include "wire/roce.h"
#include "wiretap/rdma_view.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_made(const struct frame *frame, const struct frame *made)
{
	const uint8_t *end = frame->payload + frame->payload_len;

	if (made->protocol != FRAME_TCP && made->protocol != FRAME_UDP)
		abort();
	if (made->source != frame->source ||
	    made->destination != frame->destination)
		abort();
	if (made->payload_len == 0)
		return;
	if (made->payload < frame->payload ||
	    made->payload_len > (size_t)(end - made->payload))
		abort();
}

static void packet_see(struct rdma_view *view, uint8_t way,
		       const uint8_t *bytes, size_t len)
{
	struct frame made, frame = {
		.protocol = FRAME_UDP,
		.source = way & 1 ? 1 : 2,
		.destination = way & 2 ? 0xefff0001 : 3 - (way & 1 ? 1 : 2),
		.destination_port = ROCE_UDP_PORT,
		.payload_len = len,
	};
	/* No byte behind its end is looked at. */
	uint8_t *copy = malloc(len ? len : 1);

	if (!copy)
		abort();
	memcpy(copy, bytes, len);
	frame.payload = copy;
	if (!rdma_view_is(&frame))
		abort();
	if (rdma_view_frame(view, &frame, &made) > 0)
		check_made(&frame, &made);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rdma_view view;

	view = (struct rdma_view){ .frames = 0 };
	while (size >= 3) {
		size_t len = data[1] | (size_t)data[2] << 8;

		if (len > size - 3)
			len = size - 3;
		packet_see(&view, data[0], data + 3, len);
		data += 3 + len;
		size -= 3 + len;
	}
	return 0;
}
