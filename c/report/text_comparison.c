/* SPDX-License-Identifier: MIT */
#include "report/text_comparison.h"

#include <stdbool.h>
#include <string.h>

#include "base/json_get.h"
#include "report/measured.h"
#include "report/stages.h"
#include "stats/verdict.h"

/* "  kernel to user       -4.70 us  (95 % CI -5.80..-0.12)" */
static void difference_print(FILE *out, const char *what,
			     const json_t *difference)
{
	if (!json_is_number(json_object_get(difference, "estimate_ns")))
		return;
	fprintf(out, "  %-20s %+8.2f us", what,
		json_get_number(difference, "estimate_ns") / 1e3);
	if (json_is_number(json_object_get(difference, "low_ns")) &&
	    json_is_number(json_object_get(difference, "high_ns")))
		fprintf(out, "  (95 %% CI %+.2f..%+.2f)",
			json_get_number(difference, "low_ns") / 1e3,
			json_get_number(difference, "high_ns") / 1e3);
	fputc('\n', out);
}

/* In time, and where it comes from. */
static void differences_print(FILE *out, const json_t *comparison)
{
	const json_t *by_stage = json_object_get(comparison, "stages");
	char whole[64];

	if (json_is_number(json_object_get(comparison, "base_ns")))
		snprintf(whole, sizeof(whole), "of %.2f us at p%g",
			 json_get_number(comparison, "base_ns") / 1e3,
			 json_get_number(comparison, "judged"));
	else
		snprintf(whole, sizeof(whole), "of %.2f us at p50",
			 json_get_number(comparison, "base_p50_ns") / 1e3);
	difference_print(out, whole, json_object_get(comparison, "difference"));
	for (size_t i = 0; i < STAGES; i++)
		difference_print(out, stages[i].text,
				 json_object_get(by_stage, stages[i].key));
}

/* What to make of a "~". */
static void power_print(FILE *out, const json_t *comparison)
{
	if (!json_is_number(json_object_get(comparison, "finds")))
		return;
	fprintf(out,
		"  so many blocks that differ as much find %.1f %% in 9 of 10 "
		"campaigns; for 5 %% it takes about %.0f\n",
		json_get_number(comparison, "finds") * 100,
		json_get_number(comparison, "blocks_for_5_percent"));
}

/* "  p99 of all orders    12.30 us, -1.20  (95 % CI -2.00..-0.40)" */
static void tails_print(FILE *out, const struct measured *measured,
			const json_t *comparison)
{
	const json_t *band;
	size_t i;

	json_array_foreach(json_object_get(comparison, "tails"), i, band)
	{
		const double base = json_get_number(band, "base_ns") / 1e3;

		fprintf(out,
			"  p%-5g of all %s  %+8.2f us of %.2f  (95 %% CI "
			"%+.2f..%+.2f)\n",
			json_get_number(band, "percent"), measured->all,
			base * (json_get_number(band, "ratio") - 1), base,
			base * (json_get_number(band, "ratio_low") - 1),
			base * (json_get_number(band, "ratio_high") - 1));
	}
}

/* "  at p10, p20... p90   -1.2* -1.1* -0.9 ...": where the difference lies. One
 * that is not told is a dash, so that each stands in its place. */
static void shift_print(FILE *out, const json_t *comparison)
{
	const json_t *shift = json_object_get(comparison, "shift");
	size_t next = 0;

	if (json_array_size(shift) == 0)
		return;
	fputs("  at p10, p20... p90  ", out);
	for (double percent = 10; percent < 100; percent += 10) {
		const json_t *band = json_array_get(shift, next);
		const bool apart = json_get_number(band, "ratio_low") > 1 ||
				   json_get_number(band, "ratio_high") < 1;

		if (!band || json_get_number(band, "percent") > percent) {
			fputs(" -", out);
			continue;
		}
		next++;
		fprintf(out, " %+.2f%s",
			json_get_number(band, "base_ns") / 1e3 *
				(json_get_number(band, "ratio") - 1),
			apart ? "*" : "");
	}
	fputs(" us (*: its band, of bands that hold together, is without 0)\n",
	      out);
}

static void comparison_print(FILE *out, const struct measured *measured,
			     const json_t *comparison,
			     const struct text_style *style)
{
	fprintf(out, "\n%s%s against %s: %s%s\n", style->bold,
		json_get_text(comparison, "arm", "unknown"),
		json_get_text(comparison, "against", "unknown"),
		json_get_text(comparison, "verdict", "unknown"), style->plain);
	if (json_is_string(json_object_get(comparison, "methods")))
		fprintf(out,
			"  of two methods, whose difference is in it: %s\n",
			json_get_text(comparison, "methods", ""));
	if (json_get_integer(comparison, "pairs") == 0)
		return;
	fprintf(out,
		"  %.2f x the time at p%g (%lld blocks; %.2f to %.2f); p %.4f, "
		"adjusted for all arms\n",
		json_get_number(comparison, "ratio"),
		json_is_number(json_object_get(comparison, "judged"))
			? json_get_number(comparison, "judged")
			: 50,
		(long long)json_get_integer(comparison, "pairs"),
		json_get_number(comparison, "block_ratio_min"),
		json_get_number(comparison, "block_ratio_max"),
		json_get_number(comparison, "p_adjusted"));
	if (!strcmp(json_get_text(comparison, "call", ""),
		    verdict_call_names[VERDICT_INCONCLUSIVE]))
		power_print(out, comparison);
	differences_print(out, comparison);
	tails_print(out, measured, comparison);
	shift_print(out, comparison);
}

static void aa_print(FILE *out, const json_t *aa,
		     const struct text_style *style)
{
	if (!json_is_object(aa) || json_get_integer(aa, "pairs") == 0)
		return;
	fprintf(out,
		"\nA/A: the same arm twice in each block differs by %+.1f %%",
		(json_get_number(aa, "ratio") - 1) * 100);
	if (json_is_number(json_object_get(aa, "ratio_high")))
		fprintf(out, " (95 %% CI %+.1f..%+.1f %%)",
			(json_get_number(aa, "ratio_low") - 1) * 100,
			(json_get_number(aa, "ratio_high") - 1) * 100);
	fputc('\n', out);
	if (json_is_true(json_object_get(aa, "alarm")))
		fprintf(out,
			"%sALARM%s: the baseline differs from itself: "
			"something other than the arms decides here; repeat "
			"the campaign before you believe a verdict\n",
			style->bad, style->plain);
}

void text_comparisons(FILE *out, const json_t *summary,
		      const struct text_style *style)
{
	const struct measured *measured = measured_of(
		json_array_get(json_object_get(summary, "arms"), 0));
	const json_t *comparison;
	size_t n;

	json_array_foreach(json_object_get(summary, "comparisons"), n,
			   comparison)
	{
		comparison_print(out, measured, comparison, style);
	}
	aa_print(out, json_object_get(summary, "aa"), style);
}
