/* SPDX-License-Identifier: MIT */
#include "base/option.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

/* Text of help starts in this column. */
#define HELP_COLUMN 30

/* "  --threshold-usd USD" and the like; returns its length. */
static int left_print(char *text, size_t size, const struct option_row *row,
		      const char *prefix, const char *joint)
{
	const char *value =
		row->type == OPTION_FLAG && *joint == ' ' ? NULL : row->value;

	return snprintf(text, size, "%s%s%s%s", prefix, row->name,
			value ? joint : "", value ? value : "");
}

static void choices_print(FILE *out, const struct option_row *row)
{
	fputs(" (", out);
	for (unsigned int i = 0; row->choices[i]; i++)
		fprintf(out, "%s%s", i ? " | " : "", row->choices[i]);
	fputc(')', out);
}

static void facts_print(FILE *out, const struct option_row *row)
{
	if (row->type == OPTION_CHOICE)
		choices_print(out, row);
	if (row->required)
		fputs(" [required]", out);
	else if (row->initial && *row->initial && row->type != OPTION_FLAG)
		fprintf(out, " [%s]", row->initial);
	else if (row->initial && row->type == OPTION_FLAG)
		fprintf(out, " [%s]", row->initial);
}

static void row_print(FILE *out, const struct option_row *row,
		      const char *prefix, const char *joint)
{
	const char *line = row->help;
	char left[128];
	int n = left_print(left, sizeof(left), row, prefix, joint);

	if (n < HELP_COLUMN - 1)
		fprintf(out, "%-*s", HELP_COLUMN, left);
	else
		fprintf(out, "%s\n%*s", left, HELP_COLUMN, "");
	for (;;) {
		size_t len = strcspn(line, "\n");

		fwrite(line, 1, len, out);
		if (!line[len])
			break;
		fprintf(out, "\n%*s", HELP_COLUMN, "");
		line += len + 1;
	}
	facts_print(out, row);
	fputc('\n', out);
}

void option_print_rows(FILE *out, const struct option_row *rows,
		       const char *prefix)
{
	for (; rows && rows->name; rows++)
		row_print(out, rows, prefix, "=");
}

void option_print_help(FILE *out, const struct option_program *program)
{
	fprintf(out, "%s - %s\n\nUsage: %s %s\n\n%s\n\nOptions:\n",
		program->name, program->summary, program->name,
		program->synopsis ? program->synopsis : "[OPTION...]",
		program->description);
	for (const struct option_row *row = program->rows; row->name; row++)
		row_print(out, row, "  --", " ");
	fputs("  --help, --version, --man, --verbose, --quiet\n", out);
	if (program->exit_and_output)
		fprintf(out, "\n%s\n", program->exit_and_output);
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
		char left[128];

		left_print(left, sizeof(left), row, "--", " ");
		fputs(".TP\n.B ", out);
		roff_print(out, left);
		fputc('\n', out);
		roff_print(out, row->help);
		facts_print(out, row);
		fputc('\n', out);
	}
	if (program->exit_and_output) {
		fputs(".SH OUTPUT\n", out);
		roff_print(out, program->exit_and_output);
		fputc('\n', out);
	}
	fputs(".SH EXIT STATUS\n0, 1 for a failure, 2 for bad usage.\n", out);
}
