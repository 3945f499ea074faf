/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report/schema.h"

static const struct schema_row rows[] = {
	{ .key = "name", .type = SCHEMA_STRING },
	{ .key = "deep.count", .type = SCHEMA_INTEGER, .min = 1, .max = 9 },
	{ .key = "deep.arms", .type = SCHEMA_STRINGS },
	{ .key = "maybe", .type = SCHEMA_OBJECT, .optional = true },
	{ .key = NULL }
};

/* What the check says on stderr, and its result. */
static int check(const char *text, char said[static 512])
{
	json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);
	FILE *file = tmpfile();
	int kept = dup(STDERR_FILENO), err;
	size_t n;

	assert_non_null(file);
	assert_non_null(value);
	dup2(fileno(file), STDERR_FILENO);
	err = schema_check(rows, value, "some.json");
	dup2(kept, STDERR_FILENO);
	close(kept);
	rewind(file);
	n = fread(said, 1, 511, file);
	said[n] = '\0';
	fclose(file);
	json_decref(value);
	return err;
}

static void what_fits_passes_in_silence(void **state)
{
	char said[512];

	(void)state;
	assert_int_equal(check("{\"name\":\"x\",\"maybe\":null,\"more\":1,"
			       "\"deep\":{\"count\":9,\"arms\":[\"a\"]}}",
			       said),
			 0);
	assert_string_equal(said, "");
}

static void faults_name_file_and_key(void **state)
{
	static const struct {
		const char *text, *said;
	} cases[] = {
		{ "[]", "some.json: is not a JSON object" },
		{ "{}", "some.json: key 'name' is missing" },
		{ "{\"name\":1}", "key 'name' is not a string" },
		{ "{\"name\":\"x\",\"deep\":7}",
		  "key 'deep.count' is missing" },
		{ "{\"name\":\"x\",\"deep\":{\"count\":10}}",
		  "key 'deep.count' is 10: expected 1 to 9" },
		{ "{\"name\":\"x\",\"deep\":{\"count\":1,\"arms\":[1]}}",
		  "key 'deep.arms' is not a list of strings" },
		{ "{\"name\":\"x\",\"deep\":{\"count\":1,\"arms\":[]}}",
		  "key 'deep.arms' is not a list of strings" },
		{ "{\"name\":\"x\",\"deep\":{\"count\":1,\"arms\":[\"a\"]},"
		  "\"maybe\":1}",
		  "key 'maybe' is not an object" },
	};
	char said[512];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(check(cases[i].text, said), -EBADMSG);
		if (!strstr(said, cases[i].said))
			fail_msg("'%s' lacks '%s'", said, cases[i].said);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_fits_passes_in_silence),
		cmocka_unit_test(faults_name_file_and_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
