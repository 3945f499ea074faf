/* SPDX-License-Identifier: MIT */
/* JSON lines, one message a line, in a dialect (exchange/dialect.h). */
#include <errno.h>
#include <string.h>

#include "exchange/line_format_state.h"
#include "exchange/line_time.h"

enum walk_item { WALK_END, WALK_BOOK, WALK_LEVEL, WALK_LEFT_OUT };

static int bad(struct line_format *context, const char *fault)
{
	context->fault = fault;
	return -EBADMSG;
}

/* Come to a book: its symbol, its time, its lists. */
static int book_open(struct line_format *context, struct line_format_walk *walk,
		     const struct json_members *members)
{
	const struct dialect *dialect = walk->dialect;
	struct json_value value, symbol = { .len = 0 };
	int id;

	if (dialect->symbol_name &&
	    json_members_find(members, dialect->symbol_name, &value) &&
	    value.type == JSON_STRING)
		symbol = value;
	if (!walk->time_ns && dialect->time_name &&
	    json_members_find(members, dialect->time_name, &value))
		walk->time_ns = line_time(value.text, value.len);
	walk->list = walk->list_count = 0;
	walk->level_cursor = NULL;
	for (const struct dialect_list *list = walk->dialect_lists; list->name;
	     list++) {
		if (!json_members_find(members, list->name, &value) ||
		    value.type == JSON_NULL)
			continue;
		if (value.type != JSON_ARRAY)
			return bad(context, "its levels are not an array");
		walk->lists[walk->list_count].levels = value;
		walk->lists[walk->list_count++].list = list;
	}
	if (walk->list_count == 0)
		return bad(context, "one of its books has no levels where its "
				    "dialect has them");
	id = line_format_symbol_find(context, dialect, &walk->exchange,
				     walk->symbol.len > 0 ? &walk->symbol
							  : &symbol);
	if (id >= 0)
		walk->symbol_id = (uint16_t)id;
	return id < 0 ? id : 0;
}

static int level_parts(const struct dialect_list *list,
		       const struct json_value *level, struct json_value *price,
		       struct json_value *amount, struct json_value *side)
{
	struct json_value parts[3];
	const size_t wanted = list->amount_at + 1U;
	const char *cursor = NULL;

	if (list->price_name) {
		if (!json_member(level, list->price_name, price) ||
		    !json_member(level, list->amount_name, amount) ||
		    (list->side_name &&
		     !json_member(level, list->side_name, side)))
			return -EBADMSG;
		return 0;
	}
	for (size_t i = 0; i < wanted; i++)
		if (!json_element(level, &cursor, &parts[i]))
			return -EBADMSG;
	*price = parts[list->price_at];
	*amount = parts[list->amount_at];
	*side = parts[list->side_at];
	return 0;
}

static bool is_plain(const struct json_value *value)
{
	return value->type == JSON_NUMBER || value->type == JSON_STRING;
}

static int level_read(struct line_format *context,
		      const struct line_format_walk *walk,
		      const struct json_value *level,
		      struct market_data_message *message)
{
	const struct dialect_list *list = walk->lists[walk->list].list;
	struct json_value price, amount, side;
	const char *why;
	int err;

	if (level_parts(list, level, &price, &amount, &side) < 0)
		return bad(context, "a level lacks its price or amount");
	message->symbol_id = walk->symbol_id;
	message->side = (uint8_t)list->side;
	if (!list->side)
		message->side =
			(uint8_t)line_format_state_side(side.text, side.len);
	if (!message->side)
		return bad(context, "a level's side is neither buy nor sell");
	if (!is_plain(&price) || !is_plain(&amount))
		return bad(context,
			   "a level's price or amount is not a number");
	err = line_format_state_level(price.text, price.len, amount.text,
				      amount.len, message, &why);
	if (err == -ERANGE) {
		context->remark = why;
		return WALK_LEFT_OUT;
	}
	return err ? bad(context, why) : WALK_LEVEL;
}

/* The next book of an array of them. */
static int book_next(struct line_format *context, struct line_format_walk *walk)
{
	struct json_members members;
	struct json_value book;
	int err;

	if (walk->books.type != JSON_ARRAY ||
	    !json_element(&walk->books, &walk->book_cursor, &book))
		return WALK_END;
	if (book.type != JSON_OBJECT)
		return bad(context, "a book in it is not an object");
	json_members(&book, &members);
	err = book_open(context, walk, &members);
	return err ? err : WALK_BOOK;
}

/* Asked for anew each time: a symbol may move the state. */
static struct line_format_recent *recent_of(struct line_format *context)
{
	struct line_format_state *state = context->state;

	return &state->recent;
}

/* What comes next: enum walk_item, or a negative errno. */
static int walk_next(struct line_format *context, struct line_format_walk *walk,
		     struct market_data_message *message)
{
	struct json_value level;

