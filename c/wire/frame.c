/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "wire/frame.h"

enum {
	ETHERNET_LEN = 14,
	VLAN_LEN = 4,
	VLAN_TAGS_MAX = 2, /* that name a VLAN */
	VLAN_BITS = 12,
	ETHERNET_LEAST = 46, /* shorter payloads are padded */
	NULL_LEN = 4,
	SLL_LEN = 16,
	SLL2_LEN = 20,
	IPV4_LEN = 20,
	IPV4_MAX = 65535,
	UDP_LEN = 8,
	TCP_LEN = 20,
};

enum {
	TYPE_IPV4 = 0x0800,
	TYPE_VLAN = 0x8100,
	TYPE_VLAN_SERVICE = 0x88a8,
	/* Service tags from before 802.1ad, which switches still write. */
	TYPE_VLAN_9100 = 0x9100,
	TYPE_VLAN_9200 = 0x9200,
	TYPE_VLAN_9300 = 0x9300,
};

#define IPV4_DONT_FRAGMENT  0x4000
#define IPV4_MORE_FRAGMENTS 0x2000
#define IPV4_OFFSET	    0x1fff

/* What is left of the captured bytes. */
struct rest {
	const uint8_t *bytes;
	size_t len;
	bool cut; /* more came by than was captured */
};

static uint16_t get16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static uint32_t get32(const uint8_t *bytes)
{
	return (uint32_t)get16(bytes) << 16 | get16(bytes + 2);
}

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

static void skip(struct rest *rest, size_t len)
{
	rest->bytes += len;
	rest->len -= len;
}

static bool is_tag(uint16_t type)
{
	return type == TYPE_VLAN || type == TYPE_VLAN_SERVICE ||
	       type == TYPE_VLAN_9100 || type == TYPE_VLAN_9200 ||
	       type == TYPE_VLAN_9300;
}

/* Leave a link header whose EtherType lies at type_at, and VLAN tags. */
static enum frame_result leave_typed(struct rest *rest, size_t header_len,
				     size_t type_at, struct frame *frame)
{
	uint16_t type, vlan;

	if (rest->len < header_len)
		return FRAME_TRUNCATED;
	type = get16(rest->bytes + type_at);
	skip(rest, header_len);
	while (is_tag(type)) {
		if (rest->len < VLAN_LEN)
			return FRAME_TRUNCATED;
		vlan = get16(rest->bytes) & 0xfff;
		if (vlan > 0 && frame->vlan >> VLAN_BITS * (VLAN_TAGS_MAX - 1))
			return FRAME_OTHER;
		if (vlan > 0)
			frame->vlan = frame->vlan << VLAN_BITS | vlan;
		type = get16(rest->bytes + 2);
		skip(rest, VLAN_LEN);
	}
	return type == TYPE_IPV4 ? FRAME_OK : FRAME_OTHER;
}

/* Leave a header that is an address family, AF_INET being 2 everywhere. */
static enum frame_result leave_family(struct rest *rest, bool any_byte_order)
{
	uint32_t family;

	if (rest->len < NULL_LEN)
		return FRAME_TRUNCATED;
	family = get32(rest->bytes);
	skip(rest, NULL_LEN);
	if (family == 2 || (any_byte_order && family == UINT32_C(2) << 24))
		return FRAME_OK;
	return FRAME_OTHER;
}

static enum frame_result leave_link(enum frame_link link, struct rest *rest,
				    struct frame *frame)
{
	switch (link) {
	case FRAME_LINK_ETHERNET:
		return leave_typed(rest, ETHERNET_LEN, 12, frame);
	case FRAME_LINK_SLL:
		return leave_typed(rest, SLL_LEN, 14, frame);
	case FRAME_LINK_SLL2:
		return leave_typed(rest, SLL2_LEN, 0, frame);
	case FRAME_LINK_NULL:
		/* In the order of the machine that captured. */
		return leave_family(rest, true);
	case FRAME_LINK_LOOP:
		return leave_family(rest, false);
	case FRAME_LINK_RAW:
		if (rest->len > 0 && rest->bytes[0] >> 4 == 6)
			return FRAME_OTHER;
		return FRAME_OK;
	case FRAME_LINK_IPV4:
		return FRAME_OK;
	}
	return FRAME_OTHER;
}

/* Length 0 is what a frame has that the NIC is yet to cut, which is never a
 * small one: behind those lies padding. */
static size_t ipv4_len(const struct rest *rest)
{
	size_t len = get16(rest->bytes + 2);

	if (len > 0 || rest->cut || rest->len <= ETHERNET_LEAST)
		return len;
	return rest->len;
}

