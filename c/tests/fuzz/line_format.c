/* SPDX-License-Identifier: MIT */
/*
 * The shipped formatters over the lines of a text: every datagram is well
 * formed and within its buffer, a line comes to an end, and a fault has a
 * reason.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "exchange/formatter.h"
#include "exchange/line_format_state.h"
#include "wire/market_data.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A level takes at least six characters: "[1,1],"; a book of its own in an
 * array of them more; behind a snapshot those that it lacks. */
#define PARTS_MAX(len) \
	((len) / 6 + 1 + LINE_FORMAT_RECENT_MAX / MARKET_DATA_MESSAGES_MAX + 1)

static void check(const struct line_format *context, const uint8_t *datagram,
		  size_t len)
{
	struct market_data_header header;

	if (len > MARKET_DATA_DATAGRAM_MAX ||
	    market_data_decode(datagram, len, &header) < 0 ||
	    market_data_len(header.message_count) != len ||
	    header.message_count == 0 || header.sequence != context->sequence ||
	    (header.flags & ~MARKET_DATA_BOOK_BEGINS) !=
		    (context->snapshot ? MARKET_DATA_SNAPSHOT : 0) ||
	    ((header.flags & MARKET_DATA_BOOK_BEGINS) && !context->snapshot))
		abort();
	for (unsigned int i = 0; i < header.message_count; i++) {
		struct market_data_message message =
			market_data_read(datagram, i);

		if ((message.side != 'B' && message.side != 'A') ||
		    message.type != (message.order_id	? 'W'
				     : message.quantity ? 'U'
							: 'D') ||
		    message.price > INT64_MAX || message.order_id > 9)
			abort();
	}
}

static void line_run(line_format_function *format, struct line_format *context,
		     const char *line, size_t len)
{
	uint8_t datagram[MARKET_DATA_DATAGRAM_MAX];
	ssize_t made;

	context->part = 0;
	context->line_number++;
	for (;;) {
		context->more = false;
		context->time_ns = 0;
		context->fault = context->kind = context->remark = NULL;
		context->left_out = 0;
		made = format(context, line, len, datagram, sizeof(datagram));
		if ((made < 0 && !context->fault) ||
		    (made == 0 && !context->kind) ||
		    (context->left_out > 0 && !context->remark))
			abort();
		if (made > 0) {
			check(context, datagram, (size_t)made);
			context->sequence++;
		}
		if (made <= 0 && context->part > 0)
			abort(); /* it had promised one more */
		if (made <= 0 || !context->more)
			return;
		if (++context->part > PARTS_MAX(len))
			abort();
	}
}

static void text_run(line_format_function *format, const char *text, size_t len)
{
	struct line_format context = { 0 };

	while (len > 0) {
		const char *newline = memchr(text, '\n', len);
		size_t line_len = newline ? (size_t)(newline - text) : len;

		if (line_len > 0)
			line_run(format, &context, text, line_len);
		line_len += newline != NULL;
		text += line_len;
		len -= line_len;
	}
	free(context.state);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct formatter formatter;
	size_t count = 0, sum = 0;

	text_run(line_format_auto, text, size);
	text_run(line_format_csv, text, size);
	text_run(line_format_json, text, size);
	/* One of those that are pinned, by what the input is. */
	while (dialects[count])
		count++;
	for (size_t i = 0; i < size; i++)
		sum += data[i];
	if (formatter_open(dialects[sum % count]->name, &formatter) < 0)
		abort();
	text_run(formatter.format, text, size);
	return 0;
}