	if (walk->book_is_next) {
		walk->book_is_next = false;
		return WALK_BOOK;
	}
	while (walk->list < walk->list_count) {
		if (json_element(&walk->lists[walk->list].levels,
				 &walk->level_cursor, &level))
			return level_read(context, walk, &level, message);
		walk->list++;
		walk->level_cursor = NULL;
	}
	if (walk->snapshot && walk->update_id > 0 &&
	    line_format_recent_next(recent_of(context), walk->symbol_id,
				    walk->update_id, &walk->recent, message))
		return WALK_LEVEL;
	return book_next(context, walk);
}

static struct line_format_symbol *symbol_of(struct line_format *context,
					    const struct line_format_walk *walk)
{
	struct line_format_state *state = context->state;

	return &state->symbols[walk->symbol_id];
}

/* Changes that a snapshot has already are not to be made again: venues tell
 * which by a number. */
static bool is_stale(struct line_format *context,
		     const struct line_format_walk *walk)
{
	return !walk->snapshot && walk->update_id > 0 &&
	       walk->update_id <= symbol_of(context, walk)->update_id;
}

/* The line goes out: what its number is to say to later ones. */
static void update_note(struct line_format *context,
			const struct line_format_walk *walk)
{
	struct line_format_symbol *symbol = symbol_of(context, walk);

	if (!walk->update_id)
		return;
	if (!walk->snapshot) {
		symbol->change_id = walk->update_id;
		return;
	}
	symbol->update_id = walk->update_id;
	if (symbol->change_id > walk->update_id && !context->remark &&
	    !line_format_recent_whole(recent_of(context), walk->symbol_id,
				      walk->update_id))
		context->remark = "a snapshot is older than changes before it, "
				  "and than those that are kept: some are "
				  "undone until the venue tells them again";
}

/* A line in front of its first book. 1 when it has books, 0 when it is
 * skipped, or a negative errno. */
static int walk_start(struct line_format *context,
		      struct line_format_walk *walk,
		      const struct dialect *dialect, struct dialect_line *line)
{
	struct line_format_state *state = context->state;
	enum dialect_answer answer;

	dialect = dialect_read(dialect, state->dialect, line, &answer);
	context->snapshot = line->snapshot;
	if (dialect) {
		context->dialect = dialect->name;
		state->dialect = dialect;
	}
	if (answer == DIALECT_BAD)
		return bad(context, line->why);
	if (answer == DIALECT_SKIP) {
		context->kind = line->why;
		return 0;
	}
	walk->dialect = dialect;
	walk->dialect_lists = line->lists;
	walk->books = line->books;
	walk->exchange = line->exchange;
	walk->symbol = line->symbol;
	walk->snapshot = line->snapshot;
	walk->update_id = line->update_id;
	walk->book_cursor = walk->level_cursor = NULL;
	walk->list = walk->list_count = 0;
	walk->book_is_next = false;
	walk->recent = 0;
	if (!walk->time_ns && line->time.len > 0)
		walk->time_ns = line_time(line->time.text, line->time.len);
	return 1;
}

/* The only book of a line that is or wraps one. */
static int only_book(struct line_format *context, struct line_format_walk *walk,
		     const struct dialect_line *line)
{
	struct json_members members;
	int err;

	if (walk->books.type != JSON_OBJECT)
		return 1;
	if (walk->books.text == line->object.text) {
		err = book_open(context, walk, &line->members);
	} else {
		json_members(&walk->books, &members);
		err = book_open(context, walk, &members);
	}
	if (err)
		return err;
	walk->book_is_next = true;
	if (!is_stale(context, walk))
		return 1;
	context->kind = "changes that the snapshot has already";
	return 0;
}

size_t line_format_time_len(const char *line, size_t len)
{
	size_t i = 0;

	if (len < 21 || line[4] != '-' || line[7] != '-' || line[10] != 'T')
		return 0;
	while (i < len && i < 40 && line[i] != ' ')
		i++;
	if (i + 1 >= len || (line[i + 1] != '{' && line[i + 1] != '[') ||
	    !line_time(line, i))
		return 0;
	return i;
}

/* Lines of a JSON array that is written one element a line: "[", "{...},",
 * "]". True for those without an element. */
static bool array_unwrap(const char **line, size_t *len)
{
	while (*len > 0 && (**line == ' ' || **line == '\t'))
		(*line)++, (*len)--;
	while (*len > 0 &&
	       ((*line)[*len - 1] == ' ' || (*line)[*len - 1] == '\t'))
		(*len)--;
	if (*len == 1 && (**line == '[' || **line == ']'))
		return true;
	if (*len > 2 && (*line)[*len - 1] == ',' && (*line)[*len - 2] == '}')
		(*len)--;
	return false;
}

