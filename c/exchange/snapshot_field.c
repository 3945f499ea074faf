/* SPDX-License-Identifier: MIT */
#include "exchange/snapshot_field.h"

#include <limits.h>
#include <string.h>
#include <strings.h>

#define TARDIS_COLUMN  4
#define TARDIS_COLUMNS 8

struct text {
	const char *at;
	const char *end;
};

static bool text_is(struct text text, const char *word)
{
	size_t len = strlen(word);

	return (size_t)(text.end - text.at) == len &&
	       strncasecmp(text.at, word, len) == 0;
}

static bool is_name(struct text text)
{
	return text_is(text, "is_snapshot") || text_is(text, "isSnapshot") ||
	       text_is(text, "snapshot");
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t';
}

static struct text trimmed(struct text text)
{
	while (text.at < text.end && is_space(*text.at))
		text.at++;
	while (text.at < text.end && is_space(text.end[-1]))
		text.end--;
	if (text.end - text.at >= 2 && *text.at == '"' && text.end[-1] == '"') {
		text.at++;
		text.end--;
	}
	return text;
}

/* The next column of *rest, which is cut off it; false when none is left. */
static bool column_next(struct text *rest, struct text *column)
{
	const char *comma;

	if (!rest->at)
		return false;
	comma = memchr(rest->at, ',', (size_t)(rest->end - rest->at));
	column->at = rest->at;
	column->end = comma ? comma : rest->end;
	rest->at = comma ? comma + 1 : NULL;
	return true;
}

static bool is_number(struct text text)
{
	return text.at < text.end && ((*text.at >= '0' && *text.at <= '9') ||
				      *text.at == '-' || *text.at == '.');
}

/* Learn the column from a header, or from a row in tardis' order. A line with
 * a number in it is a row, whatever words it has: no header. */
static bool columns_learn(struct snapshot_field *field, struct text line)
{
	struct text rest = line, column;
	unsigned int count = 0, named = UINT_MAX;
	bool tardis = false, header = true;

	for (; column_next(&rest, &column); count++) {
		column = trimmed(column);
		if (named == UINT_MAX && is_name(column))
			named = count;
		if (is_number(column))
			header = false;
		if (count == TARDIS_COLUMN)
			tardis = text_is(column, "true") ||
				 text_is(column, "false");
	}
	if (header && named != UINT_MAX) {
		field->is_csv = true;
		field->column = named;
		return true;
	}
	if (!tardis || count != TARDIS_COLUMNS)
		return false;
	field->is_csv = true;
	field->column = TARDIS_COLUMN;
	return true;
}

static bool in_csv(struct snapshot_field *field, struct text line)
{
	struct text rest = line, value = line;

	for (unsigned int i = 0; i <= field->column; i++)
		if (!column_next(&rest, &value))
			return false;
	if (value.end - value.at == 4 && !memcmp(value.at, "true", 4))
		return true;
	if (value.end - value.at == 5 && !memcmp(value.at, "false", 5))
		return false;
	value = trimmed(value);
	if (text_is(value, "true") || text_is(value, "1"))
		return true;
	/* Files put behind each other bring their header again. */
	columns_learn(field, line);
	return false;
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_' || c == '-';
}

/* Cut the string in quotes, or the word, off the front of *rest. */
static bool token_next(struct text *rest, bool dots, struct text *token)
{
	const char *at = rest->at;
	char quote = *at;

	if (quote == '"' || quote == '\'') {
		for (at++; at < rest->end && *at != quote; at++)
			if (*at == '\\' && at + 1 < rest->end)
				at++;
		*token = (struct text){ rest->at + 1, at };
		rest->at = at < rest->end ? at + 1 : at;
		return true;
	}
	while (at < rest->end && (is_word(*at) || (dots && *at == '.')))
		at++;
	*token = (struct text){ rest->at, at };
	rest->at = at;
	return token->at < token->end;
}

static void spaces_skip(struct text *rest)
{
	while (rest->at < rest->end && is_space(*rest->at))
		rest->at++;
}

/* Cut ": value" or "= value" off the front of *rest. */
static bool value_next(struct text *rest, struct text *value)
{
	spaces_skip(rest);
	if (rest->at == rest->end || (*rest->at != ':' && *rest->at != '='))
		return false;
	rest->at++;
	spaces_skip(rest);
	return rest->at < rest->end && token_next(rest, false, value);
}

/* An apostrophe opens a string only as a value: it's a letter elsewhere. */
static bool in_text(struct text rest)
{
	while (rest.at < rest.end) {
		struct text name, value;

		if (*rest.at == '\'' || !token_next(&rest, true, &name)) {
			rest.at++;
			continue;
		}
		if (value_next(&rest, &value) && is_name(name) &&
		    text_is(value, "true"))
			return true;
	}
	return false;
}

static bool in_json(struct text rest)
{
	bool type_says = false;
	unsigned int depth = 0;

	while (rest.at < rest.end) {
		struct text name, value;

		if (*rest.at != '"') {
			if (*rest.at == '{' || *rest.at == '[')
				depth++;
			else if (depth > 0 &&
				 (*rest.at == '}' || *rest.at == ']'))
				depth--;
			rest.at++;
			continue;
		}
		token_next(&rest, false, &name);
		if (depth != 1 || !value_next(&rest, &value))
			continue;
		if (is_name(name))
			return text_is(value, "true");
		if (text_is(name, "type"))
			type_says = text_is(value, "snapshot");
	}
	return type_says;
}

bool snapshot_field(struct snapshot_field *field, const char *line, size_t len)
{
	struct text text = { line, line + len };

	spaces_skip(&text);
	if (text.at < text.end && *text.at == '{')
		return in_json(text);
	/* The header may stand behind others: "sep=,", a comment. */
	if (__builtin_expect(!field->is_csv, 0))
		columns_learn(field, text);
	return field->is_csv ? in_csv(field, text) : in_text(text);
}
