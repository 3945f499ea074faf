/* SPDX-License-Identifier: MIT */
#include "report/text.h"

#include <stdlib.h>
#include <string.h>

#include "base/json_get.h"
#include "report/gated.h"
#include "report/measured.h"
#include "report/noticed.h"
#include "report/prepared.h"
#include "report/recovery_table.h"
#include "report/results.h"
#include "report/stages.h"
#include "report/text_cell.h"
#include "report/text_comparison.h"
#include "report/text_plan.h"
#include "report/text_race.h"
#include "stats/histogram.h"
#include "stats/latencies.h"

/* CPUs that others kept busy, from which on it is said. */
#define OTHERS_NOTED 0.3

/* "0", or "any" of what was not pinned. */
static const char *cpu_of(const json_t *cpus, const char *role,
			  char text[static 24])
{
	const json_t *cpu = json_object_get(cpus, role);

	if (json_is_string(cpu))
		return json_string_value(cpu);
	if (!json_is_integer(cpu))
		return "any";
	snprintf(text, 24, "%lld", (long long)json_integer_value(cpu));
	return text;
}

static void parameters_print(FILE *out, const json_t *manifest)
{
	const json_t *parameters = json_object_get(manifest, "parameters");
	const json_t *host = json_object_get(manifest, "host");
	const json_t *feed = json_object_get(manifest, "feed");
	const json_t *cpus =
		json_object_get(json_object_get(manifest, "wanted"), "cpus");
	char exchange[24], wiretap[24], trader[24];

	fprintf(out,
		"feed      %s, sha256 %.12s\n"
		"pace      %s, %lld blocks, seed %lld\n"
		"rule      larger than %s USD, aggress %s\n"
		"place     %s%s, accelerator %s\n"
		"CPUs      exchange %s, wiretap %s, trader %s of %lld; "
		"%s\n"
		"host      Linux %s, %s, clock %s\n"
		"programs  %s\n",
		json_get_text(feed, "path", "unknown"),
		json_get_text(feed, "sha256", "unknown"),
		json_get_text(parameters, "pace", "unknown"),
		(long long)json_get_integer(parameters, "blocks"),
		(long long)json_get_integer(parameters, "seed"),
		json_get_text(parameters, "threshold_usd", "unknown"),
		json_get_text(parameters, "aggress", "unknown"),
		json_get_text(manifest, "place", "unknown"),
		strcmp(json_get_text(manifest, "place", "unknown"), "local") !=
				0
			? ""
			: " (two namespaces, a veth pair)",
		json_get_text(manifest, "accelerator", "unknown"),
		cpu_of(cpus, "exchange", exchange),
		cpu_of(cpus, "wiretap", wiretap),
		cpu_of(cpus, "trader", trader),
		(long long)json_get_integer(host, "cpus"),
		json_get_text(host, "cpu", "unknown"),
		json_get_text(host, "kernel", "unknown"),
		json_get_text(host, "distribution", "unknown"),
		json_get_text(host, "clock_source", "unknown"),
		json_get_text(json_object_get(manifest, "programs"), "version",
			      "unknown"));
}

/* What ended it, and at which level that was looked at. */
static void until_print(FILE *out, const json_t *manifest)
{
	const json_t *until = json_object_get(
		json_object_get(manifest, "parameters"), "until");
	const size_t looks = json_array_size(json_object_get(until, "looks"));

	if (!until)
		return;
	fprintf(out, "until     %s: ended by %s, of at most %lld blocks",
		json_get_text(until, "condition", "unknown"),
		json_get_text(until, "ended", "nothing yet"),
		(long long)json_get_integer(until, "blocks"));
	if (looks > 0)
		fprintf(out, "; look %lld of %zu, each at %.2g %%",
			(long long)json_get_integer(until, "taken"), looks,
			json_get_number(until, "alpha") * 100);
	fputc('\n', out);
}

