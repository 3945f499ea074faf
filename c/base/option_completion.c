/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/option.h"
#include "base/registry.h"

/* A key of a list: "rcvbuf=", "timestamps=on", "wait=sleep". */
static void keys_print(FILE *out, const struct option_row *row)
{
	for (; row->name; row++) {
		if (row->type == OPTION_FLAG)
			fprintf(out, "%s=on %s=off ", row->name, row->name);
		else if (row->type != OPTION_CHOICE)
			fprintf(out, "%s= ", row->name);
		for (unsigned int i = 0;
		     row->type == OPTION_CHOICE && row->choices[i]; i++)
			fprintf(out, "%s=%s ", row->name, row->choices[i]);
	}
}

static void names_print(FILE *out, const struct registry *family)
{
	const struct registry_entry *entry;

	for (unsigned int i = 0; (entry = registry_at(family, i)); i++)
		fprintf(out, "%s ", entry->name);
	fputs("help", out);
}

static void values_print(FILE *out, const struct option_row *row)
{
	if (row->family)
		names_print(out, row->family);
	else if (row->type == OPTION_CHOICE)
		for (unsigned int i = 0; row->choices[i]; i++)
			fprintf(out, "%s ", row->choices[i]);
	else if (!strcmp(row->name, "interface"))
		fputs("@interface", out);
	else if (strstr(row->metavar, "FILE"))
		fputs("@file", out);
	else if (!strcmp(row->metavar, "FOLDER"))
		fputs("@folder", out);
}

static void row_print(FILE *out, const char *program,
		      const struct option_row *row)
{
	const struct registry_entry *entry;

	if (row->type == OPTION_FLAG)
		return;
	fprintf(out, "_t2t_words['%s --%s']='", program, row->name);
	values_print(out, row);
	fputs("'\n", out);
	for (unsigned int i = 0;
	     row->family && (entry = registry_at(row->family, i)); i++) {
		if (!entry->options)
			continue;
		fprintf(out, "_t2t_words['%s --%s %s']='", program, row->name,
			entry->name);
		keys_print(out, entry->options);
		fputs("'\n", out);
	}
}

void option_print_completion(FILE *out, const struct option_program *program)
{
	fprintf(out, "_t2t_words['%s']='", program->name);
	for (const struct option_row *row = program->rows; row->name; row++)
		fprintf(out, "--%s ", row->name);
	fputs(OPTION_COMMON_NAMES "'\n", out);
	for (const struct option_row *row = program->rows; row->name; row++)
		row_print(out, program->name, row);
	fprintf(out, "complete -o default -F _t2t %s\n", program->name);
}
