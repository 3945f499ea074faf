/* SPDX-License-Identifier: MIT */
#include "base/option.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/log.h"
#include "base/version.h"

/* What every program takes besides its own rows. */
struct option_common {
	bool help, version, man, completion, verbose, quiet;
};

static const struct option_row common_rows[] = {
	{ .name = "help",
	  .type = OPTION_FLAG,
	  .offset = offsetof(struct option_common, help),
	  .help = "show this text" },
	{ .name = "version",
	  .type = OPTION_FLAG,
	  .offset = offsetof(struct option_common, version),
	  .help = "show the version" },
	{ .name = "man",
	  .type = OPTION_FLAG,
	  .offset = offsetof(struct option_common, man),
	  .help = "write the man page's source to stdout" },
	{ .name = "completion",
	  .type = OPTION_FLAG,
	  .offset = offsetof(struct option_common, completion),
	  .help = "write what bash completes to stdout" },
	{ .name = "verbose",
	  .type = OPTION_FLAG,
	  .offset = offsetof(struct option_common, verbose),
	  .help = "say more on stderr" },
	{ .name = "quiet",
	  .type = OPTION_FLAG,
	  .offset = offsetof(struct option_common, quiet),
	  .help = "say only warnings and errors on stderr" },
	OPTION_END,
};

static int unsigned_parse(const char *text, uint64_t *value)
{
	static const char suffixes[] = "kmg";
	const char *suffix;
	unsigned long long number;
	uint64_t unit = 1;
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	number = strtoull(text, &end, 10);
	if (errno)
		return -ERANGE;
	if (*end) {
		suffix = strchr(suffixes, *end | 0x20);
		if (!suffix || !*suffix || end[1])
			return -EINVAL;
		unit = UINT64_C(1) << (10 * (suffix - suffixes + 1));
	}
	return __builtin_mul_overflow((uint64_t)number, unit, value) ? -ERANGE
								     : 0;
}

static int flag_parse(const char *text, bool *value)
{
	static const char *const yes[] = { "on", "yes", "true", "1" };
	static const char *const no[] = { "off", "no", "false", "0" };

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		if (!strcmp(text, yes[i]) || !strcmp(text, no[i])) {
			*value = !strcmp(text, yes[i]);
			return 0;
		}
	}
	return -EINVAL;
}

static int choice_parse(const struct option_row *row, const char *text,
			unsigned int *value)
{
	for (unsigned int i = 0; row->choices[i]; i++) {
		if (!strcmp(text, row->choices[i])) {
			*value = i;
			return 0;
		}
	}
	return -EINVAL;
}

static int keep_parse(const char *text, struct option_keep *keep)
{
	uint64_t number = 0;
	int err = 0;

	keep->set = strcmp(text, "keep") != 0;
	if (!keep->set)
		return 0;
	if (!strcmp(text, "on"))
		number = 1;
	else if (strcmp(text, "off") != 0)
		err = unsigned_parse(text, &number);
	if (!err && number > INT_MAX)
		err = -ERANGE;
	if (!err)
		keep->value = (int)number;
	return err;
}

static bool within(const struct option_row *row, uint64_t value)
{
	if (row->min == 0 && row->max == 0)
		return true;
	return value >= row->min && value <= row->max;
}

/* What a value must look like, for help and for faults. */
static void wanted_print(const struct option_row *row, char *text, size_t size)
{
	char low[DECIMAL_TEXT_MAX], high[DECIMAL_TEXT_MAX];
	size_t n = 0;

	*text = '\0';
	switch (row->type) {
	case OPTION_FLAG:
		snprintf(text, size, "on or off");
		break;
	case OPTION_UNSIGNED:
		if (row->min || row->max)
			snprintf(text, size, "%llu to %llu",
				 (unsigned long long)row->min,
				 (unsigned long long)row->max);
		else
			snprintf(text, size, "a whole number");
		break;
	case OPTION_DECIMAL:
		decimal_format((int64_t)row->min, low);
		decimal_format((int64_t)row->max, high);
		if (row->min || row->max)
			snprintf(text, size, "%s to %s", low, high);
		else
			snprintf(text, size, "a decimal number");
		break;
	case OPTION_KEEP:
		if (row->max == 1)
			snprintf(text, size, "keep, on or off");
		else
			snprintf(text, size, "keep, or %llu to %llu",
				 (unsigned long long)row->min,
				 (unsigned long long)row->max);
		break;
	case OPTION_CHOICE:
		for (unsigned int i = 0; row->choices[i] && n < size; i++)
			n += (size_t)snprintf(text + n, size - n, "%s%s",
					      i ? ", " : "", row->choices[i]);
		break;
	case OPTION_STRING:
	case OPTION_PARSED:
		break;
	}
}

