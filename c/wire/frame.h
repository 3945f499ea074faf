/* SPDX-License-Identifier: MIT */
/*
 * Captured frames: Ethernet (with VLAN tags), Linux cooked capture or raw IP,
 * then IPv4, then UDP or TCP. No length is believed before it is checked, but
 * for an IP length of 0, as frames have that the NIC will cut (TSO): the
 * frame's own is taken then.
 * RFC 791, 768, 9293; IEEE 802.1Q; LINKTYPE_ values of pcap-linktype(7).
 */
#ifndef WIRE_FRAME_H
#define WIRE_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Link types, by their LINKTYPE_ numbers. */
enum frame_link {
	FRAME_LINK_NULL = 0, /* BSD loopback */
	FRAME_LINK_ETHERNET = 1,
	FRAME_LINK_RAW = 101,
	FRAME_LINK_LOOP = 108,
	FRAME_LINK_SLL = 113,
	FRAME_LINK_IPV4 = 228,
	FRAME_LINK_SLL2 = 276,
};

enum frame_protocol { FRAME_TCP = 6, FRAME_UDP = 17 };

enum frame_tcp_flags {
	FRAME_TCP_FIN = 1 << 0,
	FRAME_TCP_SYN = 1 << 1,
	FRAME_TCP_RST = 1 << 2,
	FRAME_TCP_PSH = 1 << 3,
	FRAME_TCP_ACK = 1 << 4,
};

/* What of a frame that is not whole was read all the same. */
enum frame_known {
	FRAME_KNOWN_ADDRESSES = 1 << 0, /* and VLAN and protocol */
	FRAME_KNOWN_PORTS = 1 << 1,
};

struct frame {
	uint8_t protocol; /* enum frame_protocol */
	uint8_t known;	  /* enum frame_known */
	uint8_t tos;
	uint8_t ttl;
	uint8_t tcp_flags;
	/* The VLAN: 12 bits a tag, the innermost lowest. Tags of VLAN 0 only
	 * carry a priority: 0 is the untagged network. */
	uint32_t vlan;
	uint32_t source; /* addresses and ports in host order */
	uint32_t destination;
	uint16_t source_port;
	uint16_t destination_port;
	uint32_t tcp_sequence;
	uint32_t tcp_acknowledgment;
	const uint8_t *payload; /* of UDP or TCP, into the caller's bytes */
	size_t payload_len;	/* as the headers have it; Ethernet's padding
				   is left out */
};

enum frame_result {
	FRAME_OK = 0,
	FRAME_OTHER,	 /* not IPv4 with UDP or TCP: nothing of ours */
	FRAME_FRAGMENT,	 /* one piece of a larger IP datagram */
	FRAME_TRUNCATED, /* the capture kept fewer bytes than it says */
	FRAME_MALFORMED, /* lengths that contradict each other */
};

/*
 * bytes[0..len): what was captured of wire_len. Of a frame that is not
 * FRAME_OK, frame->known tells what is filled in. A segment without payload of
 * which only TCP options were not captured is whole.
 */
enum frame_result frame_decode_cut(enum frame_link link, const uint8_t *bytes,
				   size_t len, size_t wire_len,
				   struct frame *frame);

/* The same for a frame that was captured whole; else *frame stays as it is. */
enum frame_result frame_decode(enum frame_link link, const uint8_t *bytes,
			       size_t len, struct frame *frame);

/* Is link one of enum frame_link? */
bool frame_link_known(unsigned int link);

#define FRAME_HEADER_MAX (14 + 4 + 20 + 20) /* Ethernet, a tag, IPv4, TCP */

/* What building a frame needs besides struct frame's protocol, addresses,
 * ports, tos, ttl, TCP numbers and payload. */
struct frame_ethernet {
	uint8_t source[6];
	uint8_t destination[6];
	uint16_t vlan; /* 0: no tag */
};

/* 01:00:5e and the low 23 bits of the group. RFC 1112. */
void frame_multicast_address(uint32_t group, uint8_t ethernet[static 6]);

/* The headers of frames that differ in their payload alone, made once. */
struct frame_header {
	uint8_t bytes[FRAME_HEADER_MAX];
	uint8_t len;	 /* of them all */
	uint8_t ip_at;	 /* where IP's begins */
	bool udp;	 /* else TCP */
	uint64_t ip_sum; /* of IP's, but for its length (wire/checksum.h) */
	uint64_t segment_sum; /* of the pseudo header and UDP's or TCP's, but
				 for their lengths */
};

/* Of a frame's payload nothing is looked at. 0, or -EPROTONOSUPPORT when it is
 * neither UDP nor TCP. */
int frame_header_prepare(struct frame_header *header,
			 const struct frame_ethernet *ethernet,
			 const struct frame *frame);

/* HOT. Build a whole Ethernet frame of them and the payload, with right lengths
 * and checksums, not padded. Returns its length, or -EMSGSIZE when it does not
 * fit size or an IPv4 datagram. */
int frame_header_build(const struct frame_header *header,
		       const uint8_t *payload, size_t payload_len,
		       uint8_t *bytes, size_t size);

/* Both at once, for one frame. */
int frame_build(const struct frame_ethernet *ethernet,
		const struct frame *frame, uint8_t *bytes, size_t size);

#endif
