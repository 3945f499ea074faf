/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/mem.h"
#include "base/option.h"

struct config {
	bool flag;
	uint64_t size;
	int64_t usd;
	const char *text;
	unsigned int choice;
	char letter;
};

static int letter_parse(const char *text, void *target, const char **why)
{
	if (strlen(text) != 1) {
		*why = "one letter, please";
		return -EINVAL;
	}
	*(char *)target = *text;
	return 0;
}

static const char *const choices[] = { "left", "right", NULL };

static const struct option_row rows[] = {
	{ .name = "flag",
	  .type = OPTION_FLAG,
	  .offset = offsetof(struct config, flag),
	  .help = "a flag" },
	{ .name = "size",
	  .value = "BYTES",
	  .initial = "4k",
	  .type = OPTION_UNSIGNED,
	  .min = 1,
	  .max = 1 << 20,
	  .offset = offsetof(struct config, size),
	  .help = "a size\nin two lines" },
	{ .name = "usd",
	  .value = "USD",
	  .initial = "1.5",
	  .type = OPTION_DECIMAL,
	  .offset = offsetof(struct config, usd),
	  .help = "an amount" },
	{ .name = "text",
	  .value = "TEXT",
	  .type = OPTION_STRING,
	  .offset = offsetof(struct config, text),
	  .help = "a text",
	  .required = true },
	{ .name = "choice",
	  .value = "SIDE",
	  .initial = "right",
	  .type = OPTION_CHOICE,
	  .choices = choices,
	  .offset = offsetof(struct config, choice),
	  .help = "a choice" },
	{ .name = "letter",
	  .value = "LETTER",
	  .initial = "a",
	  .type = OPTION_PARSED,
	  .parse = letter_parse,
	  .offset = offsetof(struct config, letter),
	  .help = "a letter" },
	OPTION_END,
};

static const struct option_program program = {
	.name = "t2t-test",
	.summary = "test options",
	.description = "First.\n\n.Second -- with \\ in it.",
	.rows = rows,
};

static enum option_result parse(struct config *config, const char *argument,
				...)
{
	char *argv[16] = { (char *)(uintptr_t) "t2t-test" };
	va_list arguments;
	int argc = 1;

	memset(config, 0, sizeof(*config));
	va_start(arguments, argument);
	for (; argument; argument = va_arg(arguments, const char *))
		argv[argc++] = (char *)(uintptr_t)argument;
	va_end(arguments);
	return option_parse_arguments(&program, argc, argv, config);
}

static void defaults_hold_for_what_is_not_given(void **state)
{
	struct config config;

	(void)state;
	assert_int_equal(parse(&config, "--text", "x", NULL), OPTION_RUN);
	assert_false(config.flag);
	assert_int_equal(config.size, 4096);
	assert_int_equal(config.usd, 3 * DECIMAL_ONE / 2);
	assert_string_equal(config.text, "x");
	assert_int_equal(config.choice, 1);
	assert_int_equal(config.letter, 'a');
}

static void values_come_in_the_same_or_the_next_argument(void **state)
{
	struct config config;

	(void)state;
	assert_int_equal(parse(&config, "--size=1m", "--flag", "--text",
			       "--size", "--choice", "left", "--usd=-2",
			       "--letter", "z", NULL),
			 OPTION_RUN);
	assert_true(config.flag);
	assert_int_equal(config.size, 1 << 20);
	assert_string_equal(config.text, "--size");
	assert_int_equal(config.choice, 0);
	assert_int_equal(config.usd, -2 * DECIMAL_ONE);
	assert_int_equal(config.letter, 'z');
}

static void bad_usage_is_told_apart(void **state)
{
	struct config config;
	static const char *const wrong[] = {
		"--size=0",    "--size=2m",
		"--size=",     "--size=-1",
		"--size=1q",   "--size=1kk",
		"--choice=up", "--usd=x",
		"--letter=zz", "--flag=maybe",
		"--nothing",   "stray",
		"--",	       "--size",
		"--sizes=1",   "--size=99999999999999999999",
		"-h",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_int_equal(parse(&config, "--text=x", wrong[i], NULL),
				 OPTION_WRONG);
	assert_int_equal(parse(&config, NULL), OPTION_WRONG);
}

static void lists_fill_a_struct(void **state)
{
	struct config config = { 0 };
	char *copy;

	(void)state;
	assert_int_equal(option_parse_list(rows, "size=2k,flag,text=hello",
					   "test", &config, &copy),
			 0);
	assert_int_equal(config.size, 2048);
	assert_true(config.flag);
	assert_string_equal(config.text, "hello");
	assert_int_equal(config.choice, 1);
	free(copy);
	assert_int_equal(option_parse_list(rows, "flag=off,text=", "test",
					   &config, &copy),
			 0);
	assert_false(config.flag);
	free(copy);
	assert_int_equal(option_parse_list(NULL, "", "test", &config, &copy),
			 0);
}

static void wrong_lists_are_refused(void **state)
{
	static const char *const wrong[] = { "none=1,text=x", "text=x,size",
					     "size=x,text=x", "flag,,text=x",
					     "size=0,text=x",
					     /* text is required */
					     "flag", "" };
	struct config config;
	char *copy;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		assert_int_equal(option_parse_list(rows, wrong[i], "test",
						   &config, &copy),
				 -EINVAL);
		assert_null(copy);
	}
	assert_int_equal(option_parse_list(NULL, "a=1", "test", &config, &copy),
			 -EINVAL);
}

static void help_and_man_show_every_row(void **state)
{
	char *text;
	size_t size;
	FILE *out;

	(void)state;
	for (int man = 0; man < 2; man++) {
		out = open_memstream(&text, &size);
		if (man)
			option_print_man(out, &program);
		else
			option_print_help(out, &program);
		fclose(out);
		for (const struct option_row *row = rows; row->name; row++)
			assert_non_null(strstr(text, row->name));
		assert_non_null(strstr(text, "left | right"));
		assert_non_null(strstr(text, "[4k]"));
		assert_non_null(strstr(text, man ? "\\&.Second" : "\n.Second"));
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_hold_for_what_is_not_given),
		cmocka_unit_test(values_come_in_the_same_or_the_next_argument),
		cmocka_unit_test(bad_usage_is_told_apart),
		cmocka_unit_test(lists_fill_a_struct),
		cmocka_unit_test(wrong_lists_are_refused),
		cmocka_unit_test(help_and_man_show_every_row),
	};

	return cmocka_run_group_tests_name("base/option", tests, NULL, NULL);
}
