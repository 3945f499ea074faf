/* SPDX-License-Identifier: MIT */
/*
 * The UDP payload of an Ethernet frame that a filter has chosen by its
 * headers: IPv4, UDP. RFC 791, 768, 1071.
 */
#ifndef WIRE_DATAGRAM_H
#define WIRE_DATAGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

/*
 * HOT. True for a whole datagram in a frame without a VLAN tag or IP options;
 * for all else datagram_read_any() knows more. A checksum that the sender has
 * left to its NIC, and no NIC came (veth, tap), is right: it is that of the
 * pseudo header.
 */
bool datagram_read(const uint8_t *frame, size_t len, struct datagram *datagram);

/* Any IPv4 header: with options too, or behind a tag of VLAN 0, which only
 * carries a priority. *datagram is filled in for DATAGRAM_WHOLE alone. */
enum datagram_result datagram_read_any(const uint8_t *frame, size_t len,
				       struct datagram *datagram);

/* HOT. The same for a TCP segment whose headers are 14 + 20 + 20 bytes at
 * least; a checksum that was left to the NIC is put right in place. */
bool datagram_segment_check(uint8_t *frame, size_t len);

#endif