/* The first part of a line: 1 to go on, 0 to skip, or a negative errno. */
static int line_start(struct line_format *context,
		      struct line_format_walk *walk,
		      const struct dialect *dialect, const char *text,
		      size_t len)
{
	struct dialect_line line;
	const size_t time_len = line_format_time_len(text, len);
	int rc;

	context->left_out = 0;
	walk->time_ns = time_len > 0 ? line_time(text, time_len) : 0;
	text += time_len;
	len -= time_len;
	if (array_unwrap(&text, &len)) {
		context->kind = "brackets of an array";
		return 0;
	}
	if (json_parse(text, len, &line.object) < 0 ||
	    (line.object.type != JSON_OBJECT && line.object.type != JSON_ARRAY))
		return bad(context, "it is not a JSON object");
	rc = walk_start(context, walk, dialect, &line);
	if (rc <= 0)
		return rc;
	/* What the dialect has made lives as long as the walk. */
	if (walk->symbol.text == line.text) {
		memcpy(walk->symbol_text, line.text, sizeof(line.text));
		walk->symbol.text = walk->symbol_text;
	}
	return only_book(context, walk, &line);
}

/* Is all that is left good? Says whether there is any: nothing of a bad line
 * is to go out, so the first part looks at the others. */
static int rest_check(struct line_format *context, struct line_format_walk walk)
{
	const bool first = context->part == 0;
	struct market_data_message message;
	bool more = false;
	int rc;

	for (;;) {
		rc = walk_next(context, &walk, &message);
		if (rc <= WALK_END)
			return rc < 0 ? rc : more;
		more = more || rc == WALK_LEVEL ||
		       (rc == WALK_BOOK && walk.snapshot);
		if (first && rc == WALK_LEFT_OUT)
			context->left_out++;
		if (!first && more)
			return true;
	}
}

/* A whole book that has no level: a message that removes one that is not
 * there says whose it is. */
static void empty_write(uint8_t *datagram, struct market_data_header *header,
			uint16_t symbol_id)
{
	const struct market_data_message message = {
		.type = MARKET_DATA_DELETE,
		.side = MARKET_DATA_BID,
		.symbol_id = symbol_id,
	};

	market_data_write(datagram, header->message_count++, &message);
}

/* One datagram's worth of the walk. 0 or a negative errno. */
static int fill(struct line_format *context, struct line_format_walk *walk,
		uint8_t *datagram, size_t size,
		struct market_data_header *header)
{
	struct market_data_message message;

	while (header->message_count < MARKET_DATA_MESSAGES_MAX &&
	       market_data_len(header->message_count + 1U) <= size) {
		const uint16_t symbol_id = walk->symbol_id;
		const int rc = walk_next(context, walk, &message);
		const bool begun = header->flags & MARKET_DATA_BOOK_BEGINS;

		if (rc < 0)
			return rc;
		if (rc == WALK_LEVEL) {
			market_data_write(datagram, header->message_count++,
					  &message);
			if (walk->update_id > 0 && !walk->snapshot)
				line_format_recent_add(recent_of(context),
						       walk->update_id,
						       &message);
		} else if (rc == WALK_LEFT_OUT && context->part == 0) {
			context->left_out++;
		}
		if (rc == WALK_LEVEL || rc == WALK_LEFT_OUT ||
		    (rc == WALK_BOOK && !walk->snapshot))
			continue;
		if (begun && header->message_count == 0)
			empty_write(datagram, header, symbol_id);
		if (rc == WALK_END)
			return 0;
		/* A whole book begins, in a datagram of its own. */
		if (header->message_count > 0) {
			walk->book_is_next = true;
			return 0;
		}
		header->flags |= MARKET_DATA_BOOK_BEGINS;
	}
	return 0;
}

ssize_t line_format_dialect(const struct dialect *dialect,
			    struct line_format *context, const char *line,
			    size_t line_len, uint8_t *datagram, size_t size)
{
	struct market_data_header header = { .sequence = context->sequence };
	struct line_format_walk walk;
	uint64_t recent_count;
	int rc = line_format_state_make(context);

	if (rc)
		return rc;
	walk = ((struct line_format_state *)context->state)->walk;
	if (context->part == 0) {
		rc = line_start(context, &walk, dialect, line, line_len);
		if (rc <= 0)
			return rc;
	}
	recent_count = recent_of(context)->count;
	if (walk.snapshot)
		header.flags = MARKET_DATA_SNAPSHOT;
	rc = fill(context, &walk, datagram, size, &header);
	if (rc == 0)
		rc = rest_check(context, walk);
	if (rc < 0) {
		recent_of(context)->count = recent_count;
		return rc;
	}
	if (header.message_count == 0) {
		context->kind = context->left_out
					? "lines whose levels are all left out"
					: "changes of nothing";
		return 0;
	}
	if (context->part == 0)
		update_note(context, &walk);
	context->more = rc > 0;
	context->time_ns = walk.time_ns;
	((struct line_format_state *)context->state)->walk = walk;
	market_data_write_header(datagram, &header);
	return (ssize_t)market_data_len(header.message_count);
}

ssize_t line_format_json(struct line_format *context, const char *line,
			 size_t line_len, uint8_t *datagram, size_t size)
{
	return line_format_dialect(NULL, context, line, line_len, datagram,
				   size);
}
