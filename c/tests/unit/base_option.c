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
#include "base/option_json.h"
#include "base/registry.h"

struct config {
	bool flag;
	uint64_t size;
	int64_t usd;
	const char *text;
	unsigned int choice;
	char letter;
	struct option_keep kept, on;
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
	  .metavar = "BYTES",
	  .def = "4k",
	  .type = OPTION_UNSIGNED,
	  .min = 1,
	  .max = 1 << 20,
	  .offset = offsetof(struct config, size),
	  .help = "a size\nin two lines" },
	{ .name = "usd",
	  .metavar = "USD",
	  .def = "1.5",
	  .type = OPTION_DECIMAL,
	  .offset = offsetof(struct config, usd),
	  .help = "an amount" },
	{ .name = "text",
	  .metavar = "TEXT",
	  .type = OPTION_STRING,
	  .offset = offsetof(struct config, text),
	  .help = "a text",
	  .required = true },
	{ .name = "choice",
	  .metavar = "SIDE",
	  .def = "right",
	  .type = OPTION_CHOICE,
	  .choices = choices,
	  .offset = offsetof(struct config, choice),
	  .help = "a choice" },
	{ .name = "letter",
	  .metavar = "LETTER",
	  .def = "a",
	  .type = OPTION_PARSED,
	  .parse = letter_parse,
	  .offset = offsetof(struct config, letter),
	  .help = "a letter" },
	{ .name = "kept",
	  .metavar = "BYTES",
	  .def = "keep",
	  .type = OPTION_KEEP,
	  .min = 2,
	  .max = 4096,
	  .offset = offsetof(struct config, kept),
	  .help = "a number, or as it is" },
	{ .name = "on",
	  .metavar = "on|off",
	  .def = "keep",
	  .type = OPTION_KEEP,
	  .max = 1,
	  .offset = offsetof(struct config, on),
	  .socket = &(const struct option_socket){ 1, 7, "SO_SNDBUF", 1 },
	  .help = "on, off, or as it is" },
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

