/* SPDX-License-Identifier: MIT */
/*
 * The UDP payload of an Ethernet frame that a filter has chosen by its
 * headers: IPv4, UDP. RFC 791, 768, 1071.
 */
#ifndef WIRE_DATAGRAM_H
#define WIRE_DATAGRAM_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "wire/checksum.h"

struct datagram {
	const uint8_t *payload; /* into the caller's bytes */
	uint32_t len;
};

enum datagram_result {
	DATAGRAM_WHOLE,
	DATAGRAM_FRAGMENT,  /* one piece of a larger IP datagram */
	DATAGRAM_MALFORMED, /* lengths contradict each other, a checksum is
			       wrong, or the kernel would refuse an option */
};

/* The UDP checksum, over the bytes if need be; pseudo: the pseudo header. */
bool datagram_checksum_right(const uint8_t *udp, size_t len, uint64_t pseudo);

/* Of a plain frame, big endian. */
struct datagram_headers {
	uint8_t ethernet[12];
	uint16_t type;
	uint8_t version_and_len, tos;
	uint16_t ip_len, id, fragment;
	uint8_t ttl, protocol;
	uint16_t ip_checksum;
	uint32_t source, destination;
	uint16_t source_port, destination_port;
	uint16_t udp_len, udp_checksum;
} __attribute__((packed, may_alias));

_Static_assert(sizeof(struct datagram_headers) == 14 + 20 + 8,
	       "Ethernet, IPv4, UDP");

/*
 * HOT. True for a whole datagram that is all of a frame's IP packet, without a
 * VLAN tag or IP options; for all else datagram_read_any() knows more. A
 * checksum that the sender has left to its NIC, and no NIC came (veth, tap),
 * is right: it is that of the pseudo header. Inline: half of it would be the
 * call, and what goes in and out.
 */
static inline bool datagram_read(const uint8_t *frame, size_t len,
				 struct datagram *datagram)
{
	enum { IP_BEGIN = 14, IP_SIZE = 20, UDP_SIZE = 8 };
	const struct datagram_headers *headers = (const void *)frame;
	uint64_t first, second, addresses, pseudo;
	size_t udp_len;

	if (__builtin_expect(len < sizeof(*headers), 0))
		return false;
	udp_len = be16toh(headers->udp_len);
	memcpy(&first, frame + IP_BEGIN, sizeof(first));
	memcpy(&second, frame + IP_BEGIN + 8, sizeof(second));
	if (__builtin_expect(
		    headers->type != htobe16(0x0800) ||
			    headers->version_and_len != 0x45 ||
			    headers->fragment & htobe16(0x3fff) ||
			    be16toh(headers->ip_len) != udp_len + IP_SIZE ||
			    /* From 8 to what the frame has room for. */
			    udp_len - UDP_SIZE > len - sizeof(*headers) ||
			    !checksum_sums_up(
				    checksum_add(checksum_add(first, second),
						 headers->destination)),
		    0))
		return false;
	datagram->payload = frame + sizeof(*headers);
	datagram->len = (uint32_t)(udp_len - UDP_SIZE);
	memcpy(&addresses, &headers->source, sizeof(addresses));
	pseudo = checksum_add(addresses,
			      (uint64_t)htobe16(17) + headers->udp_len);
	return !headers->udp_checksum ||
	       checksum_sums_up(checksum_add(
		       pseudo, (uint16_t)~headers->udp_checksum)) ||
	       datagram_checksum_right(frame + IP_BEGIN + IP_SIZE, udp_len,
				       pseudo);
}

/* Any IPv4 header: with options too, or behind a tag of VLAN 0, which only
 * carries a priority. *datagram is filled in for DATAGRAM_WHOLE alone. */
enum datagram_result datagram_read_any(const uint8_t *frame, size_t len,
				       struct datagram *datagram);

/* HOT. The same for a TCP segment whose headers are 14 + 20 + 20 bytes at
 * least; a checksum that was left to the NIC is put right in place. */
bool datagram_segment_check(uint8_t *frame, size_t len);

#endif
