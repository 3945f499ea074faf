/* SPDX-License-Identifier: MIT */
/* The merge of cells whose effects are known. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/json_get.h"
#include "report/comparisons.h"
#include "report/fleet.h"

#define BLOCKS 8

/* A comparison as a campaign's summary has it; its blocks lie around ratio. */
static json_t *said(const char *arm, double ratio)
{
	double arms[BLOCKS], bases[BLOCKS];
	json_t *ratios = json_array(), *object;
	const struct verdict_rule rule = verdict_rule(1);
	struct verdict verdict;

	for (int i = 0; i < BLOCKS; i++) {
		arms[i] = ratio * (1 + 0.01 * (i - 3.4));
		bases[i] = 1;
		json_array_append_new(ratios, json_real(arms[i]));
	}
	assert_int_equal(verdict_compare(arms, bases, BLOCKS, &rule, &verdict),
			 0);
	object = json_pack("{s:s,s:s,s:i}", "arm", arm, "against", "base",
			   "pairs", (int)verdict.pairs);
	comparisons_verdict(object, &verdict);
	json_object_set_new(object, "block_ratios", ratios);
	return object;
}

/* p50: of its baseline, us. */
static json_t *cell(const char *name, int p50, double spin, double again)
{
	return json_pack(
		"{s:s,s:{s:s,s:s,s:{s:[sss],s:i,s:s,s:i}},"
		"s:{s:[{s:s,s:b,s:{s:i}},{s:s,s:b,s:{s:i}}],s:[o],s:o,s:[]}}",
		"cell", name, "manifest", "place", "local", "accelerator",
		"none", "parameters", "arms", "base", "spin", "base@again",
		"blocks", BLOCKS, "pace", "rate:1", "seed", p50, "summary",
		"arms", "receive", "base", "correct", 1, "wire_to_wire_ns",
		"p50", 1000 * p50, "receive", "spin", "correct", 1,
		"wire_to_wire_ns", "p50", (int)(1000 * p50 * spin),
		"comparisons", said("spin", spin), "aa",
		said("base@again", again), "void_blocks");
}

static json_t *merge(json_t *cells)
{
	json_t *record =
		json_pack("{s:s,s:{s:s,s:s}}", "started", "now", "tree",
			  "commit", "c0ffee", "uncommitted", "5eed");
	json_t *summary;

	assert_int_equal(fleet_merge(record, cells, &summary), 0);
	json_decref(cells);
	json_decref(record);
	return summary;
}

static json_t *first(const json_t *summary)
{
	return json_array_get(json_object_get(summary, "comparisons"), 0);
}

static const char *state_of(const json_t *summary, size_t at, const char *key)
{
	return json_get_text(
		json_array_get(json_object_get(summary, "cells"), at), key, "");
}

static char *text_of(const json_t *summary, bool page)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (page)
		fleet_page(out, summary);
	else
		fleet_print(out, summary, false);
	fclose(out);
	return text;
}

static void shows(const json_t *summary, const char *wanted)
{
	for (int page = 0; page < 2; page++) {
		char *text = text_of(summary, page);

		if (!strstr(text, wanted))
			fail_msg("no '%s' in %s", wanted, text);
		free(text);
	}
}

/* Ten times as fast a machine says the same. */
static void equal_effects_are_one(void **state)
{
	json_t *summary = merge(json_pack("[oo]", cell("a", 10, 0.5, 1),
					  cell("b", 100, 0.5, 1)));
	char *text = text_of(summary, false);

	(void)state;
	assert_true(fleet_is_whole(summary));
	assert_string_equal(json_get_text(first(summary), "call", ""),
			    "faster");
	assert_int_equal(json_get_integer(first(summary), "pairs"), 16);
	assert_int_equal(json_get_integer(first(summary), "cells"), 2);
	assert_true(json_get_number(first(summary), "ratio") > 0.49 &&
		    json_get_number(first(summary), "ratio") < 0.51);
	assert_true(json_is_false(json_object_get(first(summary), "disagree")));
	assert_true(json_is_false(
		json_object_get(json_object_get(summary, "aa"), "alarm")));
	/* Each cell's own, in its own row. */
	assert_non_null(strstr(text, "a     base           10.00"));
	assert_non_null(strstr(text, "b     base          100.00"));
	assert_non_null(strstr(text, "b     spin           50.00         -   "
				     "    8  faster by"));
	assert_non_null(strstr(text, "spin against base, on 2 cells: faster"));
	assert_non_null(strstr(text, "commit c0ffee, and what is not "
				     "committed: 5eed"));
	free(text);
	json_decref(summary);
}

