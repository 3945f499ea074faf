/* SPDX-License-Identifier: MIT */
#include "report/fleet.h"

#include <string.h>

#include "base/json_get.h"
#include "report/measured.h"
#include "report/noticed.h"

#define WIDTH_LEAST 10
#define WIDTH_MOST  32

static int width_of(const json_t *rows, const char *key, int width)
{
	const json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		int len = (int)strlen(json_get_text(row, key, ""));

		width = len > width ? len : width;
	}
	return width < WIDTH_MOST ? width : WIDTH_MOST;
}

static void us_print(FILE *out, const json_t *ns)
{
	if (json_is_number(ns))
		fprintf(out, " %9.2f", json_number_value(ns) / 1e3);
	else
		fprintf(out, " %9s", "-");
}

/* What a cell says of one of its arms; of the baseline nothing. */
static void said_print(FILE *out, const json_t *row, const char *arm)
{
	const json_t *aa = json_object_get(row, "aa"), *said;
	size_t i;

	if (!strcmp(json_get_text(aa, "arm", ""), arm)) {
		fprintf(out, " %7lld  A/A: %s%s",
			(long long)json_get_integer(aa, "pairs"),
			json_get_text(aa, "verdict", ""),
			json_is_true(json_object_get(aa, "alarm")) ? ": ALARM"
								   : "");
		return;
	}
	json_array_foreach(json_object_get(row, "comparisons"), i, said)
	{
		if (!strcmp(json_get_text(said, "arm", ""), arm))
			fprintf(out, " %7lld  %s",
				(long long)json_get_integer(said, "pairs"),
				json_get_text(said, "verdict", ""));
	}
}

static void cell_print(FILE *out, const json_t *row, int cell, int arm,
		       const char *bad, const char *plain)
{
	const char *state = json_get_text(row, "state", "");
	const char *name = json_get_text(row, "cell", "");
	const json_t *one;
	size_t i;

	if (strcmp(state, "merged") != 0)
		fprintf(out, "%-*s  %s%s%s: %s\n", cell, name, bad, state,
			plain, json_get_text(row, "reason", ""));
	json_array_foreach(json_object_get(row, "arms"), i, one)
	{
		const char *called = json_get_text(one, "arm", "");
		const json_t *ns = measured_ns(one);

		fprintf(out, "%-*s  %-*s", cell, name, arm, called);
		us_print(out, json_object_get(ns, "p50"));
		us_print(out, json_object_get(ns, "p99"));
		said_print(out, row, called);
		fputc('\n', out);
	}
}

static void cells_print(FILE *out, const json_t *rows, const char *bad,
			const char *plain)
{
	const int cell = width_of(rows, "cell", 4);
	int arm = WIDTH_LEAST;
	const json_t *row;
	size_t i;

	json_array_foreach(rows, i, row) arm =
		width_of(json_object_get(row, "arms"), "arm", arm);
	fprintf(out,
		"\n%s, us: each cell's own, of its own blocks; those "
		"of two cells are never held against each other\n"
		"%-*s  %-*s %9s %9s %7s  against its first arm\n",
		measured_of(
			json_array_get(json_object_get(json_array_get(rows, 0),
						       "arms"),
				       0))
			->title,
		cell, "cell", arm, "arm", "p50", "p99", "blocks");
	json_array_foreach(rows, i, row)
		cell_print(out, row, cell, arm, bad, plain);
}

/* Whether one figure says it for all of them. */
static void agreement_print(FILE *out, const json_t *merged, const char *bad,
			    const char *plain)
{
	if (!json_is_number(json_object_get(merged, "agreement_p")))
		return;
	if (json_is_true(json_object_get(merged, "disagree")))
		fprintf(out,
			"  %sthe cells disagree%s (Kruskal-Wallis p %.4f): how "
			"much it is depends on the machine; see each one's own "
			"row\n",
			bad, plain, json_get_number(merged, "agreement_p"));
	else
		fprintf(out,
			"  no difference between the cells was shown "
			"(Kruskal-Wallis p %.4f)\n",
			json_get_number(merged, "agreement_p"));
}

static void merged_print(FILE *out, const json_t *merged, const char *what,
			 const char *bad, const char *plain)
{
	long long cells = json_get_integer(merged, "cells");

	fprintf(out, "\n%s%s against %s, on %lld cell%s: %s\n", what,
		json_get_text(merged, "arm", ""),
		json_get_text(merged, "against", ""), cells,
		cells == 1 ? "" : "s", json_get_text(merged, "verdict", ""));
	if (json_get_integer(merged, "pairs") > 0)
		fprintf(out,
			"  %.2f x the time at p50 (%lld blocks, each ranked "
			"within its cell); p %.4f, adjusted for all arms\n",
			json_get_number(merged, "ratio"),
			(long long)json_get_integer(merged, "pairs"),
			json_get_number(merged, "p_adjusted"));
	agreement_print(out, merged, bad, plain);
}

static void tree_print(FILE *out, const json_t *tree)
{
	if (!json_is_object(tree))
		return;
	fprintf(out, "tree      commit %s%s%s\n",
		json_get_text(tree, "commit", "unknown"),
		json_get_text(tree, "uncommitted", NULL)
			? ", and what is not committed: "
			: "",
		json_get_text(tree, "uncommitted", ""));
}

void fleet_print(FILE *out, const json_t *summary, bool colour)
{
	const char *bad = colour ? "\033[31m" : "";
	const char *plain = colour ? "\033[0m" : "";
	const json_t *rows = json_object_get(summary, "cells"), *row, *merged;
	const json_t *aa = json_object_get(summary, "aa");
	size_t i, in = 0;

	json_array_foreach(rows, i, row) in +=
		!strcmp(json_get_text(row, "state", ""), "merged");
	fprintf(out,
		"question  %s\n"
		"fleet     %zu cells, %zu of them in the merged figures; place "
		"%s, accelerator %s\n",
		json_get_text(summary, "question", "unknown"), i, in,
		json_get_text(summary, "place", "unknown"),
		json_get_text(summary, "accelerator", "unknown"));
	tree_print(out, json_object_get(summary, "tree"));
	if (*json_get_text(summary, "image", ""))
		fprintf(out, "image     sha256 %.12s\n",
			json_get_text(summary, "image", ""));
	cells_print(out, rows, bad, plain);
	json_array_foreach(json_object_get(summary, "comparisons"), i, merged)
		merged_print(out, merged, "", bad, plain);
	if (json_is_object(aa))
		merged_print(out, aa, "A/A: ", bad, plain);
	if (json_is_true(json_object_get(aa, "alarm")))
		fprintf(out,
			"%sALARM%s: a baseline differs from itself: repeat the "
			"campaign before you believe a verdict\n",
			bad, plain);
	json_array_foreach(rows, i, row)
	{
		const char *state = json_get_text(row, "state", "");

		noticed_print(out, row, bad, plain);
		if (strcmp(state, "merged") != 0)
			fprintf(out, "\n%snot in it%s: cell %s, %s: %s\n", bad,
				plain, json_get_text(row, "cell", ""), state,
				json_get_text(row, "reason", ""));
	}
}
