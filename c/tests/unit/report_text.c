/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/text.h"
#include "tests/support/json_text.h"

static const char summary_text[] =
	"{'arms': ["
	" {'receive': 'block', 'correct': true, 'triggers': 302,"
	"  'matched': 302, 'missing': 0, 'extra': 0, 'wrong': 0,"
	"  'wire_to_wire_ns': {'min': 9000, 'p50': 20500, 'p90': 30000,"
	"   'p99': 40000, 'p99_9': 50000, 'max': 60000},"
	"  'stages_p50_ns': {'kernel_to_user': 1500, 'user_to_decision': 90,"
	"   'decision_to_sent': null},"
	"  'histogram_ns': [[16384, 9], [32768, 3]]},"
	" {'receive': 'spin', 'correct': false, 'triggers': 302,"
	"  'matched': 300, 'missing': 2, 'extra': 0, 'wrong': 0,"
	"  'wire_to_wire_ns': {'min': 4000, 'p50': 8250, 'p90': 9000,"
	"   'p99': 10000, 'p99_9': 11000, 'max': 12000},"
	"  'stages_p50_ns': {}, 'histogram_ns': []}],"
	" 'comparisons': [{'arm': 'spin', 'against': 'block', 'pairs': 5,"
	"  'ratio': 0.4, 'block_ratio_min': 0.35, 'p_adjusted': 0.0625,"
	"  'block_ratio_max': 0.45, 'verdict': 'faster by 60.0 %'}],"
	" 'back_to_back': {'back_to_back_ns': {'count': 4000, 'p50': 1200,"
	"  'p99': 5000}}}";

static char *report_of(const char *summary, const char *manifest, bool colour)
{
	json_t *first = json_text(summary), *second = json_text(manifest);
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	report_print(out, first, second, colour);
	fclose(out);
	json_decref(first);
	json_decref(second);
	return text;
}

/* Only where somebody has something ready. */
static void what_was_prepared_is_shown(void **state)
{
	static const char arms[] =
		"{'arms': [{'receive': 'raw', 'prepared': 'nothing'},"
		" {'receive': 'fix', 'prepared': '%s'}]}";
	char summary[256], *text;

	(void)state;
	snprintf(summary, sizeof(summary), arms, "nothing");
	text = report_of(summary, "{}", false);
	assert_null(strstr(text, "before the tick"));
	free(text);
	snprintf(summary, sizeof(summary), arms, "nearly all");
	text = report_of(summary, "{}", false);
	assert_non_null(strstr(text, "What of an order was ready before"));
	assert_non_null(strstr(text, "nearly all\n"));
	assert_non_null(strstr(text, "nothing\n"));
	free(text);
}

static void figures_and_verdicts_are_shown(void **state)
{
	char *text = report_of(summary_text, "{}", false);

	(void)state;
	assert_non_null(strstr(text, "20.50"));
	assert_non_null(strstr(text, "8.25"));
	assert_non_null(strstr(text, "correct"));
	assert_non_null(strstr(text, "INCORRECT"));
	assert_non_null(strstr(text, "spin against block: faster by 60.0 %"));
	assert_non_null(strstr(text, "0.40 x the time at p50 (5 blocks; "
				     "0.35 to 0.45); p 0.0625"));
	assert_non_null(strstr(text, "p50 1.20, p99 5.00 us (4000 frames)"));
	free(text);
}

static void colours_are_for_terminals_only(void **state)
{
	char *plain = report_of(summary_text, "{}", false);
	char *coloured = report_of(summary_text, "{}", true);

	(void)state;
	assert_null(strchr(plain, '\033'));
	assert_non_null(strstr(coloured, "\033[31mINCORRECT\033[0m"));
	free(coloured);
	free(plain);
}

static void parameters_are_named(void **state)
{
	char *text = report_of(
		summary_text,
		"{'parameters': {'pace': 'rate:20000', 'blocks': 5,"
		" 'seed': 7, 'threshold_usd': '1000000',"
		" 'aggress': 'opposite'}, 'place': 'local',"
		" 'accelerator': 'none', 'feed': {'path': 'a.csv.gz'},"
		" 'host': {'kernel': '6.1.2', 'cpus': 2}}",
		false);

	(void)state;
	assert_non_null(strstr(text, "rate:20000, 5 blocks, seed 7"));
	assert_non_null(strstr(text, "larger than 1000000 USD"));
	assert_non_null(strstr(text, "accelerator none"));
	assert_non_null(strstr(text, "a.csv.gz"));
	assert_non_null(strstr(text, "Linux 6.1.2"));
	free(text);
}