/* Is it a TCP segment without payload that lacks but options? */
static bool lacks_options(const struct rest *rest, size_t header_len,
			  size_t total_len)
{
	if (rest->bytes[9] != FRAME_TCP || rest->len < header_len + TCP_LEN)
		return false;
	return (rest->bytes[header_len + 12] >> 4) * 4U ==
	       total_len - header_len;
}

static enum frame_result leave_ipv4(struct rest *rest, struct frame *frame)
{
	const uint8_t *ip = rest->bytes;
	size_t header_len, total_len;
	uint16_t offset;

	if (rest->len < IPV4_LEN)
		return FRAME_TRUNCATED;
	header_len = (ip[0] & 0xfU) * 4;
	total_len = ipv4_len(rest);
	offset = get16(ip + 6) & (IPV4_MORE_FRAGMENTS | IPV4_OFFSET);
	frame->protocol = ip[9];
	frame->tos = ip[1];
	frame->ttl = ip[8];
	frame->source = get32(ip + 12);
	frame->destination = get32(ip + 16);
	if (ip[0] >> 4 != 4 || header_len < IPV4_LEN)
		return FRAME_MALFORMED;
	frame->known = FRAME_KNOWN_ADDRESSES;
	if (rest->len >= header_len + 4 && !(offset & IPV4_OFFSET)) {
		frame->source_port = get16(ip + header_len);
		frame->destination_port = get16(ip + header_len + 2);
		frame->known |= FRAME_KNOWN_PORTS;
	}
	if (total_len == 0 && rest->cut)
		return FRAME_TRUNCATED;
	if (total_len < header_len)
		return FRAME_MALFORMED;
	if (frame->protocol != FRAME_UDP && frame->protocol != FRAME_TCP)
		return FRAME_OTHER;
	if (offset)
		return FRAME_FRAGMENT;
	if (total_len > rest->len) {
		if (!lacks_options(rest, header_len, total_len))
			return FRAME_TRUNCATED;
		total_len = rest->len;
	}
	rest->len = total_len;
	skip(rest, header_len);
	return FRAME_OK;
}

/* whole_len: of the IP header, 0 where the NIC is yet to cut; so is UDP's. */
static enum frame_result leave_udp(struct rest *rest, struct frame *frame,
				   uint16_t whole_len)
{
	size_t len;

	if (rest->len < UDP_LEN)
		return FRAME_MALFORMED;
	len = get16(rest->bytes + 4);
	if (len == 0 && whole_len == 0)
		len = rest->len;
	if (len < UDP_LEN || len > rest->len)
		return FRAME_MALFORMED;
	frame->source_port = get16(rest->bytes);
	frame->destination_port = get16(rest->bytes + 2);
	rest->len = len;
	skip(rest, UDP_LEN);
	return FRAME_OK;
}

static enum frame_result leave_tcp(struct rest *rest, struct frame *frame,
				   bool options_cut)
{
	const uint8_t *tcp = rest->bytes;
	size_t header_len;

	if (rest->len < TCP_LEN)
		return FRAME_MALFORMED;
	header_len = (tcp[12] >> 4) * 4U;
	if (options_cut)
		header_len = rest->len;
	if (header_len < TCP_LEN || header_len > rest->len)
		return FRAME_MALFORMED;
	frame->source_port = get16(tcp);
	frame->destination_port = get16(tcp + 2);
	frame->tcp_sequence = get32(tcp + 4);
	frame->tcp_acknowledgment = get32(tcp + 8);
	frame->tcp_flags = tcp[13];
	skip(rest, header_len);
	return FRAME_OK;
}

enum frame_result frame_decode_cut(enum frame_link link, const uint8_t *bytes,
				   size_t len, size_t wire_len,
				   struct frame *frame)
{
	struct rest rest = { .bytes = bytes,
			     .len = len,
			     .cut = len < wire_len };
	const uint8_t *ip;
	enum frame_result result;
	size_t room;
	uint16_t ip_len;

	*frame = (struct frame){ 0 };
	result = leave_link(link, &rest, frame);
	if (result != FRAME_OK)
		return result;
	ip = rest.bytes;
	room = rest.len;
	result = leave_ipv4(&rest, frame);
	if (result != FRAME_OK)
		return result;
	ip_len = get16(ip + 2);
	result = frame->protocol == FRAME_UDP
			 ? leave_udp(&rest, frame, ip_len)
			 : leave_tcp(&rest, frame, ip_len > room);
	if (result != FRAME_OK)
		return result;
	frame->payload = rest.bytes;
	frame->payload_len = rest.len;
	return FRAME_OK;
}

