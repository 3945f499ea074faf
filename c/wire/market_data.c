/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "wire/market_data.h"

int market_data_decode(const uint8_t *data, size_t len,
		       struct market_data_header *header)
{
	if (len < sizeof(*header))
		return -EBADMSG;
	memcpy(header, data, sizeof(*header));
	header->sequence = le32toh(header->sequence);
	header->message_count = le16toh(header->message_count);
	header->flags = le16toh(header->flags);
	if (len < market_data_len(header->message_count))
		return -EBADMSG;
	return 0;
}

void market_data_write_header(uint8_t *data,
			      const struct market_data_header *header)
{
	struct market_data_header wire = {
		.sequence = htole32(header->sequence),
		.message_count = htole16(header->message_count),
		.flags = htole16(header->flags),
	};

	memcpy(data, &wire, sizeof(wire));
}

void market_data_write(uint8_t *data, unsigned int i,
		       const struct market_data_message *message)
{
	struct market_data_message wire = {
		.type = message->type,
		.side = message->side,
		.symbol_id = htole16(message->symbol_id),
		.price = htole64(message->price),
		.quantity = htole64(message->quantity),
		.order_id = htole64(message->order_id),
	};

	memcpy(data + market_data_len(i), &wire, sizeof(wire));
}

/* What a formatter of another format made has bytes of its own there. */
static int own_decode(const uint8_t *data, size_t len, uint32_t sequence,
		      struct market_data_header *header)
{
	if (market_data_decode(data, len, header) < 0 ||
	    header->sequence != sequence ||
	    len != market_data_len(header->message_count))
		return -EBADMSG;
	return 0;
}

void market_data_write_tag(uint8_t *data, size_t len, uint32_t sequence,
			   uint16_t tag)
{
	struct market_data_header header;

	if (own_decode(data, len, sequence, &header) < 0 ||
	    (header.flags & MARKET_DATA_TAG))
		return;
	header.flags |= market_data_tag_flags(tag);
	market_data_write_header(data, &header);
}

void market_data_write_flags(uint8_t *data, size_t len, uint32_t sequence,
			     uint16_t flags)
{
	struct market_data_header header;

	if (own_decode(data, len, sequence, &header) < 0)
		return;
	header.flags |= flags;
	market_data_write_header(data, &header);
}
