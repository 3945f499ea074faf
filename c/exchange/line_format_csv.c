/* SPDX-License-Identifier: MIT */
/* tardis' incremental_book_L2: one row, one level, one message. */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "exchange/line_format_state.h"
#include "exchange/line_time.h"
#include "wire/market_data.h"

#define FIELDS_MAX 64
#define COMMA_MAX  40 /* of a number with a decimal comma */

struct field {
	const char *at;
	size_t len;
};

#define NAMES_MAX 16

/* The best first. */
static const char *const column_names[LINE_FORMAT_COLUMNS][NAMES_MAX] = {
	[LINE_FORMAT_EXCHANGE] = { "exchange", "venue" },
	[LINE_FORMAT_SYMBOL] = { DIALECT_SYMBOL_NAMES },
	[LINE_FORMAT_TIMESTAMP] = { "timestamp", "time", "ts", "datetime",
				    "event_time", "exchange_timestamp" },
	[LINE_FORMAT_LOCAL_TIMESTAMP] = { "local_timestamp", "local_time",
					  "receive_timestamp", "received" },
	[LINE_FORMAT_IS_SNAPSHOT] = { "is_snapshot", "isSnapshot", "snapshot",
				      "is snapshot" },
	[LINE_FORMAT_SIDE] = { "side" },
	[LINE_FORMAT_PRICE] = { "price", "px", "price_level" },
	[LINE_FORMAT_AMOUNT] = { "amount", "size", "quantity", "qty", "volume",
				 "new_quantity" },
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

/* ... with blanks before it, as some write. */
static const char *quoted_find(const char *line, const char *end,
			       char separator, struct field *field)
{
	while (line < end && *line == ' ')
		line++;
	return line < end && *line == '"'
		       ? quoted_take(line, end, separator, field)
		       : NULL;
}

/* Cut a row at its separators, into at most max fields. */
static int row_split(const char *line, size_t len, char separator,
		     struct field *fields, int max)
{
	const char *end = line + len;
	int count = 0;

	while (count < max) {
		const char *next = NULL;

		if (__builtin_expect(
			    line < end && (*line == '"' || *line == ' '), 0))
			next = quoted_find(line, end, separator,
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
	       (!memcmp(field.at, text, field.len) ||
		!strncasecmp(field.at, text, field.len));
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

/* How good a name of that column it is: 0 the best, NAMES_MAX none. */
static size_t name_rank(int column, struct field field)
{
	for (size_t rank = 0; rank < NAMES_MAX && column_names[column][rank];
	     rank++)
		if (field_is(field, column_names[column][rank]))
			return rank;
	return NAMES_MAX;
}

/* Why rows with a column of that name are no levels of a book; or NULL. Trades
 * have a side, a price and an amount as well, and a number each. */
static const char *not_levels(struct field field)
{
	static const char *const numbers[] = {
		"id",	    "trade_id",	  "tradeId", "order_id",     "orderId",
		"match_id", "trdMatchID", "exec_id", "tickDirection"
	};
	static const char *const actions[] = { "action", "event", "event_type",
					       "update_type", "type" };

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		if (field_is(field, numbers[i]))
			return "its columns are those of trades or single "
			       "orders, not of a book: they have an id";
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++)
		if (field_is(field, actions[i]))
			return "its columns say of each row what it does "
			       "(action, event, type), which is not read: "
			       "expected is_snapshot, and amount 0 for a level "
			       "that is gone";
	return NULL;
}

/* What a header says of the columns. */
struct header {
	int column[LINE_FORMAT_COLUMNS]; /* -1: nowhere */
	int count;			 /* of all columns */
	size_t rank[LINE_FORMAT_COLUMNS];
	int known;	     /* columns that have a name that is known */
	const char *strange; /* not_levels() */
};

/* A row with a number in it is no header, whatever words it has: two files
 * may be joined without a newline. */
static bool columns_find(const char *line, size_t len, char separator,
			 struct header *header)
{
	struct field fields[FIELDS_MAX];
	int count = row_split(line, len, separator, fields, FIELDS_MAX);

	*header = (struct header){ .count = count };
	for (int i = 0; i < LINE_FORMAT_COLUMNS; i++) {
		header->column[i] = -1;
		header->rank[i] = NAMES_MAX;
	}
	for (int at = 0; at < count; at++) {
		struct field field = field_trimmed(fields[at]);

		if (is_number(field))
			return false;
		if (!header->strange)
			header->strange = not_levels(field);
		for (int i = 0; i < LINE_FORMAT_COLUMNS; i++) {
			const size_t rank = name_rank(i, field);

			header->known += rank < NAMES_MAX;
			if (rank >= header->rank[i])
				continue;
			header->rank[i] = rank;
			header->column[i] = at;
		}
	}
	return true;
}

static bool is_whole(const struct header *header)
{
	return header->column[LINE_FORMAT_SIDE] >= 0 &&
	       header->column[LINE_FORMAT_PRICE] >= 0 &&
	       header->column[LINE_FORMAT_AMOUNT] >= 0;
}

static void header_take(struct line_format_state *state,
			const struct header *header, char separator)
{
	memcpy(state->column, header->column, sizeof(state->column));
	state->column_last = 0;
	for (int i = 0; i < LINE_FORMAT_COLUMNS; i++)
		if (state->column[i] > state->column_last)
			state->column_last = state->column[i];
	state->column_count = header->count;
	state->separator = separator;
	state->columns_fault = NULL;
	state->decimal_comma = state->decimal_point = false;
}

/*
 * Learn where the columns are, and what parts them, if the line is a header:
 * 1. A header whose rows can't be read is bad, and so are they, until there
 * is one whose rows can: -EBADMSG with the fault. 0: it is no header.
 */
static int header_read(struct line_format *context, const char *line,
		       size_t len)
{
	static const char separators[] = { ',', ';', '\t', '|' };
	struct line_format_state *state = context->state;
	struct header header;

	for (size_t i = 0; i < sizeof(separators); i++) {
		if (!columns_find(line, len, separators[i], &header))
			continue;
		if (is_whole(&header) &&
		    (!header.strange ||
		     header.column[LINE_FORMAT_IS_SNAPSHOT] >= 0)) {
			header_take(state, &header, separators[i]);
			return 1;
		}
		/* Behind rows it takes more to make them strangers. */
		if (header.known < (state->count == 0 ? 1 : 2))
			continue;
		state->columns_fault =
			is_whole(&header)
				? header.strange
				: "its columns are not known: expected side, "
				  "price and amount, and symbol, timestamp "
				  "and is_snapshot where there are any";
		context->fault = state->columns_fault;
		return -EBADMSG;
	}
	return 0;
}

static const char *header_kind(const struct line_format_state *state)
{
	return state->column[LINE_FORMAT_SYMBOL] >= 0
		       ? "headers"
		       : "headers that name no symbol: all rows are of one "
			 "book";
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
	if (exchange->at)
		memcpy(text, exchange->at, exchange->len);
	text[exchange->len] = ',';
	if (symbol->at)
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

/* "60001,5", where ; parts the columns as in those countries' spreadsheets. */
static struct field comma_field(struct field field, char text[static COMMA_MAX])
{
	char *comma;

	if (field.len == 0 || field.len > COMMA_MAX)
		return field;
	memcpy(text, field.at, field.len);
	comma = memchr(text, ',', field.len);
	if (comma)
		*comma = '.';
	return (struct field){ text, field.len };
}

static bool has(struct field field, char c)
{
	return field.len > 0 && memchr(field.at, c, field.len);
}

/* The numbers of a row whose columns ; parts: in all of a feed a comma parts
 * the decimals, or in all a point. "60.001" is sixty thousand in the former. */
static int spreadsheet_level_read(struct line_format *context,
				  struct field price, struct field amount,
				  struct market_data_message *message)
{
	struct line_format_state *state = context->state;
	const bool comma = has(price, ',') || has(amount, ',');
	const bool point = has(price, '.') || has(amount, '.');
	char texts[2][COMMA_MAX];
	int err;

	if ((comma && (point || state->decimal_point)) ||
	    (point && state->decimal_comma)) {
		context->fault = "its feed has numbers with a comma and "
				 "numbers with a point: which of them parts "
				 "decimals can't be told";
		return -EBADMSG;
	}
	price = comma_field(price, texts[0]);
	amount = comma_field(amount, texts[1]);
	err = line_format_state_level(price.at, price.len, amount.at,
				      amount.len, message, &context->fault);
	state->decimal_comma |= comma && !err;
	state->decimal_point |= point && !err;
	return err;
}

static int level_read(struct line_format *context, struct field price,
		      struct field amount, struct market_data_message *message)
{
	const struct line_format_state *state = context->state;

	if (__builtin_expect(state->separator == ';', 0))
		return spreadsheet_level_read(context, price, amount, message);
	return line_format_state_level(price.at, price.len, amount.at,
				       amount.len, message, &context->fault);
}

/* Thousands that are parted by what parts columns, "60,001.5", make more of
 * them than the header has; a separator at the end of a row does not. */
static bool has_too_many(const struct line_format_state *state,
			 const struct field *fields, int count)
{
	return count > state->column_count &&
	       (count > state->column_count + 1 || fields[count - 1].len > 0);
}

/* A row in the known columns. 0, -ERANGE or another errno with the fault. */
static int row_read(struct line_format *context, const char *line, size_t len,
		    struct market_data_message *message)
{
	const struct line_format_state *state = context->state;
	/* One more, which stands for all columns that are nowhere. */
	struct field fields[FIELDS_MAX + 1];
	struct field wanted[LINE_FORMAT_COLUMNS];
	int err, id, count;

	if (__builtin_expect(state->columns_fault != NULL, 0)) {
		context->fault = state->columns_fault;
		return -EBADMSG;
	}
	count = row_split(line, len, state->separator, fields, FIELDS_MAX);
	if (count <= state->column_last) {
		context->fault = "it has too few columns";
		return -EBADMSG;
	}
	if (__builtin_expect(has_too_many(state, fields, count), 0)) {
		context->fault = "it has more columns than its header, or than "
				 "tardis' rows where there is none";
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
	err = level_read(context, wanted[LINE_FORMAT_PRICE],
			 wanted[LINE_FORMAT_AMOUNT], message);
	if (err)
		return err;
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

/* Without a header the order is tardis'. */
static void columns_assume(struct line_format_state *state)
{
	for (int i = 0; i < LINE_FORMAT_COLUMNS; i++)
		state->column[i] = i;
	state->column_last = LINE_FORMAT_COLUMNS - 1;
	state->column_count = LINE_FORMAT_COLUMNS;
	state->separator = ',';
}

/* "sep=;": a spreadsheet's word to the next one. The header tells as well. */
static bool is_separator(const char *line, size_t len)
{
	return len == 5 && !memcmp(line, "sep=", 4);
}

/* A line that is no row: a header, perhaps. Files put behind each other bring
 * theirs again. */
static int other_read(struct line_format *context, const char *line, size_t len,
		      int err)
{
	const char *fault = context->fault;
	const int rc = header_read(context, line, len);

	if (rc > 0 || is_separator(line, len)) {
		context->fault = NULL;
		context->kind = rc > 0 ? header_kind(context->state)
				       : "sep= of spreadsheets";
		return 0;
	}
	/* A level of it, not all of it. */
	context->snapshot = false;
	if (rc == 0)
		context->fault = fault;
	return err;
}

static ssize_t row_write(struct line_format *context,
			 const struct market_data_message *message,
			 uint8_t *datagram, size_t size)
{
	struct market_data_header header = {
		.sequence = context->sequence,
		.message_count = 1,
	};

	if (size < market_data_len(1))
		return -ENOSPC;
	header.flags = line_format_state_flags(context, message->symbol_id);
	market_data_write_header(datagram, &header);
	market_data_write(datagram, 0, message);
	return (ssize_t)market_data_len(1);
}

ssize_t line_format_csv(struct line_format *context, const char *line,
			size_t line_len, uint8_t *datagram, size_t size)
{
	struct market_data_message message = { 0 };
	int err = line_format_state_make(context);
	struct line_format_state *state = context->state;

	if (err)
		return err;
	if (__builtin_expect(state->column_last < 0, 0)) {
		columns_assume(state);
		if (header_read(context, line, line_len) > 0) {
			context->kind = header_kind(state);
			return 0;
		}
	}
	err = row_read(context, line, line_len, &message);
	if (__builtin_expect(err == 0, 1))
		return row_write(context, &message, datagram, size);
	if (err != -ERANGE)
		return other_read(context, line, line_len, err);
	context->left_out = 1;
	context->remark = context->fault;
	context->fault = NULL;
	context->kind = "lines whose levels are all left out";
	return 0;
}
