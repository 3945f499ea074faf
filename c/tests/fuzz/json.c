/* SPDX-License-Identifier: MIT */
/* Whatever lies inside a checked text lies within its bytes, is checked
 * itself, and is found the same way again. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const keys[] = { "type", "bids", "data", "isSnapshot", "" };
#define KEY_COUNT (sizeof(keys) / sizeof(keys[0]))

static void check(const struct json_value *value, const char *text, size_t len,
		  unsigned int depth);

static void check_inside(const struct json_value *inner,
			 const struct json_value *outer, unsigned int depth)
{
	struct json_value again;

	if (inner->type != JSON_STRING &&
	    (json_parse(inner->text, inner->len, &again) != 0 ||
	     again.type != inner->type || again.len != inner->len))
		abort();
	check(inner, outer->text, outer->len, depth + 1);
}

static void check(const struct json_value *value, const char *text, size_t len,
		  unsigned int depth)
{
	struct json_value inner;
	const char *cursor = NULL, *last = value->text;

	if (depth > JSON_DEPTH_MAX || value->text < text ||
	    value->text > text + len ||
	    value->len > (size_t)(text + len - value->text))
		abort();
	if (value->type == JSON_ARRAY)
		while (json_element(value, &cursor, &inner)) {
			if (inner.text <= last)
				abort();
			last = inner.text;
			check_inside(&inner, value, depth);
		}
	if (value->type == JSON_OBJECT)
		for (size_t i = 0; i < KEY_COUNT; i++)
			if (json_member(value, keys[i], &inner))
				check_inside(&inner, value, depth);
	/* Asked of any type, it may only say yes or no. */
	json_is(value, "snapshot");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct json_value value;
	int err = json_parse(text, size, &value);

	if (err == 0)
		check(&value, text, size, 0);
	else if (err != -EINVAL && err != -E2BIG)
		abort();
	return 0;
}