/* The interval of both is narrower than that of each. */
static void two_say_more_than_one(void **state)
{
	json_t *one = merge(json_pack("[o]", cell("a", 10, 0.5, 1)));
	json_t *two = merge(json_pack("[oo]", cell("a", 10, 0.5, 1),
				      cell("b", 100, 0.5, 1)));
	const json_t *own = json_array_get(
		json_object_get(
			json_array_get(json_object_get(one, "cells"), 0),
			"comparisons"),
		0);

	(void)state;
	assert_true(json_get_number(first(one), "p") ==
		    json_get_number(own, "p"));
	assert_true(json_get_number(first(one), "ratio_low") ==
		    json_get_number(own, "ratio_low"));
	assert_true(json_get_number(first(two), "p") <
		    json_get_number(first(one), "p"));
	assert_true(json_get_number(first(two), "ratio_low") >
		    json_get_number(first(one), "ratio_low"));
	assert_true(json_is_null(json_object_get(first(one), "agreement_p")));
	json_decref(one);
	json_decref(two);
}

static void opposite_effects_have_no_middle(void **state)
{
	json_t *summary = merge(
		json_pack("[oo]", cell("a", 10, 0.5, 1), cell("b", 10, 2, 1)));

	(void)state;
	assert_string_equal(json_get_text(first(summary), "call", ""),
			    "opposite");
	assert_true(json_is_null(json_object_get(first(summary), "ratio")));
	assert_true(json_is_true(json_object_get(first(summary), "disagree")));
	shows(summary, "no verdict: faster on one machine, slower on another");
	shows(summary, "he cells disagree");
	json_decref(summary);
}

static void effects_of_two_sizes_are_remarked(void **state)
{
	json_t *summary = merge(json_pack("[oo]", cell("a", 10, 0.5, 1),
					  cell("b", 10, 0.8, 1)));

	(void)state;
	assert_string_equal(json_get_text(first(summary), "call", ""),
			    "faster");
	assert_true(json_get_number(first(summary), "agreement_p") < 0.01);
	shows(summary, "he cells disagree");
	json_decref(summary);
}

static void a_dead_cell_is_named_and_the_rest_goes_on(void **state)
{
	json_t *dead = json_pack("{s:s,s:s}", "cell", "b", "dead",
				 "the disk is <full>");
	json_t *summary = merge(json_pack("[ooo]", dead, cell("a", 10, 0.5, 1),
					  cell("c", 10, 0.5, 1)));

	(void)state;
	assert_false(fleet_is_whole(summary));
	assert_string_equal(state_of(summary, 0, "state"), "dead");
	assert_string_equal(state_of(summary, 1, "state"), "merged");
	assert_string_equal(json_get_text(first(summary), "call", ""),
			    "faster");
	assert_int_equal(json_get_integer(first(summary), "pairs"), 16);
	shows(summary, "ot in it");
	shows(summary, "cell b, dead: the disk is ");
	shows(summary, "on 2 cells");
	json_decref(summary);
}

static void no_cell_is_left(void **state)
{
	json_t *summary =
		merge(json_pack("[{s:s,s:s}]", "cell", "a", "dead", "gone"));

	(void)state;
	assert_false(fleet_is_whole(summary));
	assert_null(first(summary));
	shows(summary, "cell a, dead: gone");
	json_decref(summary);
	summary = merge(json_array());
	assert_false(fleet_is_whole(summary));
	json_decref(summary);
}

static void refused(const char *key, json_t *value, const char *why)
{
	json_t *other = cell("b", 10, 2, 1), *summary;
	json_t *at = json_object_get(other, "manifest");

	if (!strncmp(key, "parameters.", 11)) {
		at = json_object_get(at, "parameters");
		key += 11;
	}
	json_object_set_new(at, key, value);
	summary = merge(json_pack("[oo]", cell("a", 10, 0.5, 1), other));
	assert_string_equal(state_of(summary, 1, "state"), "refused");
	assert_string_equal(state_of(summary, 1, "reason"), why);
	/* Its own figures stay, and are in no other. */
	assert_string_equal(json_get_text(first(summary), "call", ""),
			    "faster");
	assert_int_equal(json_get_integer(first(summary), "pairs"), BLOCKS);
	assert_false(fleet_is_whole(summary));
	json_decref(summary);
}

