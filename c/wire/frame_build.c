/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "wire/checksum.h"
#include "wire/frame.h"

enum {
	ETHERNET_LEN = 14,
	VLAN_LEN = 4,
	IPV4_LEN = 20,
	IPV4_MAX = 65535,
	UDP_LEN = 8,
	TCP_LEN = 20,
	TYPE_IPV4 = 0x0800,
	TYPE_VLAN = 0x8100,
	DONT_FRAGMENT = 0x4000,

	/* Where a header has what each frame fills in. */
	IPV4_TOTAL = 2,
	IPV4_CHECKSUM = 10,
	UDP_TOTAL = 4,
	UDP_CHECKSUM = 6,
	TCP_CHECKSUM = 16,
};

_Static_assert(FRAME_HEADER_MAX == ETHERNET_LEN + VLAN_LEN + IPV4_LEN + TCP_LEN,
	       "the longest header");

static void put16(uint8_t *bytes, unsigned int value)
{
	bytes[0] = (uint8_t)(value >> 8);
	bytes[1] = (uint8_t)value;
}

static void put32(uint8_t *bytes, uint32_t value)
{
	put16(bytes, value >> 16);
	put16(bytes + 2, value);
}

void frame_multicast_address(uint32_t group, uint8_t ethernet[static 6])
{
	put32(ethernet, UINT32_C(0x01005e00) | (group >> 16 & 0x7f));
	put16(ethernet + 4, group);
}

static void ethernet_prepare(const struct frame_ethernet *ethernet,
			     uint8_t *out)
{
	memcpy(out, ethernet->destination, 6);
	memcpy(out + 6, ethernet->source, 6);
	out += 12;
	if (ethernet->vlan) {
		put16(out, TYPE_VLAN);
		put16(out + 2, ethernet->vlan);
		out += VLAN_LEN;
	}
	put16(out, TYPE_IPV4);
}

static void ipv4_prepare(const struct frame *frame, uint8_t *out)
{
	out[0] = 4 << 4 | IPV4_LEN / 4;
	out[1] = frame->tos;
	/* Never fragmented, so its identification may stay 0: RFC 6864. */
	put16(out + 6, DONT_FRAGMENT);
	out[8] = frame->ttl;
	out[9] = frame->protocol;
	put32(out + 12, frame->source);
	put32(out + 16, frame->destination);
}

static void segment_prepare(const struct frame *frame, uint8_t *out)
{
	put16(out, frame->source_port);
	put16(out + 2, frame->destination_port);
	if (frame->protocol == FRAME_UDP)
		return;
	put32(out + 4, frame->tcp_sequence);
	put32(out + 8, frame->tcp_acknowledgment);
	out[12] = TCP_LEN / 4 << 4;
	out[13] = frame->tcp_flags;
	put16(out + 14, 0xffff);
}

int frame_header_prepare(struct frame_header *header,
			 const struct frame_ethernet *ethernet,
			 const struct frame *frame)
{
	const bool udp = frame->protocol == FRAME_UDP;
	const size_t segment_len = udp ? UDP_LEN : TCP_LEN;
	uint8_t *ip, *segment;

	if (!udp && frame->protocol != FRAME_TCP)
		return -EPROTONOSUPPORT;
	*header = (struct frame_header){ .udp = udp };
	header->ip_at = ETHERNET_LEN + (ethernet->vlan ? VLAN_LEN : 0);
	header->len = (uint8_t)(header->ip_at + IPV4_LEN + segment_len);
	ip = header->bytes + header->ip_at;
	segment = ip + IPV4_LEN;
	ethernet_prepare(ethernet, header->bytes);
	ipv4_prepare(frame, ip);
	segment_prepare(frame, segment);
	header->ip_sum = checksum_sum(ip, IPV4_LEN, 0);
	/* The pseudo header of RFC 768 and 9293. */
	header->segment_sum = checksum_sum(ip + 12, 8, htons(frame->protocol));
	header->segment_sum =
		checksum_sum(segment, segment_len, header->segment_sum);
	return 0;
}

static void store16(uint8_t *bytes, uint16_t value)
{
	memcpy(bytes, &value, sizeof(value));
}

int frame_header_build(const struct frame_header *header,
		       const uint8_t *payload, size_t payload_len,
		       uint8_t *bytes, size_t size)
{
	const size_t headers_len = header->len - header->ip_at;
	uint8_t *ip = bytes + header->ip_at, *segment = ip + IPV4_LEN;
	uint16_t ip_len, segment_len, checksum;
	uint64_t sum;

	if (payload_len > IPV4_MAX - headers_len ||
	    header->len + payload_len > size)
		return -EMSGSIZE;
	memcpy(bytes, header->bytes, header->len);
	if (payload_len > 0)
		memcpy(bytes + header->len, payload, payload_len);
	ip_len = htons((uint16_t)(headers_len + payload_len));
	segment_len = htons((uint16_t)(headers_len - IPV4_LEN + payload_len));
	store16(ip + IPV4_TOTAL, ip_len);
	store16(ip + IPV4_CHECKSUM, checksum_end(header->ip_sum + ip_len));
	sum = checksum_sum(bytes + header->len, payload_len,
			   header->segment_sum + segment_len);
	if (!header->udp) {
		store16(segment + TCP_CHECKSUM, checksum_end(sum));
		return (int)(header->len + payload_len);
	}
	store16(segment + UDP_TOTAL, segment_len);
	checksum = checksum_end(sum + segment_len);
	/* In UDP 0 says that there is no checksum; its other form is sent. */
	store16(segment + UDP_CHECKSUM, checksum ? checksum : 0xffff);
	return (int)(header->len + payload_len);
}

int frame_build(const struct frame_ethernet *ethernet,
		const struct frame *frame, uint8_t *bytes, size_t size)
{
	struct frame_header header;
	int err = frame_header_prepare(&header, ethernet, frame);

	return err ? err
		   : frame_header_build(&header, frame->payload,
					frame->payload_len, bytes, size);
}
