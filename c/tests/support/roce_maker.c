/* SPDX-License-Identifier: MIT */
#include "tests/support/roce_maker.h"

#include <stdlib.h>
#include <string.h>

#define CLIENT UINT32_C(0x0a000002) /* as capture_maker has them */
#define SERVER UINT32_C(0x0a000001)

enum { MANAGED_LEN = 256, SAID = 24 };

static void put(uint8_t *bytes, uint64_t value, unsigned int len)
{
	while (len-- > 0) {
		bytes[len] = (uint8_t)value;
		value >>= 8;
	}
}

size_t roce_maker_packet(uint8_t bytes[static ROCE_MAKER_PACKET_MAX],
			 uint8_t operation, uint32_t qp, uint32_t psn,
			 const void *added, size_t added_len,
			 const void *payload, size_t payload_len)
{
	const size_t padding = (4 - payload_len % 4) % 4;
	size_t len = 12;

	if (len + added_len + payload_len + padding + 4 > ROCE_MAKER_PACKET_MAX)
		abort();
	memset(bytes, 0, ROCE_MAKER_PACKET_MAX);
	bytes[0] = operation;
	bytes[1] = (uint8_t)(0x40 | padding << 4); /* MigReq */
	put(bytes + 2, 0xffff, 2);
	put(bytes + 5, qp, 3);
	put(bytes + 9, psn, 3);
	if (added_len)
		memcpy(bytes + len, added, added_len);
	len += added_len;
	if (payload_len)
		memcpy(bytes + len, payload, payload_len);
	len += payload_len + padding;
	memset(bytes + len, 0xc5, 4); /* the checksum */
	return len + 4;
}

void roce_maker_frame(struct roce_maker *roce, enum roce_maker_way way,
		      const uint8_t *bytes, size_t len)
{
	capture_maker_frame(
		roce->capture,
		&(struct frame){ .protocol = FRAME_UDP,
				 .ttl = 64,
				 .source = way == ROCE_TO_SERVER ? CLIENT
								 : SERVER,
				 .destination = way == ROCE_TO_SERVER ? SERVER
						: way == ROCE_TO_CLIENT
							? CLIENT
							: roce->capture->group,
				 .source_port = 0xc123,
				 .destination_port = 4791,
				 .payload = bytes,
				 .payload_len = len });
}

static void managed(struct roce_maker *roce, enum roce_maker_way way,
		    uint8_t said[static MANAGED_LEN], uint16_t attribute)
{
	uint8_t bytes[ROCE_MAKER_PACKET_MAX], added[8] = { 0 };

	said[0] = 1; /* versions, class, Send */
	said[1] = 7;
	said[2] = 2;
	said[3] = 3;
	put(said + 16, attribute, 2);
	put(added, 0x80010000, 4);
	put(added + 5, 1, 3);
	roce_maker_frame(roce, way, bytes,
			 roce_maker_packet(bytes, 0x64, 1, 0, added,
					   sizeof(added), said, MANAGED_LEN));
}

void roce_maker_request(struct roce_maker *roce)
{
	uint8_t said[MANAGED_LEN] = { 0 }, *private = said + SAID + 140;

	put(said + SAID, roce->client_id, 4);
	put(said + SAID + 8, 0x1060000 + CAPTURE_MAKER_ORDERS, 8);
	put(said + SAID + 32, roce->client_qp, 3);
	put(said + SAID + 44, roce->server_psn, 3);
	private[1] = 0x40;
	put(private + 2, roce->client_port, 2);
	put(private + 16, CLIENT, 4);
	put(private + 32, SERVER, 4);
	managed(roce, ROCE_TO_SERVER, said, 0x10);
}

void roce_maker_reply(struct roce_maker *roce)
{
	uint8_t said[MANAGED_LEN] = { 0 };

	put(said + SAID, roce->server_id, 4);
	put(said + SAID + 4, roce->client_id, 4);
	put(said + SAID + 12, roce->server_qp, 3);
	put(said + SAID + 20, roce->psn, 3);
	managed(roce, ROCE_TO_CLIENT, said, 0x13);
}

void roce_maker_reject(struct roce_maker *roce)
{
	uint8_t said[MANAGED_LEN] = { 0 };

	put(said + SAID + 4, roce->client_id, 4);
	managed(roce, ROCE_TO_CLIENT, said, 0x12);
}

void roce_maker_disconnect(struct roce_maker *roce, enum roce_maker_way way)
{
	const bool ours = way == ROCE_TO_SERVER;
	uint8_t said[MANAGED_LEN] = { 0 };

	put(said + SAID, ours ? roce->client_id : roce->server_id, 4);
	put(said + SAID + 4, ours ? roce->server_id : roce->client_id, 4);
	put(said + SAID + 8, ours ? roce->server_qp : roce->client_qp, 3);
	managed(roce, way, said, 0x15);
}

void roce_maker_connect(struct roce_maker *roce, struct capture_maker *capture)
{
	uint8_t said[MANAGED_LEN] = { 0 };

	roce->capture = capture;
	roce->client_port = ++capture->client_port;
	roce->client_id = 0xfffffff0 + roce->client_port; /* wraps soon */
	roce->server_id = 77 * roce->client_port;
	roce->client_qp = 0x10 + roce->client_port % 7;
	roce->server_qp = 0x90 + roce->client_port % 7;
	roce->psn = 0xfffffe; /* likewise */
	roce->server_psn = 0x123;
	roce_maker_request(roce);
	roce_maker_reply(roce);
	put(said + SAID, roce->client_id, 4);
	put(said + SAID + 4, roce->server_id, 4);
	managed(roce, ROCE_TO_SERVER, said, 0x14);
}

void roce_maker_message(struct roce_maker *roce, uint32_t psn,
			const void *bytes, size_t len)
{
	uint8_t packet[ROCE_MAKER_PACKET_MAX], added[20] = { 0 };

	put(added, 0x7f0000001000, 8);
	put(added + 8, 0x1234, 4);
	put(added + 12, len, 4);
	put(added + 16, psn, 4);
	roce_maker_frame(roce, ROCE_TO_SERVER, packet,
			 roce_maker_packet(packet, roce->write ? 0x0b : 0x04,
					   roce->server_qp, psn & 0xffffff,
					   added, roce->write ? 20 : 0, bytes,
					   len));
}

void roce_maker_send(struct roce_maker *roce, const void *bytes, size_t len)
{
	roce_maker_message(roce, roce->psn++, bytes, len);
}

void roce_maker_acknowledge(struct roce_maker *roce, uint32_t psn)
{
	uint8_t packet[ROCE_MAKER_PACKET_MAX];
	const uint8_t added[4] = { 0x1f, 0, 0, 1 }; /* positive */

	roce_maker_frame(roce, ROCE_TO_CLIENT, packet,
			 roce_maker_packet(packet, 0x11, roce->client_qp,
					   psn & 0xffffff, added, sizeof(added),
					   NULL, 0));
}

void roce_maker_datagram(struct roce_maker *roce, uint16_t port,
			 const void *bytes, size_t len)
{
	uint8_t packet[ROCE_MAKER_PACKET_MAX], added[12] = { 0 };

	put(added, 0x01234567, 4);
	put(added + 5, 0x22, 3);
	put(added + 8, port, 4);
	roce_maker_frame(roce, ROCE_TO_GROUP, packet,
			 roce_maker_packet(packet, 0x65, 0xffffff,
					   roce->group_psn++, added,
					   sizeof(added), bytes, len));
}
