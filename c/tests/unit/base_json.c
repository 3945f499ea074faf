/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"

static int parse(const char *text)
{
	struct json_value value;

	return json_parse(text, strlen(text), &value);
}

static void well_formed_texts_are_taken(void **state)
{
	static const char *const cases[] = {
		"null",
		" [ ] ",
		"{}",
		"-0.5e+10",
		"\"a\\u00e9\\n\\\"\"",
		"{\"a\":[1,2,{\"b\":true}],\"c\":\"}\"}",
		"[[],[[]],{}]",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(parse(cases[i]), 0);
}

static void malformed_texts_are_refused(void **state)
{
	static const char *const cases[] = {
		"",	      "{",     "[1,]",	  "{\"a\"}",
		"{\"a\":}",   "{a:1}", "01",	  "1.",
		"-",	      "\"",    "\"\\x\"", "tru",
		"nullx",      "[1 2]", "{} {}",	  "\"\\u12g4\"",
		"{\"a\":1,}", "1e",    "\"\n\"",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(parse(cases[i]), -EINVAL);
}

static void depth_is_bounded(void **state)
{
	char text[2 * JSON_DEPTH_MAX + 3];
	struct json_value value;

	(void)state;
	memset(text, '[', JSON_DEPTH_MAX + 1);
	memset(text + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX + 1);
	assert_int_equal(json_parse(text, 2 * (JSON_DEPTH_MAX + 1), &value),
			 -E2BIG);
	assert_int_equal(json_parse(text + 1, 2 * JSON_DEPTH_MAX, &value), 0);
}

static void members_are_found_by_their_whole_key(void **state)
{
	static const char text[] =
		"{ \"aa\" : 1 , \"x\" : { \"a\" : 2 } , \"a\" : \"three\" , "
		"\"a\" : 4 }";
	struct json_value object, member;

	(void)state;
	assert_int_equal(json_parse(text, strlen(text), &object), 0);
	assert_true(json_member(&object, "a", &member));
	assert_int_equal(member.type, JSON_STRING);
	assert_true(json_is(&member, "three"));
	assert_false(json_is(&member, "thre"));
	assert_false(json_member(&object, "b", &member));
	assert_true(json_member(&object, "aa", &member));
	assert_int_equal(member.type, JSON_NUMBER);
	assert_memory_equal(member.text, "1", member.len);
}

static void elements_come_in_order_with_their_text(void **state)
{
	static const char text[] = "[ [\"1.10\", 2] ,3.30 , {\"a\":[]},null]";
	static const char *const wanted[] = { "[\"1.10\", 2]", "3.30",
					      "{\"a\":[]}", "null" };
	struct json_value array, element;
	const char *cursor = NULL;
	size_t n = 0;

	(void)state;
	assert_int_equal(json_parse(text, strlen(text), &array), 0);
	while (json_element(&array, &cursor, &element)) {
		assert_true(n < ARRAY_SIZE(wanted));
		assert_int_equal(element.len, strlen(wanted[n]));
		assert_memory_equal(element.text, wanted[n], element.len);
		n++;
	}
	assert_int_equal(n, ARRAY_SIZE(wanted));
}

static void empty_containers_hold_nothing(void **state)
{
	struct json_value value, inner;
	const char *cursor = NULL;

	(void)state;
	assert_int_equal(json_parse("[ ]", 3, &value), 0);
	assert_false(json_element(&value, &cursor, &inner));
	assert_int_equal(json_parse("{ }", 3, &value), 0);
	assert_false(json_member(&value, "", &inner));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(well_formed_texts_are_taken),
		cmocka_unit_test(malformed_texts_are_refused),
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(members_are_found_by_their_whole_key),
		cmocka_unit_test(elements_come_in_order_with_their_text),
		cmocka_unit_test(empty_containers_hold_nothing),
	};

	return cmocka_run_group_tests_name("base/json", tests, NULL, NULL);
}
