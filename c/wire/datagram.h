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

/* HOT. The IP header's checksum, of a frame without options that is no
 * fragment: its first 8 bytes then begin or end with so few bits that 4 more
 * don't overflow them. */
static inline bool datagram_header_sums_up(const uint8_t *frame)
{
	const struct datagram_headers *headers = (const void *)frame;
	const uint8_t *ip =
		frame + offsetof(struct datagram_headers, version_and_len);
	uint64_t first, second;

	memcpy(&first, ip, sizeof(first));
	memcpy(&second, ip + sizeof(first), sizeof(second));
	return checksum_sums_up(
		checksum_add(first + headers->destination, second));
}

/* HOT. Is the UDP checksum that of the pseudo header alone? */
static inline bool datagram_sum_is_left(const uint8_t *frame)
{
	const struct datagram_headers *headers = (const void *)frame;
	uint64_t addresses;

	memcpy(&addresses, frame + offsetof(struct datagram_headers, source),
	       sizeof(addresses));
	return checksum_sums_up(checksum_add(
		addresses, (uint64_t)htobe16(17) + headers->udp_len +
				   UINT16_MAX - headers->udp_checksum));
}

/* HOT. The UDP checksum of a frame whose lengths are right, over its bytes if
 * need be. */
bool datagram_sums_up(const uint8_t *frame);

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
	enum { UDP_SIZE = 8, HEADERS_SIZE = 20 + UDP_SIZE };
	const struct datagram_headers *headers = (const void *)frame;
	size_t payload_len;

	if (__builtin_expect(len < sizeof(*headers), 0))
		return false;
	/* Of less than the headers: more than any frame has room for. */
	payload_len = (size_t)be16toh(headers->ip_len) - HEADERS_SIZE;
	if (__builtin_expect(headers->type != htobe16(0x0800) ||
				     headers->version_and_len != 0x45 ||
				     headers->fragment & htobe16(0x3fff) ||
				     payload_len > len - sizeof(*headers) ||
				     headers->udp_len !=
					     htobe16((uint16_t)(payload_len +
								UDP_SIZE)) ||
				     !datagram_header_sums_up(frame),
			     0))
		return false;
	datagram->payload = frame + sizeof(*headers);
	datagram->len = (uint32_t)payload_len;
	return datagram_sum_is_left(frame) || datagram_sums_up(frame);
}

/* Any IPv4 header: with options too, or behind a tag of VLAN 0, which only
 * carries a priority. *datagram is filled in for DATAGRAM_WHOLE alone. */
enum datagram_result datagram_read_any(const uint8_t *frame, size_t len,
				       struct datagram *datagram);

/* HOT. The same for a TCP segment whose headers are 14 + 20 + 20 bytes at
 * least; a checksum that was left to the NIC is put right in place. */
bool datagram_segment_check(uint8_t *frame, size_t len);

#endif
