/* SPDX-License-Identifier: MIT */
#include "base/json.h"

#include <errno.h>
#include <string.h>

struct json_cursor {
	const char *at;
	const char *end;
};

static int value_skip(struct json_cursor *c, struct json_value *value,
		      unsigned int depth);

static void space_skip(struct json_cursor *c)
{
	while (c->at < c->end && (*c->at == ' ' || *c->at == '\t' ||
				  *c->at == '\n' || *c->at == '\r'))
		c->at++;
}

static bool digits_skip(struct json_cursor *c)
{
	const char *first = c->at;

	while (c->at < c->end && *c->at >= '0' && *c->at <= '9')
		c->at++;
	return c->at > first;
}

static int number_skip(struct json_cursor *c)
{
	if (c->at < c->end && *c->at == '-')
		c->at++;
	if (c->at < c->end && *c->at == '0')
		c->at++;
	else if (!digits_skip(c))
		return -EINVAL;
	if (c->at < c->end && *c->at == '.') {
		c->at++;
		if (!digits_skip(c))
			return -EINVAL;
	}
	if (c->at < c->end && (*c->at == 'e' || *c->at == 'E')) {
		c->at++;
		if (c->at < c->end && (*c->at == '+' || *c->at == '-'))
			c->at++;
		if (!digits_skip(c))
			return -EINVAL;
	}
	return 0;
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
	       (c >= 'A' && c <= 'F');
}

/* At the character behind the backslash. */
static int escape_skip(struct json_cursor *c)
{
	if (c->at == c->end)
		return -EINVAL;
	if (*c->at == 'u') {
		for (int i = 1; i <= 4; i++)
			if (c->end - c->at <= i || !is_hex(c->at[i]))
				return -EINVAL;
		c->at += 5;
		return 0;
	}
	if (*c->at == '\0' || !strchr("\"\\/bfnrt", *c->at))
		return -EINVAL;
	c->at++;
	return 0;
}

/* At the opening quote; value: what stands between the quotes. */
static int string_skip(struct json_cursor *c, struct json_value *value)
{
	const char *first = ++c->at;

	while (c->at < c->end && *c->at != '"') {
		unsigned char byte = (unsigned char)*c->at++;

		if (byte < 0x20)
			return -EINVAL;
		if (byte == '\\' && escape_skip(c) < 0)
			return -EINVAL;
	}
	if (c->at == c->end)
		return -EINVAL;
	value->type = JSON_STRING;
	value->text = first;
	value->len = (size_t)(c->at++ - first);
	return 0;
}

static int key_skip(struct json_cursor *c, struct json_value *key)
{
	space_skip(c);
	if (c->at == c->end || *c->at != '"' || string_skip(c, key) < 0)
		return -EINVAL;
	space_skip(c);
	if (c->at == c->end || *c->at != ':')
		return -EINVAL;
	c->at++;
	return 0;
}

/* At the opening bracket. */
static int container_skip(struct json_cursor *c, bool object,
			  unsigned int depth)
{
	const char close = object ? '}' : ']';
	struct json_value ignored;
	int err;

	if (depth >= JSON_DEPTH_MAX)
		return -E2BIG;
	c->at++;
	space_skip(c);
	if (c->at < c->end && *c->at == close) {
		c->at++;
		return 0;
	}
	for (;;) {
		if (object && key_skip(c, &ignored) < 0)
			return -EINVAL;
		err = value_skip(c, &ignored, depth + 1);
		if (err)
			return err;
		space_skip(c);
		if (c->at == c->end)
			return -EINVAL;
		if (*c->at == close)
			break;
		if (*c->at != ',')
			return -EINVAL;
		c->at++;
	}
	c->at++;
	return 0;
}

static int word_skip(struct json_cursor *c, struct json_value *value)
{
	static const struct {
		const char *text;
		enum json_type type;
	} words[] = { { "true", JSON_TRUE },
		      { "false", JSON_FALSE },
		      { "null", JSON_NULL } };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t len = strlen(words[i].text);

		if ((size_t)(c->end - c->at) >= len &&
		    memcmp(c->at, words[i].text, len) == 0) {
			value->type = words[i].type;
			c->at += len;
			return 0;
		}
	}
	return -EINVAL;
}

static int value_skip(struct json_cursor *c, struct json_value *value,
		      unsigned int depth)
{
	int err;

	space_skip(c);
	if (c->at == c->end)
		return -EINVAL;
	value->text = c->at;
	switch (*c->at) {
	case '"':
		return string_skip(c, value);
	case '{':
		value->type = JSON_OBJECT;
		err = container_skip(c, true, depth);
		break;
	case '[':
		value->type = JSON_ARRAY;
		err = container_skip(c, false, depth);
		break;
	case 't':
	case 'f':
	case 'n':
		err = word_skip(c, value);
		break;
	default:
		value->type = JSON_NUMBER;
		err = number_skip(c);
	}
	value->len = (size_t)(c->at - value->text);
	return err;
}

int json_parse(const char *text, size_t len, struct json_value *value)
{
	struct json_cursor c = { .at = text, .end = text + len };
	int err = value_skip(&c, value, 0);

	if (err)
		return err;
	space_skip(&c);
	return c.at == c.end ? 0 : -EINVAL;
}

/*
 * Walking again over what json_parse() has accepted: the same functions, so
 * no second grammar; their errors can't happen and end the walk.
 */
bool json_member(const struct json_value *object, const char *key,
		 struct json_value *member)
{
	struct json_cursor c = { .at = object->text + 1,
				 .end = object->text + object->len };
	size_t key_len = strlen(key);

	if (object->type != JSON_OBJECT)
		return false;
	for (;;) {
		struct json_value name;

		if (key_skip(&c, &name) < 0 || value_skip(&c, member, 0) < 0)
			return false;
		if (name.len == key_len && !memcmp(name.text, key, key_len))
			return true;
		space_skip(&c);
		if (c.at == c.end || *c.at++ != ',')
			return false;
	}
}

void json_members(const struct json_value *object, struct json_members *members)
{
	struct json_cursor c = { .at = object->text + 1,
				 .end = object->text + object->len };

	members->count = 0;
	if (object->type != JSON_OBJECT)
		return;
	while (members->count < JSON_MEMBERS_MAX) {
		const size_t i = members->count;

		if (key_skip(&c, &members->name[i]) < 0 ||
		    value_skip(&c, &members->value[i], 0) < 0)
			return;
		members->count++;
		space_skip(&c);
		if (c.at == c.end || *c.at++ != ',')
			return;
	}
}

bool json_members_find(const struct json_members *members, const char *key,
		       struct json_value *value)
{
	const size_t len = strlen(key);

	for (size_t i = 0; i < members->count; i++) {
		if (members->name[i].len != len ||
		    memcmp(members->name[i].text, key, len) != 0)
			continue;
		*value = members->value[i];
		return true;
	}
	return false;
}

bool json_element(const struct json_value *array, const char **cursor,
		  struct json_value *element)
{
	struct json_cursor c = { .at = *cursor,
				 .end = array->text + array->len };

	if (array->type != JSON_ARRAY)
		return false;
	if (!c.at) {
		c.at = array->text + 1;
	} else {
		space_skip(&c);
		if (c.at == c.end || *c.at++ != ',')
			return false;
	}
	if (value_skip(&c, element, 0) < 0)
		return false;
	*cursor = c.at;
	return true;
}

bool json_is(const struct json_value *value, const char *text)
{
	return value->type != JSON_OBJECT && value->type != JSON_ARRAY &&
	       value->len == strlen(text) &&
	       memcmp(value->text, text, value->len) == 0;
}
