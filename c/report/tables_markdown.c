/* SPDX-License-Identifier: MIT */
#include "report/tables.h"

#include "base/json_get.h"
#include "report/markdown.h"

static void cell_write(FILE *out, const char *row, const json_t *cell)
{
	const char *reason = json_get_text(cell, "reason", NULL);
	const char *note = json_get_text(cell, "note", NULL);
	char text[TABLES_TEXT_MAX];
	const json_t *one;
	size_t i;

	fputs("| ", out);
	markdown_escaped(out, row);
	fputs(" | ", out);
	markdown_escaped(out, json_get_text(cell, "column", ""));
	fputs(" | ", out);
	markdown_escaped(out, json_get_text(cell, "claim", ""));
	json_array_foreach(json_object_get(cell, "also"), i, one)
	{
		fputs(i ? "; " : "; also ", out);
		markdown_escaped(out, json_get_text(one, "claim", ""));
		fputs(" (", out);
		markdown_escaped(out, json_get_text(one, "place", ""));
		fputs(")", out);
	}
	fputs(" | ", out);
	markdown_escaped(out, reason ? reason : tables_measured(cell, text));
	if (note) {
		fputs("; ", out);
		markdown_escaped(out, note);
	}
	fputs(" | ", out);
	markdown_escaped(out, json_get_text(cell, "verdict", "-"));
	fputs(" |\n", out);
}

void tables_markdown(FILE *out, const json_t *summary)
{
	char where[2 * TABLES_TEXT_MAX], others[TABLES_TEXT_MAX];
	const json_t *table, *row, *cell;
	size_t i, j, k;

	fputs("### Connection types: claimed and measured\n\n", out);
	markdown_escaped(out, tables_where(summary, where));
	if (tables_contention(summary, others))
		fprintf(out, "; **%s**", others);
	fputc('\n', out);
	json_array_foreach(json_object_get(summary, "tables"), i, table)
	{
		fputs("\n#### ", out);
		markdown_escaped(out, json_get_text(table, "title", ""));
		fputs("\n\n| | | claimed | measured (95 % CI) | that is |\n"
		      "|---|---|---|---|---|\n",
		      out);
		json_array_foreach(json_object_get(table, "rows"), j, row)
		{
			json_array_foreach(json_object_get(row, "cells"), k,
					   cell)
				cell_write(out,
					   k ? ""
					     : json_get_text(row, "row", ""),
					   cell);
		}
	}
}
