/* SPDX-License-Identifier: MIT */
/* A member of one of jansson's objects, or what stands for it where it is
 * missing or of another type; and a number for one. */
#ifndef BASE_JSON_GET_H
#define BASE_JSON_GET_H

#include <jansson.h>
#include <math.h>

/* 0 where there is no such integer. */
static inline json_int_t json_get_integer(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

/* An integer or a real; 0 where there is none. */
static inline double json_get_number(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

/* The object's own, or otherwise, which may be NULL. */
static inline const char *json_get_text(const json_t *object, const char *key,
					const char *otherwise)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : otherwise;
}

/* A new reference. NAN and infinity, which JSON can't say, stand for what was
 * not measured. */
static inline json_t *json_real_or_null(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

#endif