static void clocks_print(FILE *out, const json_t *summary)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(summary, "clocks"), i, one) fprintf(
		out, "stamps    by the clock of: %s\n", json_string_value(one));
}

static void arm_print(FILE *out, int width, const json_t *arm,
		      const struct text_style *style)
{
	const json_t *latency = measured_ns(arm);
	const json_t *correct = json_object_get(arm, "correct");

	text_cell_name(out, arm, width);
	for (size_t i = 0; i < LATENCIES_COLUMNS; i++)
		text_cell_us(out, json_object_get(latency,
						  latencies_columns[i].key));
	fprintf(out, "  %7lld %7lld %4lld %4lld %4lld  %s%s%s\n",
		(long long)json_get_integer(arm, "triggers"),
		(long long)json_get_integer(arm, "matched"),
		(long long)json_get_integer(arm, "missing"),
		(long long)json_get_integer(arm, "extra"),
		(long long)json_get_integer(arm, "wrong"),
		json_is_true(correct) ? style->good : style->bad,
		text_cell_correct(arm), style->plain);
}

/* Which glyphs the reader's terminal can show. */
static const char *const *glyphs(void)
{
	static const char *const unicode[] = { " ", "▁", "▂", "▃", "▄",
					       "▅", "▆", "▇", "█" };
	static const char *const ascii[] = { " ", ".", ":", "-", "=",
					     "+", "*", "%", "#" };
	const char *names[] = { "LC_ALL", "LC_CTYPE", "LANG" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = getenv(names[i]);

		if (value && *value)
			return strstr(value, "UTF-8") || strstr(value, "utf8")
				       ? unicode
				       : ascii;
	}
	return ascii;
}

/* An axis with a mark at every second octave. */
static void axis_print(FILE *out, int width, unsigned int first,
		       unsigned int last)
{
	char axis[HISTOGRAM_BUCKETS + 16];

	memset(axis, ' ', sizeof(axis));
	for (unsigned int i = first; i <= last; i++) {
		double us = (double)histogram_edge(i) / 1e3;
		char label[16];
		int len;

		if (i % (2 * HISTOGRAM_PER_OCTAVE))
			continue;
		len = us < 10	  ? snprintf(label, sizeof(label), "|%.1f", us)
		      : us < 1000 ? snprintf(label, sizeof(label), "|%.0f", us)
				  : snprintf(label, sizeof(label), "|%.1fm",
					     us / 1e3);
		memcpy(axis + (i - first), label, (size_t)len);
	}
	fprintf(out, "%-*s  %.*s\n", width, "us (m: ms)",
		(int)(last - first + 8), axis);
}

/* What this place lacks, and no trial was made of. */
static void skipped_print(FILE *out, int width, const json_t *skipped)
{
	const json_t *one;
	size_t n;

	json_array_foreach(skipped, n, one)
		fprintf(out, "%-*s  skipped: %s\n", width,
			json_get_text(one, "what", "unknown"),
			json_get_text(one, "reason", "unknown"));
}

/* " 3, 7" */
static void numbers_print(FILE *out, const json_t *numbers)
{
	const json_t *number;
	size_t i;

	json_array_foreach(numbers, i, number)
	{
		fprintf(out, "%s %lld", i ? "," : "",
			(long long)json_integer_value(number));
	}
	fputc('\n', out);
}

/* An arm with one of these has no verdict. */
static void incorrect_print(FILE *out, int width, const json_t *arms)
{
	const json_t *arm;
	size_t n;

	json_array_foreach(arms, n, arm)
	{
		const json_t *incorrect = json_object_get(arm, "incorrect");

		if (json_array_size(incorrect) == 0)
			continue;
		text_cell_name(out, arm, width);
		fputs("  no verdict, and in no figure, since incorrect: trials",
		      out);
		numbers_print(out, incorrect);
	}
}

