/* SPDX-License-Identifier: MIT */
#include "report/export.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/atomic_file.h"
#include "base/json_get.h"
#include "base/mem.h"
#include "stats/percentile.h"
#include "wire/market_data.h"
#include "wire/utf8.h"

/* HdrHistogram's default: lines to each halving of what remains. */
#define TICKS_PER_HALF 5

static void mean_print(FILE *out, const uint64_t *ns, size_t count)
{
	double mean = 0, square = 0;

	for (size_t i = 0; i < count; i++) {
		double step = (double)ns[i] - mean;

		mean += step / (double)(i + 1);
		square += step * ((double)ns[i] - mean);
	}
	fprintf(out,
		"#[Mean    = %12.3f, StdDeviation   = %12.3f]\n"
		"#[Max     = %12.3f, Total count    = %12zu]\n"
		"#[Buckets = %12d, SubBuckets     = %12d]\n",
		mean / 1e3, count ? sqrt(square / (double)count) / 1e3 : 0.0,
		count ? (double)ns[count - 1] / 1e3 : 0.0, count, 0, 0);
}

int export_hgrm(FILE *out, const struct results *results, unsigned int arm)
{
	double level = 0;
	uint64_t *ns;
	size_t count;
	int err = results_arm_ns(results, arm, &ns, &count);

	if (err)
		return err;
	fprintf(out, "%12s %14s %10s %14s\n\n", "Value", "Percentile",
		"TotalCount", "1/(1-Percentile)");
	while (count > 0) {
		size_t rank = percentile_rank(count, level * 100);

		if (rank >= count)
			break;
		fprintf(out, "%12.3f %14.12f %10zu %14.2f\n",
			(double)ns[rank - 1] / 1e3, level, rank,
			1 / (1 - level));
		level += 1 / (TICKS_PER_HALF *
			      exp2(floor(log2(1 / (1 - level))) + 1));
	}
	if (count > 0)
		fprintf(out, "%12.3f %14.12f %10zu\n",
			(double)ns[count - 1] / 1e3, 1.0, count);
	mean_print(out, ns, count);
	free(ns);
	return 0;
}

static void csv_quoted(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

static const char *const word_names[] = {
	[RESULTS_CORRECT] = "true",
	[RESULTS_INCORRECT] = "false",
	[RESULTS_VOID] = "void",
};

/* Of none there is nothing, not 0; nor of too few. */
static void csv_ns(FILE *out, const struct percentiles *all, double percent,
		   uint64_t ns)
{
	bool extreme = percent == 0 || percent == 100;

	fputc(',', out);
	if (extreme ? all->count > 0
		    : percentile_supported(all->count, percent))
		fprintf(out, "%" PRIu64, ns);
}

/* Empty where the oracle says nothing of it, as it does of arms that lose
 * nothing, and in older results. */
static void csv_member(FILE *out, const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	fputc(',', out);
	if (json_is_integer(value))
		fprintf(out, "%lld", (long long)json_integer_value(value));
}

static const char *const missing_keys[] = { "missing", "recovered", "filled",
					    "given_up" };
static const char *const line_keys[] = { "first", "late", "missing" };

static void csv_recovery_head(FILE *out)
{
	fputs(",gaps", out);
	for (size_t i = 0; i < ARRAY_SIZE(missing_keys); i++)
		fprintf(out, ",%s", missing_keys[i]);
	fputs(",fill_p50_ns,fill_max_ns", out);
	for (unsigned int line = 0; line < MARKET_DATA_LINES_MAX; line++)
		for (size_t i = 0; i < ARRAY_SIZE(line_keys); i++)
			fprintf(out, ",line_%c_%s", 'a' + (int)line,
				line_keys[i]);
}

/* What was missing, and how it was had. */
static void csv_recovery(FILE *out, const json_t *analysis)
{
	const json_t *recovery = json_object_get(analysis, "recovery");
	const json_t *lines = json_object_get(recovery, "lines");
	const json_t *fill = json_object_get(recovery, "fill_ns");

	/* Of no fill there is no time. */
	if (json_integer_value(json_object_get(fill, "count")) == 0)
		fill = NULL;
	csv_member(out, recovery ? analysis : NULL, "gaps");
	for (size_t i = 0; i < ARRAY_SIZE(missing_keys); i++)
		csv_member(out, recovery, missing_keys[i]);
	csv_member(out, fill, "p50");
	csv_member(out, fill, "max");
	for (unsigned int line = 0; line < MARKET_DATA_LINES_MAX; line++)
		for (size_t i = 0; i < ARRAY_SIZE(line_keys); i++)
			csv_member(out, json_array_get(lines, line),
				   line_keys[i]);
}

void export_csv(FILE *out, const struct results *results)
{
	fputs("number,block,arm,name,correct,orders,min_ns,p50_ns,p90_ns,"
	      "p99_ns,p99_9_ns,max_ns",
	      out);
	csv_recovery_head(out);
	fputs("\r\n", out);
	for (size_t i = 0; i < results->count; i++) {
		const struct results_trial *trial = &results->trials[i];
		const struct percentiles *p = &trial->percentiles;

		fprintf(out, "%u,%u,%u,", trial->number, trial->block,
			trial->arm);
		csv_quoted(out, results_arm_name(results, trial->arm));
		fprintf(out, ",%s,%zu", word_names[trial->word], p->count);
		csv_ns(out, p, 0, p->min);
		csv_ns(out, p, 50, p->p50);
		csv_ns(out, p, 90, p->p90);
		csv_ns(out, p, 99, p->p99);
		csv_ns(out, p, 99.9, p->p99_9);
		csv_ns(out, p, 100, p->max);
		csv_recovery(out, json_object_get(trial->json, "analysis"));
		fputs("\r\n", out);
	}
}

/* Bytes of the character of UTF-8 that text begins with; 0: of none. */
static size_t character_len(const char *text)
{
	struct utf8 utf8 = { 0 };

	for (size_t n = 1; text[n - 1]; n++) {
		if (!utf8_take(&utf8, (const uint8_t *)text + n - 1, 1))
			break;
		if (utf8_whole(&utf8))
			return n;
	}
	return 0;
}

/* It is no markup. Returns how many bytes it has. */
static size_t character_write(FILE *out, const char *text)
{
	const size_t len = character_len(text);

	if (len == 0 || iscntrl((unsigned char)*text)) {
		fputc('?', out);
		return 1;
	}
	return fwrite(text, 1, len, out) ? len : 1;
}

void export_escaped(FILE *out, const char *text)
{
	size_t len;

	for (; *text; text += len) {
		len = 1;
		switch (*text) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		case '\'':
			fputs("&#39;", out);
			break;
		default:
			len = character_write(out, text);
		}
	}
}

