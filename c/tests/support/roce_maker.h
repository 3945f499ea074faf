/* SPDX-License-Identifier: MIT */
/* RDMA on Ethernet for a capture that tests/support/capture_maker makes: the
 * trader's connection, its orders, and market data to the group. What packets
 * are made of is written out here once more, from the specification. */
#ifndef TESTS_SUPPORT_ROCE_MAKER_H
#define TESTS_SUPPORT_ROCE_MAKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/support/capture_maker.h"

#define ROCE_MAKER_PACKET_MAX 2048

struct roce_maker {
	struct capture_maker *capture;
	uint32_t client_id, server_id; /* of the connection's manager */
	uint32_t client_qp, server_qp;
	uint32_t psn, server_psn; /* of the next one, each way */
	uint32_t group_psn;
	uint16_t client_port;
	bool write; /* orders are written with immediate */
};

/* One packet of anybody's: what its bytes are, with `added` headers. Its
 * length. */
size_t roce_maker_packet(uint8_t bytes[static ROCE_MAKER_PACKET_MAX],
			 uint8_t operation, uint32_t qp, uint32_t psn,
			 const void *added, size_t added_len,
			 const void *payload, size_t payload_len);

/* As a frame: from the client to the server, or back; or to the group. */
enum roce_maker_way { ROCE_TO_SERVER, ROCE_TO_CLIENT, ROCE_TO_GROUP };
void roce_maker_frame(struct roce_maker *roce, enum roce_maker_way way,
		      const uint8_t *bytes, size_t len);

/* The connection's manager: the client asks, the server replies; either ends
 * it; or the server rejects it. */
void roce_maker_request(struct roce_maker *roce);
void roce_maker_reply(struct roce_maker *roce);
void roce_maker_reject(struct roce_maker *roce);
void roce_maker_disconnect(struct roce_maker *roce, enum roce_maker_way way);

/* A new connection: request, reply, ready. */
void roce_maker_connect(struct roce_maker *roce, struct capture_maker *capture);

/* A message to the server by that number, and by the next one. */
void roce_maker_message(struct roce_maker *roce, uint32_t psn,
			const void *bytes, size_t len);
void roce_maker_send(struct roce_maker *roce, const void *bytes, size_t len);

/* The server acknowledges all up to that number. */
void roce_maker_acknowledge(struct roce_maker *roce, uint32_t psn);

/* To the group; port: which the immediate names. */
void roce_maker_datagram(struct roce_maker *roce, uint16_t port,
			 const void *bytes, size_t len);

#endif