/* Whose fault it was is told, where it is known. */
static void incorrect_reasons_print(FILE *out, const json_t *summary,
				    const struct text_style *style)
{
	const json_t *trial;
	size_t n;

	json_array_foreach(json_object_get(summary, "incorrect_trials"), n,
			   trial)
		fprintf(out, "%sincorrect%s trial %lld, %s: %s\n", style->bad,
			style->plain,
			(long long)json_get_integer(trial, "number"),
			json_get_text(trial, "name", "unknown"),
			json_get_text(trial, "reason", "unknown"));
}

static void void_print(FILE *out, const json_t *summary,
		       const struct text_style *style)
{
	const json_t *trials = json_object_get(summary, "void_trials"), *trial;
	const size_t blocks =
		json_array_size(json_object_get(summary, "void_blocks"));
	size_t n;

	json_array_foreach(trials, n, trial) fprintf(
		out, "%svoid%s      block %lld, %s: %s\n", style->bad,
		style->plain, (long long)json_get_integer(trial, "block") + 1,
		json_get_text(trial, "name", "unknown"),
		json_get_text(trial, "reason", "unknown"));
	if (n > 0)
		fprintf(out,
			"%zu trial%s could not be judged: their blocks were "
			"made again, but for %zu that count for nothing\n",
			n, n == 1 ? "" : "s", blocks);
}

/* A burst's answers are not those of a quiet moment. */
static void lateness_print(FILE *out, int width, const json_t *arms)
{
	const json_t *arm;
	size_t n;

	json_array_foreach(arms, n, arm)
	{
		const json_t *lateness = json_object_get(arm, "lateness");
		const json_t *trials = json_object_get(lateness, "trials");

		if (json_array_size(trials) == 0)
			continue;
		text_cell_name(out, arm, width);
		fprintf(out,
			"  %.1f %% of its orders answer packets that the "
			"exchange sent %.0f us late or more; most in trials",
			100 * json_get_number(lateness, "orders_late") /
				json_get_number(lateness, "orders"),
			json_get_number(lateness, "late_ns") / 1e3);
		numbers_print(out, trials);
	}
}

/* What pairing by content can't tell. */
static void ambiguous_print(FILE *out, int width, const json_t *arms)
{
	const json_t *arm;
	size_t n;

	json_array_foreach(arms, n, arm)
	{
		const json_int_t count = json_get_integer(arm, "ambiguous");

		if (count == 0)
			continue;
		text_cell_name(out, arm, width);
		fprintf(out, "  %lld " RESULTS_AMBIGUOUS "\n",
			(long long)count);
	}
}

static void distributions_print(FILE *out, int width,
				const struct measured *measured,
				const json_t *arms)
{
	const char *const *glyph = glyphs();
	unsigned int first = HISTOGRAM_BUCKETS, last = 0;
	struct histogram histogram;
	const json_t *arm;
	size_t n;

	json_array_foreach(arms, n, arm)
	{
		histogram_from_json(&histogram,
				    json_object_get(arm, "histogram_ns"));
		for (unsigned int i = 0; i < HISTOGRAM_BUCKETS; i++) {
			if (!histogram.count[i])
				continue;
			first = i < first ? i : first;
			last = i > last ? i : last;
		}
	}
	if (first > last)
		return;
	first -= first % (2 * HISTOGRAM_PER_OCTAVE);
	fprintf(out,
		"\nall %s of all blocks, by latency; each arm to its own "
		"height\n",
		measured->all);
	json_array_foreach(arms, n, arm)
	{
		uint64_t most = 1;

		histogram_from_json(&histogram,
				    json_object_get(arm, "histogram_ns"));
		for (unsigned int i = first; i <= last; i++)
			if (histogram.count[i] > most)
				most = histogram.count[i];
		text_cell_name(out, arm, width);
		fputs("  ", out);
		for (unsigned int i = first; i <= last; i++)
			fputs(glyph[(histogram.count[i] * 8 + most - 1) / most],
			      out);
		fputc('\n', out);
	}
	axis_print(out, width, first, last);
}