enum frame_result frame_decode(enum frame_link link, const uint8_t *bytes,
			       size_t len, struct frame *frame)
{
	struct frame found;
	enum frame_result result =
		frame_decode_cut(link, bytes, len, len, &found);

	if (result == FRAME_OK)
		*frame = found;
	return result;
}

bool frame_link_known(unsigned int link)
{
	switch (link) {
	case FRAME_LINK_NULL:
	case FRAME_LINK_ETHERNET:
	case FRAME_LINK_RAW:
	case FRAME_LINK_LOOP:
	case FRAME_LINK_SLL:
	case FRAME_LINK_IPV4:
	case FRAME_LINK_SLL2:
		return true;
	}
	return false;
}

static uint16_t fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

uint32_t frame_checksum(const uint8_t *bytes, size_t len, uint32_t sum)
{
	uint64_t wide = sum;

	for (; len > 1; bytes += 2, len -= 2)
		wide += get16(bytes);
	if (len == 1)
		wide += (uint32_t)bytes[0] << 8;
	/* Folded here, so that no number of calls overflows it. */
	return fold(wide);
}

uint16_t frame_checksum_end(uint32_t sum)
{
	return (uint16_t)~fold(sum);
}

void frame_multicast_address(uint32_t group, uint8_t ethernet[static 6])
{
	put32(ethernet, UINT32_C(0x01005e00) | (group >> 16 & 0x7f));
	put16(ethernet + 4, group);
}

static void build_ethernet(const struct frame_ethernet *ethernet, uint8_t *out)
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

static void build_ipv4(const struct frame *frame, size_t total_len,
		       uint8_t *out)
{
	memset(out, 0, IPV4_LEN);
	out[0] = 4 << 4 | IPV4_LEN / 4;
	out[1] = frame->tos;
	put16(out + 2, (unsigned int)total_len);
	/* Never fragmented, so its identification may stay 0: RFC 6864. */
	put16(out + 6, IPV4_DONT_FRAGMENT);
	out[8] = frame->ttl;
	out[9] = frame->protocol;
	put32(out + 12, frame->source);
	put32(out + 16, frame->destination);
	put16(out + 10, frame_checksum_end(frame_checksum(out, IPV4_LEN, 0)));
}

static void build_udp(const struct frame *frame, size_t len, uint8_t *out)
{
	memset(out, 0, UDP_LEN);
	put16(out, frame->source_port);
	put16(out + 2, frame->destination_port);
	put16(out + 4, (unsigned int)len);
}

static void build_tcp(const struct frame *frame, uint8_t *out)
{
	memset(out, 0, TCP_LEN);
	put16(out, frame->source_port);
	put16(out + 2, frame->destination_port);
	put32(out + 4, frame->tcp_sequence);
	put32(out + 8, frame->tcp_acknowledgment);
	out[12] = TCP_LEN / 4 << 4;
	out[13] = frame->tcp_flags;
	put16(out + 14, 0xffff);
}

/* Over the segment and the pseudo header of RFC 768 and 9293. */
static uint16_t segment_checksum(const uint8_t *ip, const uint8_t *segment,
				 size_t len)
{
	uint32_t sum = (uint32_t)(ip[9] + len);

	sum = frame_checksum(ip + 12, 8, sum);
	return frame_checksum_end(frame_checksum(segment, len, sum));
}

int frame_build(const struct frame_ethernet *ethernet,
		const struct frame *frame, uint8_t *bytes, size_t size)
{
	size_t link_len = ETHERNET_LEN + (ethernet->vlan ? VLAN_LEN : 0);
	bool udp = frame->protocol == FRAME_UDP;
	size_t header_len = udp ? UDP_LEN : TCP_LEN;
	size_t len = header_len + frame->payload_len;
	uint8_t *ip, *segment;
	uint16_t checksum;

	if (!udp && frame->protocol != FRAME_TCP)
		return -EPROTONOSUPPORT;
	if (frame->payload_len > IPV4_MAX - IPV4_LEN - header_len ||
	    link_len + IPV4_LEN + len > size)
		return -EMSGSIZE;
	ip = bytes + link_len;
	segment = ip + IPV4_LEN;
	build_ethernet(ethernet, bytes);
	build_ipv4(frame, IPV4_LEN + len, ip);
	if (udp)
		build_udp(frame, len, segment);
	else
		build_tcp(frame, segment);
	if (frame->payload_len > 0)
		memcpy(segment + header_len, frame->payload,
		       frame->payload_len);
	checksum = segment_checksum(ip, segment, len);
	/* In UDP 0 says that there is no checksum; its other form is sent. */
	if (udp && checksum == 0)
		checksum = 0xffff;
	put16(segment + (udp ? 6 : 16), checksum);
	return (int)(link_len + IPV4_LEN + len);
}
