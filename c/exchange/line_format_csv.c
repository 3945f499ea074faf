/* SPDX-License-Identifier: MIT */
/* tardis' incremental_book_L2: one row, one level, one message. */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "exchange/line_format_state.h"
#include "exchange/line_time.h"
#include "wire/market_data.h"

#define FIELDS_MAX 64

struct field {
	const char *at;
	size_t len;
};

static const char *const column_names[LINE_FORMAT_COLUMNS] = {
	[LINE_FORMAT_EXCHANGE] = "exchange",
	[LINE_FORMAT_SYMBOL] = "symbol",
	[LINE_FORMAT_TIMESTAMP] = "timestamp",
	[LINE_FORMAT_LOCAL_TIMESTAMP] = "local_timestamp",
	[LINE_FORMAT_IS_SNAPSHOT] = "is_snapshot",
	[LINE_FORMAT_SIDE] = "side",
	[LINE_FORMAT_PRICE] = "price",
	[LINE_FORMAT_AMOUNT] = "amount",
};

/* A field in quotes, which may hold separators ("" is left as it is: no
 * column that is read has one). */
static const char *quoted_take(const char *line, const char *end,
			       char separator, struct field *field)
{
	const char *quote = memchr(line + 1, '"', (size_t)(end - line - 1));

	if (!quote || (quote + 1 < end && quote[1] != separator))
		return NULL;
	field->at = line + 1;
	field->len = (size_t)(quote - line - 1);
	return quote + 1;
}

/* Cut a row at its separators, into at most max fields. */
static int row_split(const char *line, size_t len, char separator,
		     struct field *fields, int max)
{
	const char *end = line + len;
	int count = 0;

	while (count < max) {
		const char *next = NULL;

		if (__builtin_expect(line < end && *line == '"', 0))
			next = quoted_take(line, end, separator,
					   &fields[count]);
		if (!next) {
			next = memchr(line, separator, (size_t)(end - line));
			next = next ? next : end;
			fields[count].at = line;
			fields[count].len = (size_t)(next - line);
		}
		count++;
		if (next == end)
			break;
		line = next + 1;
	}
	return count;
}

static bool field_is(struct field field, const char *text)
{
	return field.len == strlen(text) &&
	       !strncasecmp(field.at, text, field.len);
}

static struct field field_trimmed(struct field field)
{
	while (field.len > 0 && *field.at == ' ')
		field.at++, field.len--;
	while (field.len > 0 && field.at[field.len - 1] == ' ')
		field.len--;
	return field;
}

static bool is_number(struct field field)
{
	return field.len > 0 && ((*field.at >= '0' && *field.at <= '9') ||
				 *field.at == '-' || *field.at == '.');
}

/* Where each column is, by its name; -1: nowhere. A row with a number in it is
 * no header, whatever words it has: two files may be joined without a newline.
 */
static bool columns_find(const char *line, size_t len, char separator,
			 int column[static LINE_FORMAT_COLUMNS])
{
	struct field fields[FIELDS_MAX];
	int count = row_split(line, len, separator, fields, FIELDS_MAX);

	for (int i = 0; i < LINE_FORMAT_COLUMNS; i++)
		column[i] = -1;
	for (int at = count - 1; at >= 0; at--) {
		struct field field = field_trimmed(fields[at]);

		if (is_number(field))
			return false;
		for (int i = 0; i < LINE_FORMAT_COLUMNS; i++)
			if (field_is(field, column_names[i]) ||
			    (i == LINE_FORMAT_IS_SNAPSHOT &&
			     (field_is(field, "snapshot") ||
			      field_is(field, "isSnapshot"))))
				column[i] = at;
	}
	return column[LINE_FORMAT_SIDE] >= 0 &&
	       column[LINE_FORMAT_PRICE] >= 0 &&
	       column[LINE_FORMAT_AMOUNT] >= 0;
}

/* Learn where the columns are, and what parts them, if the line is a header. */
static bool header_read(struct line_format_state *state, const char *line,
			size_t len)
{
	static const char separators[] = { ',', ';', '\t', '|' };
	int column[LINE_FORMAT_COLUMNS], last = 0;

	for (size_t i = 0; i < sizeof(separators); i++) {
		if (!columns_find(line, len, separators[i], column))
			continue;
		for (int j = 0; j < LINE_FORMAT_COLUMNS; j++)
			last = column[j] > last ? column[j] : last;
		memcpy(state->column, column, sizeof(column));
		state->column_last = last;
		state->separator = separators[i];
		return true;
	}
	return false;
}

static int symbol_read(struct line_format *context,
		       const struct field *exchange, const struct field *symbol)
{
	char text[LINE_FORMAT_SYMBOL_LEN + 1];
	size_t len = exchange->len + 1 + symbol->len;

	/* In tardis' order the two stand in the line as they are kept. */
	if (exchange->at && symbol->at == exchange->at + exchange->len + 1)
		return line_format_state_symbol(context, exchange->at, len);
	if (len > LINE_FORMAT_SYMBOL_LEN)
		/* It is refused for its length, whatever is in it. */
		return line_format_state_symbol(context, text, len);
	if (exchange->len > 0)
		memcpy(text, exchange->at, exchange->len);
	text[exchange->len] = ',';
	if (symbol->len > 0)
		memcpy(text + exchange->len + 1, symbol->at, symbol->len);
	return line_format_state_symbol(context, text, len);
}

