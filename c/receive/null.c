/* SPDX-License-Identifier: MIT */
/* Datagrams from nowhere, as fast as they are asked for: what the code above
 * costs by itself. */
#include <errno.h>
#include <string.h>

#include "base/decimal.h"
#include "receive/receive_ops.h"
#include "wire/market_data.h"

#define DATAGRAM_LEN \
	(sizeof(struct market_data_header) + sizeof(struct market_data_message))

struct receive_null {
	struct receive receive;
	uint64_t count;
	uint64_t next; /* sequence; count: the end of the feed; then no more */
	uint8_t datagrams[RECEIVE_BURST_MAX][DATAGRAM_LEN];
};

static const struct option_row null_options[] = {
	{ .name = "count",
	  .metavar = "N",
	  .def = "1000000",
	  .type = OPTION_UNSIGNED,
	  .min = 1,
	  .max = UINT32_MAX,
	  .offset = offsetof(struct receive_null, count),
	  .help = "datagrams before the end of the feed" },
	OPTION_END,
};

static int null_open(struct receive *receive)
{
	struct receive_null *null =
		container_of(receive, struct receive_null, receive);
	struct market_data_header header = { .message_count = 1 };

	for (unsigned int i = 0; i < RECEIVE_BURST_MAX; i++) {
		struct market_data_message message = {
			.type = MARKET_DATA_UPDATE,
			.side = i % 2 ? MARKET_DATA_ASK : MARKET_DATA_BID,
			.price = (uint64_t)(100 + i % 2) * DECIMAL_ONE,
			.quantity = DECIMAL_ONE,
		};

		market_data_write_header(null->datagrams[i], &header);
		market_data_write(null->datagrams[i], 0, &message);
	}
	return 0;
}

static int null_poll(struct receive *receive, struct packet *packets,
		     unsigned int max)
{
	struct receive_null *null =
		container_of(receive, struct receive_null, receive);
	unsigned int n = 0;

	for (; n < max && null->next < null->count; n++) {
		uint32_t sequence = htole32((uint32_t)null->next++);

		memcpy(null->datagrams[n], &sequence, sizeof(sequence));
		packets[n] = (struct packet){ .data = null->datagrams[n],
					      .len = DATAGRAM_LEN };
	}
	if (n)
		return (int)n;
	if (null->next > null->count)
		return -ESHUTDOWN;
	market_data_write_header(null->datagrams[0],
				 &(struct market_data_header){
					 .sequence = (uint32_t)null->next++,
					 .flags = MARKET_DATA_END_OF_FEED });
	packets[0] =
		(struct packet){ .data = null->datagrams[0],
				 .len = sizeof(struct market_data_header) };
	return 1;
}

static void null_close(struct receive *receive)
{
	(void)receive;
}

const struct receive_ops receive_null_ops = {
	.entry.name = "null",
	.entry.help =
		"no network: prepared datagrams, as fast as they are taken",
	.caps = RECEIVE_MEMORY,
	.entry.size = sizeof(struct receive_null),
	.entry.options = null_options,
	.open = null_open,
	.poll = null_poll,
	.close = null_close,
};