/* 0, or -EINVAL with the reason in why[0..size). */
static int value_set(const struct option_row *row, const char *text,
		     void *config, char *why, size_t size)
{
	void *target = (char *)config + row->offset;
	struct option_keep keep = { 0 };
	const char *reason = NULL;
	int64_t decimal = 0;
	uint64_t number = 0;
	int err = 0;

	switch (row->type) {
	case OPTION_FLAG:
		err = flag_parse(text, target);
		break;
	case OPTION_UNSIGNED:
		err = unsigned_parse(text, &number);
		if (!err && !within(row, number))
			err = -ERANGE;
		if (!err)
			memcpy(target, &number, sizeof(number));
		break;
	case OPTION_DECIMAL:
		err = decimal_parse(text, strlen(text), &decimal);
		if (!err && (row->min || row->max) &&
		    (decimal < (int64_t)row->min ||
		     decimal > (int64_t)row->max))
			err = -ERANGE;
		if (!err)
			memcpy(target, &decimal, sizeof(decimal));
		break;
	case OPTION_STRING:
		memcpy(target, &text, sizeof(text));
		break;
	case OPTION_KEEP:
		err = keep_parse(text, &keep);
		if (!err && keep.set && !within(row, (uint64_t)keep.value))
			err = -ERANGE;
		if (!err)
			memcpy(target, &keep, sizeof(keep));
		break;
	case OPTION_CHOICE:
		err = choice_parse(row, text, target);
		break;
	case OPTION_PARSED:
		err = row->parse(text, target, &reason);
		break;
	}
	if (!err)
		return 0;
	if (reason)
		snprintf(why, size, "%s", reason);
	else {
		size_t n = (size_t)snprintf(why, size, "expected ");

		wanted_print(row, why + n, size - n);
	}
	return -EINVAL;
}

static void defaults_set(const struct option_row *rows, void *config)
{
	char why[256];

	for (; rows->name; rows++) {
		if (!rows->def)
			continue;
		if (value_set(rows, rows->def, config, why, sizeof(why)))
			log_error("--%s: its own default '%s' is wrong: %s",
				  rows->name, rows->def, why);
	}
}

static bool is_name(const char *wanted, const char *name, size_t len)
{
	return strlen(wanted) == len && !memcmp(wanted, name, len);
}

static const struct option_row *row_find(const struct option_row *rows,
					 const char *name, size_t len)
{
	for (; rows->name; rows++)
		if (is_name(rows->name, name, len) ||
		    (rows->alias && is_name(rows->alias, name, len)))
			return rows;
	return NULL;
}

static enum option_result answered(void)
{
	if (fflush(stdout) == 0)
		return OPTION_DONE;
	log_error("can't write to stdout: %s", log_strerror(-errno));
	return OPTION_FAILED;
}

static int wrong(const struct option_program *program)
{
	log_info("'%s --help' lists the options", program->name);
	return OPTION_WRONG;
}

/* One argument, with its value in the same or the next one. */
static int argument_read(const struct option_program *program, char **argv,
			 int *at, struct option_common *common, void *config,
			 bool *given)
{
	const char *argument = argv[*at], *name = argument + 2, *value;
	const struct option_row *row;
	size_t len = strcspn(name, "=");
	void *target = config;
	char why[256];

	if (strncmp(argument, "--", 2) != 0 || !*name) {
		log_error("unexpected argument '%s'", argument);
		return -EINVAL;
	}
	row = row_find(program->rows, name, len);
	if (row && row - program->rows < OPTION_ROWS_MAX) {
		given[row - program->rows] = true;
	} else {
		row = row_find(common_rows, name, len);
		target = common;
	}
	if (!row) {
		log_error("unknown option '%.*s'", (int)len + 2, argument);
		return -EINVAL;
	}
	value = name[len] == '=' ? name + len + 1 : NULL;
	if (!value && row->type == OPTION_FLAG)
		value = "on";
	if (!value && argv[*at + 1])
		value = argv[++*at];
	if (!value) {
		log_error("%.*s: needs a value: %s", (int)len + 2, argument,
			  row->metavar);
		return -EINVAL;
	}
	if (value_set(row, value, target, why, sizeof(why)) < 0) {
		log_error("%.*s: '%s': %s", (int)len + 2, argument, value, why);
		return -EINVAL;
	}
	return 0;
}