static void a_busy_machine_is_told(void **state)
{
	char *busy = report_of("{'arms': [], 'others_cpus': 1.25,"
			       " 'stolen_cpus': 0.5}",
			       "{}", false);
	char *quiet =
		report_of("{'arms': [], 'others_cpus': 0.05}", "{}", false);

	(void)state;
	assert_non_null(strstr(busy,
			       "other processes kept 1.25 CPUs busy meanwhile "
			       "(0.50 stolen)"));
	assert_null(strstr(quiet, "other processes kept"));
	free(quiet);
	free(busy);
}

static void what_was_not_measured_is_said(void **state)
{
	char *text =
		report_of("{'arms': [], 'back_to_back': null}", "{}", false);

	(void)state;
	assert_non_null(strstr(text, "known bias: not measured"));
	free(text);
}

/* 0 would be the fastest of all. */
static void an_arm_without_orders_has_no_figures(void **state)
{
	char *text =
		report_of("{'arms': [{'receive': 'spin', 'correct': false,"
			  "  'wire_to_wire_ns': {'min': null, 'p50': null}}],"
			  " 'comparisons': [{'arm': 'spin', 'against': 'block',"
			  "  'pairs': 0, 'verdict': 'no verdict: none'}]}",
			  "{}", false);

	(void)state;
	assert_null(strstr(text, "0.00"));
	assert_null(strstr(text, "takes"));
	assert_non_null(strstr(text, "spin against block: no verdict: none"));
	free(text);
}

static void cpus_that_are_not_pinned_are_no_cpu_0(void **state)
{
	char *text = report_of("{'arms': []}",
			       "{'wanted': {'cpus': {'exchange': null,"
			       " 'wiretap': null, 'trader': 1}},"
			       " 'host': {'cpus': 2}}",
			       false);

	(void)state;
	assert_non_null(
		strstr(text, "exchange any, wiretap any, trader 1 of 2"));
	free(text);
}

/* Of those arms alone that have it, with room for the most lines. */
static void missing_packets_are_told(void **state)
{
	char *without = report_of(summary_text, "{}", false);
	char *text = report_of(
		"{'arms': [{'receive': 'plain'}, {'receive': 'asks',"
		"  'recovery': {'gaps': 3, 'missing': 5, 'recovered': 4,"
		"   'filled': 0, 'given_up': 1, 'fill_p50_ns': 131072,"
		"   'fill_max_ns': 2500000,"
		"   'lines': [{'first': 90, 'late': 2, 'missing': 5}]}},"
		" {'receive': 'two', 'recovery': {'gaps': 1, 'missing': 1,"
		"   'fill_p50_ns': null, 'fill_max_ns': null,"
		"   'lines': [{'first': 80, 'late': 0, 'missing': 7},"
		"    {'first': 15, 'late': 77, 'missing': 3}]}}]}",
		"{}", false);
	const char *table = strstr(text, "Missing packets");

	(void)state;
	assert_null(strstr(without, "Missing packets"));
	assert_non_null(table);
	*(char *)(uintptr_t)strstr(table, "\n\n") = '\0';
	assert_null(strstr(table, "plain"));
	assert_non_null(strstr(table, "line B"));
	assert_non_null(strstr(
		table, "asks                  3         5         4         0"
		       "         1    131.07   2500.00"
		       "                  90/2/5"
		       "                       -\n"));
	assert_non_null(strstr(table, "         -         -"
				      "                  80/0/7"
				      "                 15/77/3"));
	free(without);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(figures_and_verdicts_are_shown),
		cmocka_unit_test(what_was_prepared_is_shown),
		cmocka_unit_test(colours_are_for_terminals_only),
		cmocka_unit_test(parameters_are_named),
		cmocka_unit_test(a_busy_machine_is_told),
		cmocka_unit_test(what_was_not_measured_is_said),
		cmocka_unit_test(an_arm_without_orders_has_no_figures),
		cmocka_unit_test(cpus_that_are_not_pinned_are_no_cpu_0),
		cmocka_unit_test(missing_packets_are_told),
	};

	return cmocka_run_group_tests_name("report/text", tests, NULL, NULL);
}
