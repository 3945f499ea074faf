/* SPDX-License-Identifier: MIT */
/*
 * RDMA on Ethernet: what a UDP datagram to port 4791 carries (RoCEv2), and the
 * messages by which connections begin and end. No length is believed before it
 * is checked; the checksum (ICRC) is not. InfiniBand Architecture
 * Specification, Volume 1: 9.2 to 9.6 (headers), 12.6 (connections), 13.4
 * (management datagrams), Annexes A11 (addresses of connections) and A17
 * (RoCEv2).
 */
#ifndef WIRE_ROCE_H
#define WIRE_ROCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ROCE_UDP_PORT	  4791
#define ROCE_QP_GROUP	  0xffffff /* to all who have joined */
#define ROCE_QP_MANAGED	  1	   /* general services */
#define ROCE_PSN_BITS	  24
#define ROCE_HEADER_LEN	  12 /* before what an operation adds */
#define ROCE_CHECKSUM_LEN 4  /* behind all */

/* Operations; others are told by their number. */
enum roce_operation {
	ROCE_SEND_FIRST = 0x00,
	ROCE_SEND_MIDDLE = 0x01,
	ROCE_SEND_LAST = 0x02,
	ROCE_SEND_LAST_IMMEDIATE = 0x03,
	ROCE_SEND_ONLY = 0x04,
	ROCE_SEND_ONLY_IMMEDIATE = 0x05,
	ROCE_WRITE_FIRST = 0x06,
	ROCE_WRITE_MIDDLE = 0x07,
	ROCE_WRITE_LAST = 0x08,
	ROCE_WRITE_LAST_IMMEDIATE = 0x09,
	ROCE_WRITE_ONLY = 0x0a,
	ROCE_WRITE_ONLY_IMMEDIATE = 0x0b,
	ROCE_READ_REQUEST = 0x0c,
	ROCE_ACKNOWLEDGE = 0x11,
	ROCE_DATAGRAM = 0x64,
	ROCE_DATAGRAM_IMMEDIATE = 0x65,
};

struct roce_packet {
	uint8_t operation; /* enum roce_operation, or another */
	uint32_t qp;	   /* the destination's */
	uint32_t psn;
	uint32_t source_qp; /* of datagrams */
	bool has_immediate;
	uint32_t immediate;	/* host order */
	uint8_t syndrome;	/* of an acknowledgement */
	const uint8_t *payload; /* into the caller's bytes, without padding */
	size_t payload_len;
};

/* 0; -EBADMSG: lengths that contradict each other, or another version;
 * -EOPNOTSUPP: an operation that is not known here: operation, qp and psn are
 * right. */
int roce_decode(const uint8_t *bytes, size_t len, struct roce_packet *packet);

/* Is it positive? Else it asks for something again, or to wait. */
static inline bool roce_is_acknowledged(const struct roce_packet *packet)
{
	return packet->operation == ROCE_ACKNOWLEDGE &&
	       packet->syndrome >> 5 == 0;
}

/* Of a reliable connection: a request, which takes a number? */
static inline bool roce_is_request(const struct roce_packet *packet)
{
	return packet->operation <= ROCE_READ_REQUEST;
}

/* ... whose payload is a message to the other program. */
static inline bool roce_is_message(const struct roce_packet *packet)
{
	return packet->operation <= ROCE_SEND_ONLY_IMMEDIATE ||
	       packet->operation == ROCE_WRITE_ONLY_IMMEDIATE;
}

/* How far `to` lies behind `from`; < 0: before it. */
static inline int32_t roce_psn_distance(uint32_t from, uint32_t to)
{
	return (int32_t)((to - from) << (32 - ROCE_PSN_BITS)) >>
	       (32 - ROCE_PSN_BITS);
}

static inline uint32_t roce_psn_next(uint32_t psn, uint32_t count)
{
	return (psn + count) & ((UINT32_C(1) << ROCE_PSN_BITS) - 1);
}

/* By their attributes. */
enum roce_connection_kind {
	ROCE_CONNECT_REQUEST = 0x10,
	ROCE_CONNECT_REJECT = 0x12,
	ROCE_CONNECT_REPLY = 0x13,
	ROCE_CONNECT_READY = 0x14,
	ROCE_DISCONNECT_REQUEST = 0x15,
	ROCE_DISCONNECT_REPLY = 0x16,
};

struct roce_connection {
	enum roce_connection_kind kind;
	uint32_t local_id, remote_id; /* of who says it, and of the other */
	/* Of a request and a reply: its sender's queue pair, and the first
	 * number that it expects. */
	uint32_t qp, psn;
	/* Of a request, by Annex A11: the ports, as of TCP. */
	uint16_t client_port, server_port;
};

/* What a datagram to ROCE_QP_MANAGED says. 0; -ENOENT: nothing of those, or of
 * a service that is not as TCP's; -EBADMSG: too short. */
int roce_connection_decode(const uint8_t *bytes, size_t len,
			   struct roce_connection *connection);

#endif
