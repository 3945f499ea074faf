/* SPDX-License-Identifier: MIT */
#include "wire/roce.h"

#include <errno.h>

#include "wire/big_endian.h"

enum {
	DATAGRAM_LEN = 8, /* DETH */
	REMOTE_LEN = 16,  /* RETH */
	IMMEDIATE_LEN = 4,
	ACKNOWLEDGE_LEN = 4, /* AETH */
};

enum {
	MANAGED_LEN = 256,
	MANAGED_HEADER_LEN = 24,
	MANAGED_CLASS = 7, /* communication management */
	MANAGED_SEND = 3,
};

/* What an operation adds to the header. */
struct additions {
	uint8_t operation;
	bool datagram, remote, immediate, acknowledge;
};

static const struct additions all[] = {
	{ .operation = ROCE_SEND_FIRST },
	{ .operation = ROCE_SEND_MIDDLE },
	{ .operation = ROCE_SEND_LAST },
	{ .operation = ROCE_SEND_LAST_IMMEDIATE, .immediate = true },
	{ .operation = ROCE_SEND_ONLY },
	{ .operation = ROCE_SEND_ONLY_IMMEDIATE, .immediate = true },
	{ .operation = ROCE_WRITE_FIRST, .remote = true },
	{ .operation = ROCE_WRITE_MIDDLE },
	{ .operation = ROCE_WRITE_LAST },
	{ .operation = ROCE_WRITE_LAST_IMMEDIATE, .immediate = true },
	{ .operation = ROCE_WRITE_ONLY, .remote = true },
	{ .operation = ROCE_WRITE_ONLY_IMMEDIATE,
	  .remote = true,
	  .immediate = true },
	{ .operation = ROCE_READ_REQUEST, .remote = true },
	{ .operation = ROCE_ACKNOWLEDGE, .acknowledge = true },
	{ .operation = ROCE_DATAGRAM, .datagram = true },
	{ .operation = ROCE_DATAGRAM_IMMEDIATE,
	  .datagram = true,
	  .immediate = true },
};

static const struct additions *additions_of(uint8_t operation)
{
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i].operation == operation)
			return &all[i];
	return NULL;
}

static size_t additions_len(const struct additions *added)
{
	return (added->datagram ? DATAGRAM_LEN : 0) +
	       (added->remote ? REMOTE_LEN : 0) +
	       (added->immediate ? IMMEDIATE_LEN : 0) +
	       (added->acknowledge ? ACKNOWLEDGE_LEN : 0);
}

int roce_decode(const uint8_t *bytes, size_t len, struct roce_packet *packet)
{
	const struct additions *added;
	size_t header_len, padding;

	if (len < ROCE_HEADER_LEN + ROCE_CHECKSUM_LEN || bytes[1] & 0xf)
		return -EBADMSG;
	*packet = (struct roce_packet){
		.operation = bytes[0],
		.qp = big_endian_24(bytes + 5),
		.psn = big_endian_24(bytes + 9),
	};
	added = additions_of(packet->operation);
	if (!added)
		return -EOPNOTSUPP;
	header_len = ROCE_HEADER_LEN + additions_len(added);
	padding = bytes[1] >> 4 & 3;
	if (len < header_len + padding + ROCE_CHECKSUM_LEN)
		return -EBADMSG;
	packet->payload = bytes + header_len;
	packet->payload_len = len - header_len - padding - ROCE_CHECKSUM_LEN;
	bytes += ROCE_HEADER_LEN;
	if (added->datagram)
		packet->source_qp = big_endian_24(bytes + 5);
	if (added->acknowledge)
		packet->syndrome = bytes[0];
	packet->has_immediate = added->immediate;
	if (added->immediate)
		packet->immediate =
			big_endian_32(packet->payload - IMMEDIATE_LEN);
	return 0;
}

/* Service and addresses of a request: those of TCP's ports, by IPv4. */
static int request_read(const uint8_t *said, struct roce_connection *connection)
{
	const uint8_t *private = said + 140;

	if (big_endian_32(said + 8) != 0 || big_endian_16(said + 12) != 0x0106)
		return -ENOENT;
	if (private[0] != 0 || private[1] >> 4 != 4)
		return -ENOENT;
	connection->qp = big_endian_24(said + 32);
	connection->psn = big_endian_24(said + 44);
	connection->server_port = big_endian_16(said + 14);
	connection->client_port = big_endian_16(private + 2);
	return 0;
}

int roce_connection_decode(const uint8_t *bytes, size_t len,
			   struct roce_connection *connection)
{
	const uint8_t *said = bytes + MANAGED_HEADER_LEN;

	if (len < MANAGED_LEN)
		return -EBADMSG;
	if (bytes[1] != MANAGED_CLASS || bytes[3] != MANAGED_SEND)
		return -ENOENT;
	*connection = (struct roce_connection){
		.kind = big_endian_16(bytes + 16),
		.local_id = big_endian_32(said),
		.remote_id = big_endian_32(said + 4),
	};
	switch (connection->kind) {
	case ROCE_CONNECT_REQUEST:
		connection->remote_id = 0;
		return request_read(said, connection);
	case ROCE_CONNECT_REPLY:
		connection->qp = big_endian_24(said + 12);
		connection->psn = big_endian_24(said + 20);
		return 0;
	case ROCE_CONNECT_REJECT:
	case ROCE_CONNECT_READY:
	case ROCE_DISCONNECT_REQUEST:
	case ROCE_DISCONNECT_REPLY:
		return 0;
	}
	return -ENOENT;
}