static void another_campaign_is_refused_by_name(void **state)
{
	(void)state;
	refused("parameters.pace", json_string("rate:2"),
		"another campaign than a's: 'parameters.pace' is \"rate:2\", "
		"there \"rate:1\"");
	refused("parameters.arms", json_pack("[s]", "base"),
		"another campaign than a's: 'parameters.arms' is [\"base\"], "
		"there [\"base\",\"spin\",\"base@again\"]");
	refused("accelerator", json_string("tcg"),
		"another campaign than a's: 'accelerator' is \"tcg\", there "
		"\"none\"");
	refused("feed", json_pack("{s:s}", "sha256", "12"),
		"another campaign than a's: 'feed.sha256' is \"12\", there "
		"missing");
	refused("parameters.judged", json_real(99),
		"it judges a tail, of all orders: those of two machines are "
		"never pooled");
	refused("parameters.until", json_pack("{s:s}", "condition", "decided"),
		"it looked at itself (until): what stops by its own verdict is "
		"not to be added up");
	refused("programs", json_pack("{s:s}", "version", "1"),
		"another campaign than a's: 'programs.version' is \"1\", there "
		"missing");
}

static void a_void_cell_is_named(void **state)
{
	json_t *other = cell("b", 10, 2, 1), *summary;
	json_t *own = json_object_get(other, "summary");

	(void)state;
	json_object_set_new(own, "void_blocks",
			    json_pack("[iiiiiiii]", 0, 1, 2, 3, 4, 5, 6, 7));
	json_object_set_new(own, "void_trials",
			    json_pack("[{s:s}]", "reason", "it was cut"));
	summary = merge(json_pack("[oo]", other, cell("a", 10, 0.5, 1)));
	assert_string_equal(state_of(summary, 0, "state"), "void");
	shows(summary, "no block could be judged: it was cut");
	assert_int_equal(json_get_integer(first(summary), "pairs"), BLOCKS);
	json_decref(summary);
}

/* A block that can't be judged is left out of its cell's alone. */
static void blocks_without_a_ratio_count_for_nothing(void **state)
{
	json_t *other = cell("b", 10, 0.5, 1), *summary;

	(void)state;
	json_array_set_new(
		json_object_get(first(json_object_get(other, "summary")),
				"block_ratios"),
		3, json_null());
	summary = merge(json_pack("[oo]", other, cell("a", 10, 0.5, 1)));
	assert_int_equal(json_get_integer(first(summary), "pairs"),
			 2 * BLOCKS - 1);
	json_decref(summary);
}

static void who_is_wrong_on_one_has_no_verdict(void **state)
{
	json_t *other = cell("b", 10, 0.5, 1), *summary;
	const struct verdict wrong = verdict_of_incorrect();

	(void)state;
	comparisons_verdict(first(json_object_get(other, "summary")), &wrong);
	summary = merge(json_pack("[oo]", cell("a", 10, 0.5, 1), other));
	assert_string_equal(json_get_text(first(summary), "call", ""),
			    "incorrect");
	assert_true(json_is_null(json_object_get(first(summary), "ratio")));
	json_decref(summary);
}

static void one_baseline_that_differs_from_itself_alarms(void **state)
{
	json_t *summary = merge(json_pack("[oo]", cell("a", 10, 0.5, 1),
					  cell("b", 10, 0.5, 1.2)));

	(void)state;
	assert_true(json_is_true(
		json_object_get(json_object_get(summary, "aa"), "alarm")));
	shows(summary, "ALARM");
	json_decref(summary);
}

/* Of both machines together there is no latency, only ratios. */
static void latencies_are_in_no_merged_figure(void **state)
{
	json_t *summary = merge(json_pack("[oo]", cell("a", 10, 0.5, 1),
					  cell("b", 100, 0.5, 1)));
	char *dump;

	(void)state;
	json_object_del(summary, "cells");
	dump = json_dumps(summary, 0);
	assert_null(strstr(dump, "_ns"));
	assert_non_null(strstr(dump, "ratio"));
	free(dump);
	json_decref(summary);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_effects_are_one),
		cmocka_unit_test(two_say_more_than_one),
		cmocka_unit_test(opposite_effects_have_no_middle),
		cmocka_unit_test(effects_of_two_sizes_are_remarked),
		cmocka_unit_test(a_dead_cell_is_named_and_the_rest_goes_on),
		cmocka_unit_test(no_cell_is_left),
		cmocka_unit_test(another_campaign_is_refused_by_name),
		cmocka_unit_test(a_void_cell_is_named),
		cmocka_unit_test(blocks_without_a_ratio_count_for_nothing),
		cmocka_unit_test(who_is_wrong_on_one_has_no_verdict),
		cmocka_unit_test(one_baseline_that_differs_from_itself_alarms),
		cmocka_unit_test(latencies_are_in_no_merged_figure),
	};

	return cmocka_run_group_tests_name("report/fleet", tests, NULL, NULL);
}
