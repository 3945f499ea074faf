/* SPDX-License-Identifier: MIT */
#include "report/tables.h"

#include <string.h>

#include "base/json_get.h"
#include "report/export.h"
#include "report/page.h"

static void also_write(FILE *out, const json_t *cell)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(cell, "also"), i, one)
	{
		fputs("<br/><small>also ", out);
		export_escaped(out, json_get_text(one, "claim", ""));
		fputs(" (", out);
		export_escaped(out, json_get_text(one, "place", ""));
		fputs("): ", out);
		export_escaped(out, json_get_text(one, "verdict", "-"));
		fputs("</small>", out);
	}
}

static void measured_write(FILE *out, const json_t *cell)
{
	const json_t *measured = json_object_get(cell, "measured");
	const char *reason = json_get_text(cell, "reason", NULL);
	const char *note = json_get_text(cell, "note", NULL);
	const char *missing = json_get_text(measured, "no_interval", NULL);
	char text[TABLES_TEXT_MAX];

	if (reason) {
		fputs("<td class=\"note\">", out);
		export_escaped(out, reason);
		fputs("</td>", out);
		return;
	}
	fputs("<td>", out);
	export_escaped(out, tables_measured(cell, text));
	fputs("<br/>", out);
	page_tagged(out, "strong", json_get_text(cell, "verdict", "-"));
	if (missing) {
		fputs("<br/><small>no interval: ", out);
		export_escaped(out, missing);
		fputs("</small>", out);
	}
	if (note) {
		fputs("<br/><small>", out);
		export_escaped(out, note);
		fputs("</small>", out);
	}
	fputs("</td>", out);
}

/* Its name has a line of its own: a telephone is narrow. */
static void row_write(FILE *out, const json_t *row)
{
	const json_t *cell, *cells = json_object_get(row, "cells");
	size_t i;

	fputs("<tr><th class=\"row\" colspan=\"3\">", out);
	export_escaped(out, json_get_text(row, "row", ""));
	fputs("</th></tr>\n", out);
	json_array_foreach(cells, i, cell)
	{
		fputs("<tr>", out);
		page_tagged(out, "td", json_get_text(cell, "column", ""));
		fputs("<td>", out);
		export_escaped(out, json_get_text(cell, "claim", ""));
		also_write(out, cell);
		fputs("</td>", out);
		measured_write(out, cell);
		fputs("</tr>\n", out);
	}
}

static void table_write(FILE *out, const json_t *table)
{
	const json_t *row;
	size_t i;

	page_tagged(out, "h2", json_get_text(table, "title", ""));
	fputs("\n<div class=\"wide claims\"><table><tr><th></th>"
	      "<th>claimed</th><th>measured (95 % CI), and what that is</th>"
	      "</tr>\n",
	      out);
	json_array_foreach(json_object_get(table, "rows"), i, row)
		row_write(out, row);
	fputs("</table></div>\n", out);
}

/* Each way of measuring, once. */
static void hows_write(FILE *out, const json_t *summary)
{
	const json_t *table, *row, *cell;
	json_t *told = json_object();
	size_t i, j, k;

	fputs("<h2>How</h2>\n<ul class=\"note\">\n", out);
	json_array_foreach(json_object_get(summary, "tables"), i, table)
	{
		json_array_foreach(json_object_get(table, "rows"), j, row)
		{
			json_array_foreach(json_object_get(row, "cells"), k,
					   cell)
			{
				const char *how =
					json_get_text(cell, "how", NULL);

				if (!how || json_object_get(told, how))
					continue;
				json_object_set_new(told, how, json_true());
				page_tagged(out, "li", how);
				fputc('\n', out);
			}
		}
	}
	fputs("</ul>\n", out);
	json_decref(told);
}

void tables_page(FILE *out, const json_t *summary)
{
	char where[2 * TABLES_TEXT_MAX], others[TABLES_TEXT_MAX];
	const json_t *table;
	size_t i;

	page_head(out, "Connection types: claimed and measured");
	page_tagged(out, "p", tables_where(summary, where));
	if (tables_contention(summary, others))
		fprintf(out, "\n<p class=\"bad\">%s</p>", others);
	fputs("\n<p class=\"note\">A figure is the Hodges-Lehmann estimate of "
	      "the rounds' own, the interval Tukey's; the rounds are "
	      "interleaved. Of one machine: a NIC, a cable and a switch are in "
	      "none of them.</p>\n",
	      out);
	json_array_foreach(json_object_get(summary, "tables"), i, table)
		table_write(out, table);
	hows_write(out, summary);
	page_end(out);
}
