/* SPDX-License-Identifier: MIT */
#include "wire/frame.h"

#include "wire/big_endian.h"

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

#define IPV4_MORE_FRAGMENTS 0x2000
#define IPV4_OFFSET	    0x1fff

/* What is left of the captured bytes. */
struct rest {
	const uint8_t *bytes;
	size_t len;
	bool cut; /* more came by than was captured */
};

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
	type = big_endian_16(rest->bytes + type_at);
	skip(rest, header_len);
	while (is_tag(type)) {
		if (rest->len < VLAN_LEN)
			return FRAME_TRUNCATED;
		vlan = big_endian_16(rest->bytes) & 0xfff;
		if (vlan > 0 && frame->vlan >> VLAN_BITS * (VLAN_TAGS_MAX - 1))
			return FRAME_OTHER;
		if (vlan > 0)
			frame->vlan = frame->vlan << VLAN_BITS | vlan;
		type = big_endian_16(rest->bytes + 2);
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
	family = big_endian_32(rest->bytes);
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
	size_t len = big_endian_16(rest->bytes + 2);

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
	offset = big_endian_16(ip + 6) & (IPV4_MORE_FRAGMENTS | IPV4_OFFSET);
	frame->protocol = ip[9];
	frame->tos = ip[1];
	frame->ttl = ip[8];
	frame->source = big_endian_32(ip + 12);
	frame->destination = big_endian_32(ip + 16);
	if (ip[0] >> 4 != 4 || header_len < IPV4_LEN)
		return FRAME_MALFORMED;
	frame->known = FRAME_KNOWN_ADDRESSES;
	if (rest->len >= header_len + 4 && !(offset & IPV4_OFFSET)) {
		frame->source_port = big_endian_16(ip + header_len);
		frame->destination_port = big_endian_16(ip + header_len + 2);
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
	len = big_endian_16(rest->bytes + 4);
	if (len == 0 && whole_len == 0)
		len = rest->len;
	if (len < UDP_LEN || len > rest->len)
		return FRAME_MALFORMED;
	frame->source_port = big_endian_16(rest->bytes);
	frame->destination_port = big_endian_16(rest->bytes + 2);
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
	frame->source_port = big_endian_16(tcp);
	frame->destination_port = big_endian_16(tcp + 2);
	frame->tcp_sequence = big_endian_32(tcp + 4);
	frame->tcp_acknowledgment = big_endian_32(tcp + 8);
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
	ip_len = big_endian_16(ip + 2);
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
