/* SPDX-License-Identifier: MIT */
#include "report/markdown.h"

#include <ctype.h>
#include <string.h>

#include "base/json_get.h"
#include "report/measured.h"
#include "report/noticed.h"
#include "report/text_cell.h"

void markdown_escaped(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (strchr("\\`*_[]<>|#&~", *text))
			fputc('\\', out);
		fputc(iscntrl((unsigned char)*text) ? '?' : *text, out);
	}
}

static void verdict_write(FILE *out, const json_t *comparison,
			  const struct gate *gate)
{
	fputs("- **", out);
	markdown_escaped(out, json_get_text(comparison, "arm", "unknown"));
	fputs("** against ", out);
	markdown_escaped(out, json_get_text(comparison, "against", "unknown"));
	fputs(": **", out);
	markdown_escaped(out, json_get_text(comparison, "verdict", "unknown"));
	fputs("**", out);
	if (gate_fails(gate, comparison))
		fputs(", which fails", out);
	fputc('\n', out);
}

static void arm_write(FILE *out, const json_t *arm)
{
	static const char *const keys[] = { "p50", "p90", "p99" };
	const json_t *latency = measured_ns(arm);
	char text[TEXT_CELL_US_MAX];

	fputs("| ", out);
	markdown_escaped(out, json_get_text(arm, "receive", "unknown"));
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		fprintf(out, " | %s",
			text_cell_us_text(json_object_get(latency, keys[i]),
					  text));
	fprintf(out, " | %lld of %lld | %s |\n",
		(long long)json_get_integer(arm, "matched"),
		(long long)json_get_integer(arm, "triggers"),
		text_cell_correct(arm));
}

void markdown_write(FILE *out, const json_t *summary, const json_t *manifest,
		    const struct gate *gate)
{
	const json_t *parameters = json_object_get(manifest, "parameters");
	const json_t *one;
	size_t i;

	fputs("### ", out);
	markdown_escaped(out, json_get_text(manifest, "question", "t2t-lab"));
	fputs("\n\n", out);
	one = json_object_get(summary, "race");
	if (one) {
		fputs("- **", out);
		markdown_escaped(out, json_get_text(one, "verdict", "unknown"));
		fputs("**\n", out);
	}
	json_array_foreach(json_object_get(summary, "comparisons"), i, one)
	{
		verdict_write(out, one, gate);
	}
	if (json_is_true(
		    json_object_get(json_object_get(summary, "aa"), "alarm")))
		fputs("- **ALARM**: the baseline differs from itself\n", out);
	noticed_markdown(out, summary, markdown_escaped);
	fputs("\n| arm | p50, us | p90 | p99 | orders right | |\n"
	      "|---|---:|---:|---:|---:|---|\n",
	      out);
	json_array_foreach(json_object_get(summary, "arms"), i, one)
	{
		arm_write(out, one);
	}
	one = json_array_get(json_object_get(summary, "arms"), 0);
	fprintf(out, "\n%c%s; ", toupper(*measured_of(one)->title),
		measured_of(one)->title + 1);
	fprintf(out, "%lld blocks, place %s, accelerator %s, pace ",
		(long long)json_get_integer(parameters, "blocks"),
		json_get_text(manifest, "place", "unknown"),
		json_get_text(manifest, "accelerator", "unknown"));
	markdown_escaped(out, json_get_text(parameters, "pace", "unknown"));
	fputs("; ", out);
	markdown_escaped(out, json_get_text(json_object_get(manifest, "host"),
					    "cpu", "unknown"));
	fputs(", Linux ", out);
	markdown_escaped(out, json_get_text(json_object_get(manifest, "host"),
					    "kernel", "unknown"));
	fputs(", ", out);
	fputs(json_get_text(manifest, "started", "unknown"), out);
	fputs(".\n", out);
}
