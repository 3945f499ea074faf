/* SPDX-License-Identifier: MIT */
#include "base/option.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

/* Help starts in this column, and lines end before the other. */
#define HELP_COLUMN 30
#define HELP_WIDTH  79

/*
 * Print text from the column on, broken at blanks; a newline in it is a
 * blank, two are a new paragraph.
 */
static void wrap(FILE *out, const char *text, size_t column)
{
	size_t at = column;

	while (*text) {
		size_t blank = strspn(text, " \n");
		size_t len = strcspn(text + blank, " \n");
		const char *second = memchr(text, '\n', blank);
		bool paragraph =
			second && memchr(second + 1, '\n',
					 blank - (size_t)(second + 1 - text));

		if (!len)
			break;
		if (paragraph || (at > column && at + 1 + len > HELP_WIDTH)) {
			fprintf(out, "%s\n%*s", paragraph ? "\n" : "",
				(int)column, "");
			at = column;
		} else if (at > column) {
			fputc(' ', out);
			at++;
		}
		fwrite(text + blank, 1, len, out);
		at += len;
		text += blank + len;
	}
	fputc('\n', out);
}

/* "  --threshold-usd USD" and the like; returns its length. */
static int left_print(char *text, size_t size, const struct option_row *row,
		      const char *prefix, const char *joint)
{
	const char *value =
		row->type == OPTION_FLAG && *joint == ' ' ? NULL : row->metavar;

	return snprintf(text, size, "%s%s%s%s", prefix, row->name,
			value ? joint : "", value ? value : "");
}

/* The help, the choices, the default. */
static void right_print(char *text, size_t size, const struct option_row *row)
{
	size_t n = (size_t)snprintf(text, size, "%s", row->help);

	if (row->alias && n < size)
		n += (size_t)snprintf(text + n, size - n, "; or --%s",
				      row->alias);
	if (row->socket && n < size)
		n += (size_t)snprintf(text + n, size - n, " (%s)",
				      row->socket->name);
	for (unsigned int i = 0; row->type == OPTION_CHOICE && n < size; i++) {
		n += (size_t)snprintf(text + n, size - n, "%s%s",
				      i ? " | " : " (", row->choices[i]);
		if (row->choices[i + 1])
			continue;
		if (n < size)
			n += (size_t)snprintf(text + n, size - n, ")");
		break;
	}
	if (n < size && row->required)
		snprintf(text + n, size - n, " [required]");
	else if (n < size && row->def && *row->def)
		snprintf(text + n, size - n, " [%s]", row->def);
}

static void row_print(FILE *out, const struct option_row *row,
		      const char *prefix, const char *joint)
{
	char left[128], right[1024];
	int n = left_print(left, sizeof(left), row, prefix, joint);

	right_print(right, sizeof(right), row);
	if (n < HELP_COLUMN - 1)
		fprintf(out, "%-*s", HELP_COLUMN, left);
	else
		fprintf(out, "%s\n%*s", left, HELP_COLUMN, "");
	wrap(out, right, HELP_COLUMN);
}

void option_print_rows(FILE *out, const struct option_row *rows,
		       const char *prefix)
{
	for (; rows && rows->name; rows++)
		row_print(out, rows, prefix, "=");
}

void option_print_help(FILE *out, const struct option_program *program)
{
	fprintf(out, "%s - %s\n\nUsage: %s %s\n\n", program->name,
		program->summary, program->name,
		program->synopsis ? program->synopsis : "[OPTION...]");
	wrap(out, program->description, 0);
	fputs("\nOptions:\n", out);
	for (const struct option_row *row = program->rows; row->name; row++)
		row_print(out, row, "  --", " ");
	fputs("  " OPTION_COMMON_NAMES "\n", out);
	if (program->exit_and_output) {
		fputc('\n', out);
		wrap(out, program->exit_and_output, 0);
	}
	fputs("\nExit status: 0, 1 for a failure, 2 for bad usage.\n", out);
}

/* roff takes '-' for a hyphen, a leading '.' or '\'' for a request. */
static void roff_print(FILE *out, const char *text)
{
	bool start = true;

	for (; *text; text++) {
		if (start && (*text == '.' || *text == '\''))
			fputs("\\&", out);
		if (text[0] == '\n' && text[1] == '\n') {
			fputs("\n.PP\n", out);
			text++;
		} else if (*text == '\\') {
			fputs("\\e", out);
		} else if (*text == '-') {
			fputs("\\-", out);
		} else {
			fputc(*text, out);
		}
		start = *text == '\n';
	}
}

void option_print_man(FILE *out, const struct option_program *program)
{
	fputs(".TH ", out);
	for (const char *c = program->name; *c; c++)
		fputc(toupper((unsigned char)*c), out);
	fputs(" 1 \"\" \"t2t-lab\" \"User Commands\"\n.SH NAME\n", out);
	roff_print(out, program->name);
	fputs(" \\- ", out);
	roff_print(out, program->summary);
	fputs("\n.SH SYNOPSIS\n.B ", out);
	roff_print(out, program->name);
	fputs("\n", out);
	roff_print(out, program->synopsis ? program->synopsis : "[OPTION...]");
	fputs("\n.SH DESCRIPTION\n", out);
	roff_print(out, program->description);
	fputs("\n.SH OPTIONS\n", out);
	for (const struct option_row *row = program->rows; row->name; row++) {
		char left[128], right[1024];

		left_print(left, sizeof(left), row, "--", " ");
		right_print(right, sizeof(right), row);
		fputs(".TP\n.B ", out);
		roff_print(out, left);
		fputc('\n', out);
		roff_print(out, right);
		fputc('\n', out);
	}
	if (program->exit_and_output) {
		fputs(".SH OUTPUT\n", out);
		roff_print(out, program->exit_and_output);
		fputc('\n', out);
	}
	fputs(".SH EXIT STATUS\n0, 1 for a failure, 2 for bad usage.\n", out);
}