static json_int_t found(const struct results_trial *trial, const char *key)
{
	return json_integer_value(
		json_object_get(json_object_get(trial->json, "analysis"), key));
}

static void junit_comparison(FILE *out, const json_t *comparison,
			     const struct gate *gate)
{
	fputs("  <testcase classname=\"", out);
	export_escaped(out, json_get_text(comparison, "arm", "unknown"));
	fputs("\" name=\"against ", out);
	export_escaped(out, json_get_text(comparison, "against", "unknown"));
	fputs(gate_fails(gate, comparison) ? "\">\n    <failure message=\""
					   : "\">\n    <system-out>",
	      out);
	export_escaped(out, json_get_text(comparison, "verdict", "unknown"));
	fputs(gate_fails(gate, comparison) ? "\"/>\n  </testcase>\n"
					   : "</system-out>\n  </testcase>\n",
	      out);
}

void export_junit(FILE *out, const struct results *results,
		  const json_t *summary, const struct gate *gate)
{
	const json_t *comparisons = json_object_get(summary, "comparisons");
	size_t failures = 0, skipped = 0;

	for (size_t i = 0; i < results->count; i++) {
		failures += results->trials[i].word == RESULTS_INCORRECT;
		skipped += results->trials[i].word == RESULTS_VOID;
	}
	for (size_t i = 0; i < json_array_size(comparisons); i++)
		failures += gate_fails(gate, json_array_get(comparisons, i));
	fprintf(out,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<testsuite name=\"t2t\" tests=\"%zu\" failures=\"%zu\" "
		"skipped=\"%zu\">\n",
		results->count + json_array_size(comparisons), failures,
		skipped);
	for (size_t i = 0; i < results->count; i++) {
		const struct results_trial *trial = &results->trials[i];

		fputs("  <testcase classname=\"", out);
		export_escaped(out, results_arm_name(results, trial->arm));
		fprintf(out, "\" name=\"trial %u, block %u\"", trial->number,
			trial->block);
		if (trial->word == RESULTS_CORRECT) {
			fputs("/>\n", out);
			continue;
		}
		if (trial->word == RESULTS_VOID) {
			fputs(">\n    <skipped message=\"can't be judged: ",
			      out);
			export_escaped(out, results_reason(trial));
			fputs("\"/>\n  </testcase>\n", out);
			continue;
		}
		fprintf(out,
			">\n    <failure message=\"%lld missing, %lld extra, "
			"%lld wrong orders%s",
			(long long)found(trial, "missing"),
			(long long)found(trial, "extra"),
			(long long)found(trial, "wrong"),
			*results_reason(trial) ? "; " : "");
		export_escaped(out, results_reason(trial));
		fputs("\"/>\n  </testcase>\n", out);
	}
	for (size_t i = 0; i < json_array_size(comparisons); i++)
		junit_comparison(out, json_array_get(comparisons, i), gate);
	fputs("</testsuite>\n", out);
}

static int file_open(struct atomic_file *whole, const char *folder,
		     const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return atomic_file_open(whole, path);
}

static int hgrm_write(const char *folder, const struct results *results,
		      unsigned int arm)
{
	const char *arm_name = results_arm_name(results, arm);
	struct atomic_file whole;
	char name[64];
	int err;

	snprintf(name, sizeof(name), "%02u-%.*s.hgrm", arm,
		 (int)strspn(arm_name, "abcdefghijklmnopqrstuvwxyz"
				       "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				       "_-"),
		 arm_name);
	err = file_open(&whole, folder, name);
	if (err)
		return err;
	err = export_hgrm(whole.file, results, arm);
	return atomic_file_close(&whole, err);
}

int export_all(const char *folder, const struct results *results,
	       const json_t *summary, const struct gate *gate)
{
	struct atomic_file whole;
	int err = results_save(folder, "summary.json", schema_summary, summary);

	if (!err)
		err = file_open(&whole, folder, "trials.csv");
	if (err)
		return err;
	export_csv(whole.file, results);
	err = atomic_file_close(&whole, 0);
	if (!err)
		err = file_open(&whole, folder, "junit.xml");
	if (err)
		return err;
	export_junit(whole.file, results, summary, gate);
	err = atomic_file_close(&whole, 0);
	for (unsigned int arm = 0; arm < results->arm_count && !err; arm++)
		err = hgrm_write(folder, results, arm);
	return err;
}
