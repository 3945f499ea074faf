/* SPDX-License-Identifier: MIT */
#include "report/tables.h"

#include <string.h>

#include "base/json_get.h"

#define REASONS_MAX 64

/* Reasons stand below a table, once each, by their number. */
struct reasons {
	const char *text[REASONS_MAX];
	unsigned int count;
};

static unsigned int reason_number(struct reasons *reasons, const char *text)
{
	unsigned int i = 0;

	while (i < reasons->count && strcmp(reasons->text[i], text) != 0)
		i++;
	if (i == reasons->count && i < REASONS_MAX)
		reasons->text[reasons->count++] = text;
	return i + 1;
}

static void also_print(FILE *out, const json_t *cell)
{
	const json_t *one, *also = json_object_get(cell, "also");
	size_t i;

	json_array_foreach(also, i, one) fprintf(
		out, "%s %s (%s): %s",
		i ? ";" : "    also claimed:", json_get_text(one, "claim", ""),
		json_get_text(one, "place", ""),
		json_get_text(one, "verdict", "-"));
	if (i > 0)
		fputc('\n', out);
}

static void cell_print(FILE *out, const char *row, const json_t *cell,
		       struct reasons *reasons)
{
	const char *reason = json_get_text(cell, "reason", NULL);
	const char *note = json_get_text(cell, "note", NULL);
	char text[TABLES_TEXT_MAX];

	fprintf(out, "%-40s %-12s %-31s ", row,
		json_get_text(cell, "column", ""),
		json_get_text(cell, "claim", ""));
	if (reason) {
		fprintf(out, "not measured [%u]\n",
			reason_number(reasons, reason));
	} else {
		fprintf(out, "%-34s %s", tables_measured(cell, text),
			json_get_text(cell, "verdict", "-"));
		if (note)
			fprintf(out, " [%u]", reason_number(reasons, note));
		fputc('\n', out);
	}
	also_print(out, cell);
}

static void table_print(FILE *out, const json_t *table)
{
	struct reasons reasons = { .count = 0 };
	const json_t *row, *cell;
	size_t i, j;

	fprintf(out, "\n%s\n%-40s %-12s %-31s %-34s %s\n",
		json_get_text(table, "title", ""), "", "", "claimed",
		"measured (95 % CI)", "that is");
	json_array_foreach(json_object_get(table, "rows"), i, row)
	{
		json_array_foreach(json_object_get(row, "cells"), j, cell)
			cell_print(out, j ? "" : json_get_text(row, "row", ""),
				   cell, &reasons);
	}
	for (unsigned int n = 0; n < reasons.count; n++)
		fprintf(out, "[%u] %s\n", n + 1, reasons.text[n]);
}

void tables_print(FILE *out, const json_t *summary)
{
	char where[2 * TABLES_TEXT_MAX], others[TABLES_TEXT_MAX];
	const json_t *table;
	size_t i;

	fprintf(out,
		"connection types: what is claimed of them, and what was "
		"measured\n%s\n",
		tables_where(summary, where));
	if (tables_contention(summary, others))
		fprintf(out, "%s\n", others);
	json_array_foreach(json_object_get(summary, "tables"), i, table)
		table_print(out, table);
}