enum option_result option_parse_arguments(const struct option_program *program,
					  int argc, char **argv, void *config)
{
	bool given[OPTION_ROWS_MAX] = { false };
	struct option_common common = { 0 };
	int err = 0;

	log_open(program->name, LOG_INFO);
	defaults_set(program->rows, config);
	for (int i = 1; i < argc && !err; i++)
		err = argument_read(program, argv, &i, &common, config, given);
	if (common.help)
		option_print_help(stdout, program);
	else if (common.version)
		printf("%s %s\n", program->name, version_text);
	else if (common.man)
		option_print_man(stdout, program);
	else if (common.completion)
		option_print_completion(stdout, program);
	if (!err &&
	    (common.help || common.version || common.man || common.completion))
		return answered();
	if (err)
		return wrong(program);
	for (unsigned int i = 0; program->rows[i].name; i++) {
		if (program->rows[i].required && !given[i]) {
			log_error("--%s is required", program->rows[i].name);
			return wrong(program);
		}
	}
	log_open(program->name, common.quiet	 ? LOG_WARNING
				: common.verbose ? LOG_DEBUG
						 : LOG_INFO);
	return OPTION_RUN;
}

static int pair_read(const struct option_row *rows, char *pair,
		     const char *what, void *config, bool *given)
{
	char *equals = strchr(pair, '=');
	size_t len = equals ? (size_t)(equals - pair) : strlen(pair);
	const struct option_row *row = row_find(rows, pair, len);
	const char *value = equals ? equals + 1 : NULL;
	char why[256];

	if (!row) {
		log_error("%s: unknown key '%.*s'", what, (int)len, pair);
		return -EINVAL;
	}
	if (row - rows < OPTION_ROWS_MAX)
		given[row - rows] = true;
	if (!value && row->type == OPTION_FLAG)
		value = "on";
	if (!value) {
		log_error("%s: %s: needs a value: %s=%s", what, row->name,
			  row->name, row->metavar);
		return -EINVAL;
	}
	if (value_set(row, value, config, why, sizeof(why)) < 0) {
		log_error("%s: %s: '%s': %s", what, row->name, value, why);
		return -EINVAL;
	}
	return 0;
}

/* Cut from the front of *rest; NULL: there is none. */
static char *pair_next(const struct option_row *rows, char **rest)
{
	const struct option_row *row = NULL;
	char *pair = *rest;

	if (pair)
		row = row_find(rows, pair, strcspn(pair, "=,"));
	if (!row || !row->rest)
		return strsep(rest, ",");
	*rest = NULL;
	return pair;
}

int option_parse_list(const struct option_row *rows, const char *text,
		      const char *what, void *config, char **copy)
{
	static const struct option_row none[] = { OPTION_END };
	bool given[OPTION_ROWS_MAX] = { false };
	char *rest = NULL, *pair;
	int err = 0;

	*copy = NULL;
	if (!rows)
		rows = none;
	defaults_set(rows, config);
	if (text && *text) {
		*copy = rest = strdup(text);
		if (!rest)
			return -ENOMEM;
	}
	while (!err && (pair = pair_next(rows, &rest)))
		err = pair_read(rows, pair, what, config, given);
	for (unsigned int i = 0; !err && rows[i].name; i++) {
		if (rows[i].required && !given[i]) {
			log_error("%s: %s=%s is required", what, rows[i].name,
				  rows[i].metavar);
			err = -EINVAL;
		}
	}
	if (err) {
		free(*copy);
		*copy = NULL;
	}
	return err;
}