static void stages_print(FILE *out, int width, const json_t *arms)
{
	const json_t *arm;
	size_t n;

	fputs("\ninside the trader, p50 of each stage, us: kernel stamp -> "
	      "user -> decision -> send returned\n",
	      out);
	json_array_foreach(arms, n, arm)
	{
		const json_t *p50s = json_object_get(arm, "stages_p50_ns");

		text_cell_name(out, arm, width);
		for (size_t i = 0; i < STAGES; i++)
			text_cell_us(out, json_object_get(p50s, stages[i].key));
		fputc('\n', out);
	}
}

/* A spinning path suffers most from whoever else wants its CPU. */
static void others_print(FILE *out, const json_t *summary,
			 const struct text_style *style)
{
	double others = json_get_number(summary, "others_cpus");

	if (others < OTHERS_NOTED)
		return;
	fprintf(out,
		"%sCPU contention%s: other processes kept %.2f CPUs busy "
		"meanwhile (%.2f stolen); don't trust the tails, and run it "
		"again on a quiet machine\n",
		style->bad, style->plain, others,
		json_get_number(summary, "stolen_cpus"));
}

static void bias_print(FILE *out, const json_t *summary)
{
	const json_t *bias = json_object_get(
		json_object_get(summary, "back_to_back"), "back_to_back_ns");
	char p50[TEXT_CELL_US_MAX], p99[TEXT_CELL_US_MAX];

	if (!json_is_object(bias)) {
		fputs("known bias: not measured (this kernel can't loop the "
		      "wire back)\n",
		      out);
		return;
	}
	fprintf(out,
		"known bias: the wire looped back without a trader takes p50 "
		"%s, p99 %s us (%lld frames); it is in every figure above\n",
		text_cell_us_text(json_object_get(bias, "p50"), p50),
		text_cell_us_text(json_object_get(bias, "p99"), p99),
		(long long)json_get_integer(bias, "count"));
}

void report_print(FILE *out, const json_t *summary, const json_t *manifest,
		  bool colour)
{
	const struct text_style style = text_style(colour);
	const json_t *arms = json_object_get(summary, "arms");
	const struct measured *measured = measured_of(json_array_get(arms, 0));
	const int width = text_cell_width(arms);
	const json_t *arm;
	size_t n;

	parameters_print(out, manifest);
	until_print(out, manifest);
	gated_print(out, summary);
	text_plan(out, summary);
	clocks_print(out, summary);
	fprintf(out,
		"\n%s%s, us%s: %s, stamped "
		"outside the trader; of all %s of all blocks, a "
		"percentile with at least 10 beyond it\n"
		"%-*s",
		style.bold, measured->title, style.plain, measured->from_to,
		measured->all, width, "receive path");
	for (size_t i = 0; i < LATENCIES_COLUMNS; i++)
		fprintf(out, " %9s", latencies_columns[i].head);
	fprintf(out, "  %7s %7s %4s %4s %4s\n", "trigger", "match", "miss",
		"xtra", "bad");
	json_array_foreach(arms, n, arm) arm_print(out, width, arm, &style);
	skipped_print(out, width, json_object_get(manifest, "skipped"));
	incorrect_print(out, width, arms);
	incorrect_reasons_print(out, summary, &style);
	void_print(out, summary, &style);
	lateness_print(out, width, arms);
	ambiguous_print(out, width, arms);
	recovery_table_print(out, width, arms);
	prepared_print(out, width, arms);
	if (measured->staged)
		stages_print(out, width, arms);
	distributions_print(out, width, measured, arms);
	text_race(out, summary, &style);
	text_comparisons(out, summary, &style);
	noticed_print(out, summary, style.bad, style.plain);
	bias_print(out, summary);
	others_print(out, summary, &style);
}
