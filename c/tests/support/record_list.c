/* SPDX-License-Identifier: MIT */
#include "tests/support/record_list.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"

enum { IP = 14, UDP = IP + 20, UDP_PAYLOAD = UDP + 8 };

static void check(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "record_list: %s\n", what);
	abort();
}

static void add(void *context, uint64_t stamp_ns, const uint8_t *bytes,
		size_t captured_len, size_t wire_len)
{
	struct record_list *list = context;
	struct record *record;

	check(list->count < RECORD_LIST_SIZE, "too many records");
	check(captured_len <= RECORD_SIZE, "too long a record");
	record = &list->records[list->count++];
	*record = (struct record){ .stamp_ns = stamp_ns,
				   .link = FRAME_LINK_ETHERNET,
				   .captured_len = (uint32_t)captured_len,
				   .wire_len = (uint32_t)wire_len };
	memcpy(record->bytes, bytes, captured_len);
}

void record_list_begin(struct record_list *list, struct capture_maker *maker)
{
	list->count = 0;
	maker->each = add;
	maker->context = list;
}

void record_list_insert(struct record_list *list, size_t at,
			const struct record *record)
{
	struct record copy = *record;

	check(list->count < RECORD_LIST_SIZE && at <= list->count,
	      "no room to insert");
	memmove(&list->records[at + 1], &list->records[at],
		(list->count - at) * sizeof(copy));
	list->records[at] = copy;
	list->count++;
}

void record_list_remove(struct record_list *list, size_t at)
{
	check(at < list->count, "nothing to remove");
	list->count--;
	memmove(&list->records[at], &list->records[at + 1],
		(list->count - at) * sizeof(list->records[0]));
}

void record_list_move(struct record_list *list, size_t from, size_t to)
{
	struct record copy = list->records[from];

	record_list_remove(list, from);
	record_list_insert(list, to, &copy);
}

void record_list_swap(struct record_list *list, size_t one, size_t other)
{
	struct record copy = list->records[one];

	list->records[one] = list->records[other];
	list->records[other] = copy;
}

void record_put(struct record *record, size_t at, const void *bytes, size_t len)
{
	check(at <= record->captured_len &&
		      record->captured_len + len <= RECORD_SIZE,
	      "too long a record");
	memmove(record->bytes + at + len, record->bytes + at,
		record->captured_len - at);
	memcpy(record->bytes + at, bytes, len);
	record->captured_len += (uint32_t)len;
	record->wire_len += (uint32_t)len;
}

void record_take(struct record *record, size_t at, size_t len)
{
	check(at + len <= record->captured_len, "nothing to take");
	memmove(record->bytes + at, record->bytes + at + len,
		record->captured_len - at - len);
	record->captured_len -= (uint32_t)len;
	record->wire_len -= (uint32_t)len;
}

static void put16(uint8_t *bytes, size_t value)
{
	bytes[0] = (uint8_t)(value >> 8);
	bytes[1] = (uint8_t)value;
}

void record_merge(struct record *first, const struct record *second)
{
	record_put(first, first->captured_len, second->bytes + UDP_PAYLOAD,
		   second->captured_len - UDP_PAYLOAD);
	put16(first->bytes + IP + 2, first->captured_len - IP);
	put16(first->bytes + UDP + 4, first->captured_len - UDP);
}

void record_list_judge(const struct record_list *list,
		       const struct analysis_config *config,
		       struct analysis_result *result)
{
	struct analysis *analysis;

	check(analysis_open(config, &analysis) == 0, "analysis_open failed");
	for (size_t i = 0; i < list->count; i++) {
		const struct record *record = &list->records[i];
		const struct capture_frame frame = {
			.stamp_ns = record->stamp_ns,
			.bytes = record->bytes,
			.captured_len = record->captured_len,
			.wire_len = record->wire_len,
			.link = record->link,
			.gso_size = record->gso_size,
			.clock = record->clock,
		};

		check(analysis_frame(analysis, &frame) == 0,
		      "analysis_frame failed");
	}
	check(analysis_end(analysis, result) == 0, "analysis_end failed");
	analysis_close(analysis);
}

struct analysis_config record_list_config(void)
{
	return (struct analysis_config){
		.strategy = { .threshold_usd = 1000000 * DECIMAL_ONE,
			      .quantity = 1 },
		.group = { { .sin_family = AF_INET,
			     .sin_port = htons(CAPTURE_MAKER_PORT),
			     .sin_addr = { htonl(CAPTURE_MAKER_GROUP) } } },
		.order_port = CAPTURE_MAKER_ORDERS,
		.vlan = ANALYSIS_VLAN_AUTO,
	};
}
