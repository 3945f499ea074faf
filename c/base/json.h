/* SPDX-License-Identifier: MIT */
/*
 * A JSON reader over a text that stays where it is: nothing is copied or
 * allocated, numbers stay text (so prices keep every digit). Depth is
 * bounded. RFC 8259. Results are written with jansson, not with this.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>

#define JSON_DEPTH_MAX 32

enum json_type {
	JSON_OBJECT,
	JSON_ARRAY,
	JSON_STRING, /* text is what stands between the quotes, escapes kept */
	JSON_NUMBER,
	JSON_TRUE,
	JSON_FALSE,
	JSON_NULL,
};

struct json_value {
	enum json_type type;
	const char *text; /* into the caller's text; not NUL-terminated */
	size_t len;
};

/* Check that text[0..len) is one JSON value and nothing more. 0, -EINVAL,
 * or -E2BIG when it nests deeper than JSON_DEPTH_MAX. */
int json_parse(const char *text, size_t len, struct json_value *value);

/* The member of a checked object; false when it is none or has no such key.
 * Of equal keys the first counts. Keys are compared as written. */
bool json_member(const struct json_value *object, const char *key,
		 struct json_value *member);

/* The members of a checked object, so that several can be found in one walk;
 * those beyond the JSON_MEMBERS_MAX-th are left out. None when it is none. */
#define JSON_MEMBERS_MAX 24
struct json_members {
	size_t count;
	struct json_value name[JSON_MEMBERS_MAX], value[JSON_MEMBERS_MAX];
};
void json_members(const struct json_value *object,
		  struct json_members *members);

/* As json_member(). */
bool json_members_find(const struct json_members *members, const char *key,
		       struct json_value *value);

/* Walk a checked array: start with *cursor = NULL; false at its end. */
bool json_element(const struct json_value *array, const char **cursor,
		  struct json_value *element);

/* A string or a bare word equal to text? */
bool json_is(const struct json_value *value, const char *text);

#endif