/* What follows such a key is its value, to the end. */
static void the_rest_is_one_value(void **state)
{
	static const struct option_row of_two[] = {
		{ .name = "first",
		  .type = OPTION_STRING,
		  .def = "a",
		  .offset = 0 },
		{ .name = "inner",
		  .type = OPTION_STRING,
		  .def = "b",
		  .rest = 1,
		  .offset = sizeof(char *) },
		OPTION_END,
	};
	const char *values[2];
	char *copy;

	(void)state;
	assert_int_equal(option_parse_list(of_two,
					   "first=x,inner=ws:first=y,inner=z",
					   "test", values, &copy),
			 0);
	assert_string_equal(values[0], "x");
	assert_string_equal(values[1], "ws:first=y,inner=z");
	free(copy);
	assert_int_equal(option_parse_list(of_two, "inner=,first=x", "test",
					   values, &copy),
			 0);
	assert_string_equal(values[0], "a");
	assert_string_equal(values[1], ",first=x");
	free(copy);
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

/* Who has it in a script is not let down. */
static void an_older_name_is_taken(void **state)
{
	static const struct option_row renamed[] = {
		{ .name = "now",
		  .alias = "then",
		  .metavar = "N",
		  .type = OPTION_UNSIGNED,
		  .max = 9,
		  .help = "a number" },
		OPTION_END,
	};
	const struct option_program shown = { .name = "t2t-x",
					      .summary = "a test",
					      .description = "Tests.",
					      .rows = renamed };
	char *argv[] = { (char *)(uintptr_t) "t2t-x",
			 (char *)(uintptr_t) "--then=7", NULL };
	uint64_t found = 0;
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	assert_int_equal(option_parse_arguments(&shown, 2, argv, &found),
			 OPTION_RUN);
	assert_int_equal(found, 7);
	option_print_help(out, &shown);
	fclose(out);
	assert_non_null(strstr(text, "--now"));
	assert_non_null(strstr(text, "; or --then"));
	free(text);
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

static void what_the_kernel_has_is_kept_unless_asked(void **state)
{
	static const char *const wrong[] = { "kept=1",		"kept=4097",
					     "kept=",		"kept=-2",
					     "kept=On",		"on=2",
					     "kept=99999999999" };
	struct config config;
	char *copy;

	(void)state;
	assert_int_equal(
		option_parse_list(rows, "text=x", "test", &config, &copy), 0);
	assert_false(config.kept.set || config.on.set);
	free(copy);
	assert_int_equal(option_parse_list(rows, "kept=4k,on=off,text=x",
					   "test", &config, &copy),
			 0);
	assert_true(config.kept.set && config.on.set);
	assert_int_equal(config.kept.value, 4096);
	assert_int_equal(config.on.value, 0);
	free(copy);
	assert_int_equal(option_parse_list(rows, "kept=2,kept=keep,on,text=x",
					   "test", &config, &copy),
			 -EINVAL); /* no flag: it wants a value */
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		char text[64];

		snprintf(text, sizeof(text), "text=x,%s", wrong[i]);
		assert_int_equal(
			option_parse_list(rows, text, "test", &config, &copy),
			-EINVAL);
	}
}

static void rows_are_told_to_others(void **state)
{
	static const char wanted[] =
		"[{'name':'flag','type':'flag','help':'a flag',"
		"'required':false},"
		"{'name':'size','type':'unsigned',"
		"'help':'a size\\nin two lines',"
		"'required':false,'value':'BYTES','default':'4k','min':1,"
		"'max':1048576},"
		"{'name':'usd','type':'decimal','help':'an amount',"
		"'required':false,'value':'USD','default':'1.5'},"
		"{'name':'text','type':'string','help':'a text',"
		"'required':true,'value':'TEXT'},"
		"{'name':'choice','type':'choice','help':'a choice',"
		"'required':false,'value':'SIDE','default':'right',"
		"'choices':['left','right']},"
		"{'name':'letter','type':'parsed','help':'a letter',"
		"'required':false,'value':'LETTER','default':'a'},"
		"{'name':'kept','type':'keep','help':'a number, or as it is',"
		"'required':false,'value':'BYTES','default':'keep','min':2,"
		"'max':4096},"
		"{'name':'on','type':'keep','help':'on, off, or as it is',"
		"'required':false,'value':'on|off','default':'keep','min':0,"
		"'max':1,'read_back':{'name':'SO_SNDBUF','level':1,'option':7,"
		"'doubled':true}}]";
	json_t *found = option_rows_json(rows);
	char *text = json_dumps(found, JSON_COMPACT);

	(void)state;
	for (char *c = strchr(text, '"'); c; c = strchr(c, '"'))
		*c = '\'';
	assert_string_equal(text, wanted);
	free(text);
	json_decref(found);
}

static void completion_has_options_values_and_keys(void **state)
{
	static const struct option_row keys[] = {
		{ .name = "size", .metavar = "N", .type = OPTION_UNSIGNED },
		{ .name = "fast", .type = OPTION_FLAG },
		OPTION_END,
	};
	static const struct registry_entry one = { .name = "one",
						   .options = keys };
	static const struct registry_entry *const entries[] = { &one };
	static const struct registry family =
		REGISTRY("--kind", "kind", entries);
	static const struct option_row rows_here[] = {
		{ .name = "kind",
		  .metavar = "NAME",
		  .type = OPTION_STRING,
		  .family = &family },
		{ .name = "output",
		  .metavar = "FILE.gz",
		  .type = OPTION_STRING },
		{ .name = "json", .type = OPTION_FLAG },
		OPTION_END,
	};
	const struct option_program shown = { .name = "t2t-x",
					      .rows = rows_here };
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	option_print_completion(out, &shown);
	fclose(out);
	assert_string_equal(
		text,
		"_t2t_words['t2t-x']='--kind --output "
		"--json " OPTION_COMMON_NAMES "'\n"
		"_t2t_words['t2t-x --kind']='one help'\n"
		"_t2t_words['t2t-x --kind one']='size= fast=on fast=off '\n"
		"_t2t_words['t2t-x --output']='@file'\n"
		"complete -o default -F _t2t t2t-x\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_hold_for_what_is_not_given),
		cmocka_unit_test(values_come_in_the_same_or_the_next_argument),
		cmocka_unit_test(bad_usage_is_told_apart),
		cmocka_unit_test(lists_fill_a_struct),
		cmocka_unit_test(the_rest_is_one_value),
		cmocka_unit_test(wrong_lists_are_refused),
		cmocka_unit_test(an_older_name_is_taken),
		cmocka_unit_test(help_and_man_show_every_row),
		cmocka_unit_test(what_the_kernel_has_is_kept_unless_asked),
		cmocka_unit_test(rows_are_told_to_others),
		cmocka_unit_test(completion_has_options_values_and_keys),
	};

	return cmocka_run_group_tests_name("base/option", tests, NULL, NULL);
}
