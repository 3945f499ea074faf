/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "exchange/impairments_parse.h"
#include "tests/support/log_catch.h"

/* Of each line; all that was there before. */
static struct impairments_config lines[MARKET_DATA_LINES_MAX];

static int lines_mark(void **state)
{
	(void)state;
	memset(lines, 0, sizeof(lines));
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		lines[i].lose = lines[i].delay = lines[i].delay_ns = 77;
	return 0;
}

typedef int parse_function(const char *text, void *target, const char **why);

static void parse_takes(parse_function *parse, const char *text)
{
	const char *why;

	lines_mark(NULL);
	assert_int_equal(parse(text, lines, &why), 0);
}

/* And leaves all as it was. */
static void parse_refuses(parse_function *parse, const char *text)
{
	const char *why = NULL;

	lines_mark(NULL);
	assert_int_equal(parse(text, lines, &why), -EINVAL);
	assert_non_null(why);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		assert_int_equal(lines[i].lose, 77);
		assert_int_equal(lines[i].delay, 77);
		assert_int_equal(lines[i].delay_ns, 77);
		assert_false(lines[i].named);
	}
}

static void shares_are_parsed(void **state)
{
	static const struct {
		const char *text;
		uint64_t share;
	} good[] = { { "0", 0 },
		     { "0%", 0 },
		     { "1%", 10000000 },
		     { "0.01", 10000000 },
		     { "0.1%", 1000000 },
		     { "0.0000001%", 1 },
		     { "1e-9", 1 },
		     { "100%", IMPAIRMENTS_ALL },
		     { "1", IMPAIRMENTS_ALL } };
	static const char *const bad[] = { "",	   "%",	   "-1%",	 "101%",
					   "1.01", "x",	   "1 %",	 "1%%",
					   "nan",  "1e99", "0.00000001%" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		parse_takes(impairments_parse_lose, good[i].text);
		assert_int_equal(lines[0].lose, good[i].share);
		assert_int_equal(lines[1].lose, good[i].share);
		assert_int_equal(lines[0].delay, 77);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		parse_refuses(impairments_parse_lose, bad[i]);
}

static void delays_are_parsed(void **state)
{
	static const struct {
		const char *text;
		uint64_t share, ns;
	} good[] = { { "0", 0, 0 },
		     { "500", IMPAIRMENTS_ALL, 500000 },
		     { "0.5", IMPAIRMENTS_ALL, 500 },
		     { "1%:20", 10000000, 20000 },
		     { "0.5:3600000000", 500000000, 3600000000000 } };
	static const char *const bad[] = { "",	    ":1",   "1%",	 "1%:",
					   "x:1",   "1%:x", "2:1",	 "-1",
					   "1:2:3", "5us",  "3600000001" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		parse_takes(impairments_parse_delay, good[i].text);
		for (size_t j = 0; j < ARRAY_SIZE(lines); j++) {
			assert_int_equal(lines[j].delay, good[i].share);
			assert_int_equal(lines[j].delay_ns, good[i].ns);
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		parse_refuses(impairments_parse_delay, bad[i]);
}

static void lines_are_named(void **state)
{
	static const struct {
		const char *text;
		uint64_t a, b;
	} good[] = { { "A:1%", 10000000, 0 },
		     { "B:1%", 0, 10000000 },
		     { "A:1%,B:0.5%", 10000000, 5000000 },
		     { "B:0.005,A:1%", 10000000, 5000000 },
		     { "A:0,B:1", 0, IMPAIRMENTS_ALL } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		parse_takes(impairments_parse_lose, good[i].text);
		assert_int_equal(lines[0].lose, good[i].a);
		assert_int_equal(lines[1].lose, good[i].b);
		assert_int_equal(lines[0].named,
				 strstr(good[i].text, "A:") != NULL);
		assert_int_equal(lines[1].named,
				 strstr(good[i].text, "B:") != NULL);
		assert_int_equal(lines[0].swap, 0);
		assert_int_equal(lines[1].delay, 77);
	}
}

/* Each option sets what is its own. */
static void each_option_of_a_line(void **state)
{
	const char *why;

	(void)state;
	assert_int_equal(impairments_parse_duplicate("A:1%", lines, &why), 0);
	assert_int_equal(impairments_parse_swap("B:2%", lines, &why), 0);
	assert_int_equal(impairments_parse_delay("A:10%:500,B:20", lines, &why),
			 0);
	assert_int_equal(lines[0].duplicate, 10000000);
	assert_int_equal(lines[1].duplicate, 0);
	assert_int_equal(lines[0].swap, 0);
	assert_int_equal(lines[1].swap, 20000000);
	assert_int_equal(lines[0].delay, 100000000);
	assert_int_equal(lines[0].delay_ns, 500000);
	assert_int_equal(lines[1].delay, IMPAIRMENTS_ALL);
	assert_int_equal(lines[1].delay_ns, 20000);
	assert_int_equal(lines[0].lose, 77);
}

static void wrong_letters(void **state)
{
	static const char *const bad[] = {
		"C:1%",
		"a:1%",
		"A:",
		":1%",
		"A",
		"A:1%,",
		",B:1%",
		"A:1%,A:2%",
		"1%,B:2%",
		"A:1%,2%",
		"A:1%,C:2%",
		"A:101%",
		"A:1%,B:x",
		"AB:1%",
		"A:B:1%",
		"A:1%;B:1%",
		"A:1%,,B:1%",
		"@:1%",
		("A:0.000000000000000000000000000000000000000000000000000000000"
		 "000001"),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		parse_refuses(impairments_parse_lose, bad[i]);
		parse_refuses(impairments_parse_delay, bad[i]);
	}
}

static void more_than_all_is_refused(void **state)
{
	struct impairments_config configs[MARKET_DATA_LINES_MAX] = {
		{ .lose = IMPAIRMENTS_ALL / 2, .swap = IMPAIRMENTS_ALL / 2 },
		{ .lose = IMPAIRMENTS_ALL },
	};

	(void)state;
	assert_int_equal(impairments_check(configs, 2), 0);
	configs[1].delay = 1;
	assert_int_equal(impairments_check(configs, 1), 0);
	log_catch();
	assert_int_equal(impairments_check(configs, 2), -EINVAL);
	assert_true(is_one_line(log_caught(),
				"--lose, --duplicate, --swap, --delay: "
				"100.0000001% of the packets"));
}

static void a_line_that_is_not_there(void **state)
{
	const char *why;

	(void)state;
	memset(lines, 0, sizeof(lines));
	assert_int_equal(impairments_parse_lose("1%", lines, &why), 0);
	assert_int_equal(impairments_parse_swap("A:1%", lines, &why), 0);
	assert_int_equal(impairments_check(lines, 1), 0);
	assert_int_equal(impairments_parse_swap("B:0", lines, &why), 0);
	assert_int_equal(impairments_check(lines, 2), 0);
	log_catch();
	assert_int_equal(impairments_check(lines, 1), -EINVAL);
	assert_true(is_one_line(log_caught(), "there is no line B"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shares_are_parsed),
		cmocka_unit_test_setup(delays_are_parsed, lines_mark),
		cmocka_unit_test(lines_are_named),
		cmocka_unit_test_setup(each_option_of_a_line, lines_mark),
		cmocka_unit_test_setup(wrong_letters, lines_mark),
		cmocka_unit_test(more_than_all_is_refused),
		cmocka_unit_test(a_line_that_is_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
