/* SPDX-License-Identifier: MIT */
#include "report/recovery_table.h"

#include "base/json_get.h"
#include "base/mem.h"
#include "report/page.h"
#include "report/text_cell.h"

#define TITLE "Missing packets, and how they were had"

static const struct column {
	const char *key, *head;
} counts[] = {
	{ "gaps", "gaps" },	      { "missing", "missing" },
	{ "recovered", "recovered" }, { "filled", "filled" },
	{ "given_up", "given up" },
};

static const struct column times[] = {
	{ "fill_p50_ns", "fill p50" },
	{ "fill_max_ns", "fill max" },
};

static const char *const line_counts[] = { "first", "late", "missing" };

/* How many lines the arm with the most has; 0: none has anything to tell. */
static size_t lines_of(const json_t *arms)
{
	const json_t *arm;
	size_t most = 0, i;

	json_array_foreach(arms, i, arm)
	{
		const size_t lines = json_array_size(json_object_get(
			json_object_get(arm, "recovery"), "lines"));

		most = lines > most ? lines : most;
	}
	return most;
}

static void row_print(FILE *out, const json_t *recovery, size_t lines)
{
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
		fprintf(out, " %9lld",
			(long long)json_get_integer(recovery, counts[i].key));
	for (size_t i = 0; i < ARRAY_SIZE(times); i++)
		text_cell_us(out, json_object_get(recovery, times[i].key));
	for (size_t i = 0; i < lines; i++) {
		const json_t *line =
			json_array_get(json_object_get(recovery, "lines"), i);
		char text[64];

		if (line)
			snprintf(text, sizeof(text), "%lld/%lld/%lld",
				 (long long)json_get_integer(line, "first"),
				 (long long)json_get_integer(line, "late"),
				 (long long)json_get_integer(line, "missing"));
		fprintf(out, "  %22s", line ? text : "-");
	}
	fputc('\n', out);
}

void recovery_table_print(FILE *out, int width, const json_t *arms)
{
	const size_t lines = lines_of(arms);
	const json_t *arm;
	size_t n;

	if (lines == 0)
		return;
	fprintf(out,
		"\n" TITLE "; time to fill a gap in us; line: first/late/"
		"missing\n%-*s",
		width, "");
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
		fprintf(out, " %9s", counts[i].head);
	for (size_t i = 0; i < ARRAY_SIZE(times); i++)
		fprintf(out, " %9s", times[i].head);
	for (size_t i = 0; i < lines; i++)
		fprintf(out, "  %21s%c", "line ", 'A' + (int)i);
	fputc('\n', out);
	json_array_foreach(arms, n, arm)
	{
		const json_t *recovery = json_object_get(arm, "recovery");

		if (!recovery)
			continue;
		text_cell_name(out, arm, width);
		row_print(out, recovery, lines);
	}
}

static void row_write(FILE *out, const json_t *arm, size_t lines)
{
	const json_t *recovery = json_object_get(arm, "recovery");

	fputs("<tr>", out);
	page_tagged(out, "td", json_get_text(arm, "receive", ""));
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
		fprintf(out, "<td>%lld</td>",
			(long long)json_get_integer(recovery, counts[i].key));
	for (size_t i = 0; i < ARRAY_SIZE(times); i++)
		page_us_cell(out, json_object_get(recovery, times[i].key));
	for (size_t i = 0; i < lines * ARRAY_SIZE(line_counts); i++) {
		const json_t *count = json_object_get(
			json_array_get(json_object_get(recovery, "lines"),
				       i / ARRAY_SIZE(line_counts)),
			line_counts[i % ARRAY_SIZE(line_counts)]);

		if (count)
			fprintf(out, "<td>%lld</td>",
				(long long)json_integer_value(count));
		else
			fputs("<td>-</td>", out);
	}
	fputs("</tr>\n", out);
}

void recovery_table_write(FILE *out, const json_t *arms)
{
	const size_t lines = lines_of(arms);
	const json_t *arm;
	size_t n;

	if (lines == 0)
		return;
	fputs("<h2>" TITLE "</h2>\n<div class=\"wide\"><table><tr>"
	      "<th>arm</th>",
	      out);
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
		page_tagged(out, "th", counts[i].head);
	for (size_t i = 0; i < ARRAY_SIZE(times); i++)
		fprintf(out, "<th>%s, us</th>", times[i].head);
	for (size_t i = 0; i < lines * ARRAY_SIZE(line_counts); i++)
		fprintf(out, "<th>%c %s</th>",
			'A' + (int)(i / ARRAY_SIZE(line_counts)),
			line_counts[i % ARRAY_SIZE(line_counts)]);
	fputs("</tr>\n", out);
	json_array_foreach(arms, n, arm)
	{
		if (json_object_get(arm, "recovery"))
			row_write(out, arm, lines);
	}
	fputs("</table></div>\n"
	      "<p class=\"note\">Recovered: by the exchange's "
	      "retransmitter. Filled: by the other line, or late by its own. "
	      "First: packets that a line brought before the other.</p>\n",
	      out);
}
