/* SPDX-License-Identifier: MIT */
/* The symbol of a book that a JSON line is of. */
#include <errno.h>
#include <string.h>

#include "exchange/line_format_state.h"

static int bad(struct line_format *context, const char *fault)
{
	context->fault = fault;
	return -EBADMSG;
}

static struct line_format_nameless *nameless_of(struct line_format *context,
						const struct dialect *dialect)
{
	struct line_format_state *state = context->state;
	size_t i = 0;

	while (dialects[i] != dialect)
		i++;
	return &state->nameless[i];
}

/* A line without a symbol is of the only one that its dialect has told, or
 * will tell. */
static int nameless_find(struct line_format *context,
			 const struct dialect *dialect)
{
	const char *name = dialect->name;
	struct line_format_nameless *nameless = nameless_of(context, dialect);
	int id;

	if (nameless->named > 1)
		return bad(context, "it names no symbol, and the feed has "
				    "several");
	if (nameless->named == 1)
		return nameless->only;
	if (nameless->used)
		return nameless->id;
	id = line_format_state_symbol(context, name, strlen(name));
	if (id < 0)
		return id;
	/* The state may have moved. */
	nameless = nameless_of(context, dialect);
	nameless->used = true;
	nameless->id = (uint16_t)id;
	return id;
}

/* A symbol that has a name: the first takes over what had none. */
static int named_find(struct line_format *context,
		      const struct dialect *dialect, const char *text,
		      size_t len)
{
	struct line_format_nameless *nameless = nameless_of(context, dialect);
	struct line_format_state *state = context->state;
	const uint32_t before = state->count;
	int id;

	if (nameless->used && nameless->named == 1 &&
	    line_format_state_is(context, nameless->only, text, len))
		return nameless->only;
	if (nameless->used && nameless->named == 1)
		return bad(context, "a line before named no symbol, and now "
				    "the feed has several: whose it was is not "
				    "known");
	if (nameless->used && nameless->named == 0) {
		nameless->named = 1;
		nameless->only = nameless->id;
		return line_format_state_rename(context, nameless->id, text,
						len);
	}
	id = line_format_state_symbol(context, text, len);
	state = context->state;
	if (id >= 0 && state->count > before) {
		nameless = nameless_of(context, dialect);
		if (nameless->named++ == 0)
			nameless->only = (uint16_t)id;
	}
	return id;
}

int line_format_symbol_find(struct line_format *context,
			    const struct dialect *dialect,
			    const struct json_value *exchange,
			    const struct json_value *symbol)
{
	const bool told = exchange->len > 0;
	const size_t len = told ? exchange->len : strlen(dialect->name);
	char text[LINE_FORMAT_SYMBOL_LEN + 1];

	if (symbol->len == 0 && !told)
		return nameless_find(context, dialect);
	if (len + 1 + symbol->len > LINE_FORMAT_SYMBOL_LEN)
		return bad(context, "its symbol is longer than 63 bytes");
	memcpy(text, told ? exchange->text : dialect->name, len);
	text[len] = ',';
	if (symbol->len > 0)
		memcpy(text + len + 1, symbol->text, symbol->len);
	if (told)
		return line_format_state_symbol(context, text,
						len + 1 + symbol->len);
	return named_find(context, dialect, text, len + 1 + symbol->len);
}
