/* SPDX-License-Identifier: MIT */
/*
 * Frames as a filter lets them in: the input is made one (IPv4 without
 * options, no fragment, its header's checksum right), since few inputs would
 * get that far. A payload lies inside the frame and is what the slow decoder
 * finds; a segment that was put right stays right.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "wire/datagram.h"
#include "wire/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { IP = 14, IP_LEN = 20 };

static void make_chosen(uint8_t *bytes, uint8_t protocol)
{
	uint16_t checksum;

	memcpy(bytes + 12, (uint8_t[]){ 0x08, 0x00, 0x45 }, 3);
	memset(bytes + IP + 6, 0, 2);
	bytes[IP + 9] = protocol;
	memset(bytes + IP + 10, 0, 2);
	checksum = ntohs(checksum_end(checksum_sum(bytes + IP, IP_LEN, 0)));
	bytes[IP + 10] = (uint8_t)(checksum >> 8);
	bytes[IP + 11] = (uint8_t)checksum;
}

static void check_datagram(const uint8_t *bytes, size_t size)
{
	struct datagram datagram;
	struct frame frame;

	if (!datagram_read(bytes, size, &datagram))
		return;
	if (datagram.payload < bytes || datagram.payload > bytes + size ||
	    datagram.len > (size_t)(bytes + size - datagram.payload))
		abort();
	if (frame_decode(FRAME_LINK_ETHERNET, bytes, size, &frame) != FRAME_OK)
		abort();
	if (frame.payload != datagram.payload ||
	    frame.payload_len != datagram.len)
		abort();
}

/* With tags and options, its header's checksum put right. */
static void check_any(uint8_t *bytes, size_t size)
{
	size_t ip = size > IP && bytes[12] == 0x81 ? IP + 4 : IP;
	struct datagram datagram;
	struct frame frame;
	uint16_t checksum;
	size_t ip_len;

	if (size < ip + IP_LEN)
		return;
	ip_len = (bytes[ip] & 0xfU) * 4;
	if (ip_len >= IP_LEN && size >= ip + ip_len) {
		memset(bytes + ip + 10, 0, 2);
		checksum = ntohs(
			checksum_end(checksum_sum(bytes + ip, ip_len, 0)));
		bytes[ip + 10] = (uint8_t)(checksum >> 8);
		bytes[ip + 11] = (uint8_t)checksum;
	}
	bytes[ip + 9] = FRAME_UDP;
	if (datagram_read_any(bytes, size, &datagram) != DATAGRAM_WHOLE)
		return;
	if (frame_decode(FRAME_LINK_ETHERNET, bytes, size, &frame) !=
		    FRAME_OK ||
	    frame.payload != datagram.payload ||
	    frame.payload_len != datagram.len || frame.vlan)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Of its own size, so that a byte too far is seen. */
	uint8_t *bytes = malloc(size ? size : 1);

	if (!bytes)
		abort();
	memcpy(bytes, data, size);
	check_any(bytes, size);
	memcpy(bytes, data, size);
	if (size >= IP + IP_LEN)
		make_chosen(bytes, FRAME_UDP);
	check_datagram(bytes, size);
	if (size >= IP + IP_LEN)
		make_chosen(bytes, FRAME_TCP);
	if (datagram_segment_check(bytes, size) &&
	    !datagram_segment_check(bytes, size))
		abort();
	free(bytes);
	return 0;
}
