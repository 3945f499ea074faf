/* SPDX-License-Identifier: MIT */
/*
 * The UDP payload of an Ethernet frame that a filter has chosen by its
 * headers: IPv4 without options, no VLAN tag, no fragment. RFC 791, 768, 1071.
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

/*
 * HOT. False when lengths contradict each other or the frame's, or a checksum
 * is wrong. A checksum that the sender has left to its NIC, and no NIC came
 * (veth, tap), is right: it is that of the pseudo header.
 */
bool datagram_read(const uint8_t *frame, size_t len, struct datagram *datagram);

/* HOT. The same for a TCP segment whose headers are 14 + 20 + 20 bytes at
 * least; a checksum that was left to the NIC is put right in place. */
bool datagram_segment_check(uint8_t *frame, size_t len);

#endif