/* Without the column, or with nothing in it, no row is a snapshot's. */
static int snapshot_read(struct field field, bool *snapshot)
{
	if (__builtin_expect(field.len == 5 && !memcmp(field.at, "false", 5),
			     1)) {
		*snapshot = false;
		return 0;
	}
	field = field_trimmed(field);
	*snapshot = field_is(field, "true") || field_is(field, "t") ||
		    field_is(field, "1");
	return *snapshot || field.len == 0 || field_is(field, "false") ||
			       field_is(field, "f") || field_is(field, "0")
		       ? 0
		       : -EBADMSG;
}

/* A row in the known columns. 0, or -EBADMSG with the fault. */
static int row_read(struct line_format *context, const char *line, size_t len,
		    struct market_data_message *message)
{
	const struct line_format_state *state = context->state;
	/* One more, which stands for all columns that are nowhere. */
	struct field fields[FIELDS_MAX + 1];
	struct field wanted[LINE_FORMAT_COLUMNS];
	const char *why;
	int err, id,
		count = row_split(line, len, state->separator, fields,
				  state->column_last + 1);

	if (count <= state->column_last) {
		context->fault = "it has too few columns";
		return -EBADMSG;
	}
	fields[FIELDS_MAX] = (struct field){ NULL, 0 };
	for (int i = 0; i < LINE_FORMAT_COLUMNS; i++)
		wanted[i] = fields[state->column[i] < 0 ? FIELDS_MAX
							: state->column[i]];
	if (snapshot_read(wanted[LINE_FORMAT_IS_SNAPSHOT], &context->snapshot) <
	    0) {
		context->fault = "its is_snapshot is neither true nor false";
		return -EBADMSG;
	}
	message->side = (uint8_t)line_format_state_side(
		wanted[LINE_FORMAT_SIDE].at, wanted[LINE_FORMAT_SIDE].len);
	if (!message->side) {
		context->fault = "its side is neither bid nor ask";
		return -EBADMSG;
	}
	err = line_format_state_level(
		wanted[LINE_FORMAT_PRICE].at, wanted[LINE_FORMAT_PRICE].len,
		wanted[LINE_FORMAT_AMOUNT].at, wanted[LINE_FORMAT_AMOUNT].len,
		message, &why);
	if (err) {
		context->fault = why;
		return err;
	}
	context->time_ns = line_time(wanted[LINE_FORMAT_LOCAL_TIMESTAMP].at,
				     wanted[LINE_FORMAT_LOCAL_TIMESTAMP].len);
	if (!context->time_ns)
		context->time_ns = line_time(wanted[LINE_FORMAT_TIMESTAMP].at,
					     wanted[LINE_FORMAT_TIMESTAMP].len);
	id = symbol_read(context, &wanted[LINE_FORMAT_EXCHANGE],
			 &wanted[LINE_FORMAT_SYMBOL]);
	if (id < 0)
		return id;
	message->symbol_id = (uint16_t)id;
	return 0;
}

/* The first line is a header or, without one, in tardis' order. */
static bool first_line_is_header(struct line_format_state *state,
				 const char *line, size_t len)
{
	if (header_read(state, line, len))
		return true;
	for (int i = 0; i < LINE_FORMAT_COLUMNS; i++)
		state->column[i] = i;
	state->column_last = LINE_FORMAT_COLUMNS - 1;
	state->separator = ',';
	return false;
}

ssize_t line_format_csv(struct line_format *context, const char *line,
			size_t line_len, uint8_t *datagram, size_t size)
{
	struct market_data_header header = {
		.sequence = context->sequence,
		.message_count = 1,
	};
	struct market_data_message message = { 0 };
	int err = line_format_state_make(context);
	struct line_format_state *state = context->state;

	if (err)
		return err;
	if (__builtin_expect(state->column_last < 0, 0) &&
	    first_line_is_header(state, line, line_len)) {
		context->kind = "headers";
		return 0;
	}
	err = row_read(context, line, line_len, &message);
	if (err == -ERANGE) {
		context->left_out = 1;
		context->remark = context->fault;
		context->fault = NULL;
		context->kind = "lines whose levels are all left out";
		return 0;
	}
	if (err) {
		/* Files put behind each other bring their header again. */
		if (header_read(context->state, line, line_len)) {
			context->kind = "headers";
			return 0;
		}
		/* A level of it, not all of it. */
		context->snapshot = false;
		return err;
	}
	if (size < market_data_len(1))
		return -ENOSPC;
	header.flags = line_format_state_flags(context, message.symbol_id);
	market_data_write_header(datagram, &header);
	market_data_write(datagram, 0, &message);
	return (ssize_t)market_data_len(1);
}
