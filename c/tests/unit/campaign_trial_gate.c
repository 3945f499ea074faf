/* SPDX-License-Identifier: MIT */
/* What a gate is told, what it lets pass, and that it makes no verdicts. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <string.h>

#include "base/json_get.h"
#include "base/mem.h"
#include "campaign/trial_gate.h"
#include "stats/verdict.h"

static void text_is_read_as_it_is_written(void **state)
{
	static const struct {
		const char *text, *wanted;
		int repeats;
	} rows[] = {
		{ "gap:2", "canary:30%,gap:2ms,steal:5%,lateness:1ms", -1 },
		{ "off", "off", -1 },
		{ "canary:off,psi:7.5%,repeats:3",
		  "gap:2ms,steal:5%,psi:7.5%,lateness:1ms", 3 },
		{ "gap:0.5ms,lateness:0,repeats:0",
		  "canary:30%,gap:0.5ms,steal:5%,lateness:0ms", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct trial_gate gate = trial_gate_default();
		char text[TRIAL_GATE_TEXT_MAX];
		const char *why;

		assert_int_equal(trial_gate_parse(rows[i].text, &gate, &why),
				 0);
		assert_string_equal(trial_gate_format(&gate, text),
				    rows[i].wanted);
		assert_int_equal(gate.repeats, rows[i].repeats);
	}
}

#define TOO_LONG \
	"gap:2ms                                                          "

static void what_is_no_gate_is_refused(void **state)
{
	static const char *const texts[] = {
		"",	      "on",	      "gap",
		"gap:",	      "gap:2s",	      "gap:-1",
		"steal:101%", "psi:5ms",      "repeats:1.5",
		"repeats:-1", "repeats:1001", "gap:2ms,",
		"gop:2ms",    "off,gap:2",    "gap:nan",
		TOO_LONG,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct trial_gate gate = trial_gate_default();
		const char *why = NULL;

		if (trial_gate_parse(texts[i], &gate, &why) != -EINVAL)
			fail_msg("'%s' is taken", texts[i]);
		assert_non_null(why);
	}
}

/* As in trial.json: the exchange's place, and the trader's. */
static json_t *trial(double canary_ns, double gap_ns, double steal, double psi)
{
	return json_pack("{s:{s:[{s:[s,s],s:i,s:[f,f],s:[f,f],s:f,s:f},"
			 "{s:[s],s:n,s:[f,f],s:[f,f],s:f,s:f}]},s:{s:n}}",
			 "found", "fingerprint", "roles", "exchange", "wiretap",
			 "cpu", 0, "canary_ns", 100.0, canary_ns, "gap_ns",
			 50.0, gap_ns, "steal", steal, "psi", psi, "roles",
			 "trader", "cpu", "canary_ns", 100.0, 100.0, "gap_ns",
			 50.0, 50.0, "steal", 0.9 * (steal > 0), "psi", psi,
			 "lateness", "p99_ns");
}

static struct trial_readings readings(json_t *of)
{
	struct trial_readings readings;

	trial_gate_read(of, 0, &readings);
	json_decref(of);
	return readings;
}

/* How many reasons; text: the first. */
static size_t reasons_of(const struct trial_gate *gate, json_t *of,
			 const struct trial_readings *past, size_t count,
			 const char *text)
{
	json_t *reasons = trial_gate_reasons(gate, of, 0, past, count, 1);
	const size_t n = json_array_size(reasons);

	if (text)
		assert_string_equal(
			json_string_value(json_array_get(reasons, 0)), text);
	json_decref(reasons);
	json_decref(of);
	return n;
}

/* How many reasons, of one of two arms. */
static size_t unfit(const struct trial_gate *gate, const json_t *one,
		    unsigned int arm, const struct trial_readings *past,
		    size_t count)
{
	json_t *reasons;
	size_t n = 0;

	if (gate->off)
		return 0;
	reasons = trial_gate_reasons(gate, one, arm, past, count, 2);
	n = json_array_size(reasons);
	json_decref(reasons);
	return n;
}

static void what_exceeds_what_is_usual_fails(void **state)
{
	const struct trial_gate gate = trial_gate_default();
	struct trial_readings past[8];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(past); i++)
		past[i] = readings(trial(200, 1e6, 0.1, 0.5));
	assert_int_equal(
		reasons_of(&gate, trial(259, 2.9e6, 0.14, 1), past, 8, NULL),
		0);
	assert_int_equal(
		reasons_of(&gate, trial(261, 1e6, 0.1, 0.5), past, 8,
			   "canary of CPU 0 (exchange, wiretap) 261 ns, "
			   "usually at most 200"),
		1);
	assert_int_equal(reasons_of(&gate, trial(200, 3.1e6, 0.1, 0.5), past, 8,
				    "gap of CPU 0 (exchange, wiretap) 3.1 ms, "
				    "usually at most 1"),
			 1);
	assert_int_equal(
		reasons_of(&gate, trial(200, 1e6, 0.16, 0.5), past, 8,
			   "steal of CPU 0 (exchange, wiretap) 16 %, usually "
			   "at most 10"),
		1);
	/* Too few to know what is usual. */
	assert_int_equal(
		reasons_of(&gate, trial(999, 9e9, 1, 1), past, 3, NULL), 0);
}

/* Of two arms the second one's clock is out of sight for 20 ms each time. */
static void what_an_arm_adds_each_time_is_usual(void **state)
{
	const struct trial_gate gate = trial_gate_default();
	struct trial_readings past[8];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(past); i++) {
		past[i] = readings(trial(100, i % 2 ? 20e6 : 1e6, 0, 0));
		past[i].arm = i % 2;
	}
	for (unsigned int arm = 0; arm < 2; arm++) {
		const double gap_ns = arm ? 20e6 : 1e6;
		json_t *same = trial(100, gap_ns + 1.9e6, 0, 0);
		json_t *more = trial(100, gap_ns + 2.1e6, 0, 0);

		assert_int_equal(unfit(&gate, same, arm, past, 8), 0);
		assert_int_equal(unfit(&gate, more, arm, past, 8), 1);
		json_decref(same);
		json_decref(more);
	}
}

/* The trader's CPU is stolen from as its arm has it. */
static void what_the_arm_has_a_part_in_is_not_asked(void **state)
{
	struct trial_gate gate = trial_gate_default();
	struct trial_readings past[4];
	const char *why;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(past); i++)
		past[i] = readings(trial(200, 1e6, 0, 0.1));
	/* Of the trader it rises from 0 to 90 %. */
	assert_int_equal(
		reasons_of(&gate, trial(200, 1e6, 0.01, 0.9), past, 4, NULL),
		0);
	assert_int_equal(trial_gate_parse("psi:20%", &gate, &why), 0);
	assert_int_equal(
		reasons_of(&gate, trial(200, 1e6, 0, 0.31), past, 4, NULL), 2);
}

static void what_was_not_read_does_not_fail(void **state)
{
	const struct trial_gate gate = trial_gate_default();
	struct trial_readings past[4];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(past); i++)
		past[i] = readings(json_object());
	assert_int_equal(
		reasons_of(&gate, trial(999, 9e9, 1, 1), past, 4, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(past); i++)
		past[i] = readings(trial(200, 1e6, 0, 0.1));
	assert_int_equal(reasons_of(&gate, json_object(), past, 4, NULL), 0);
}

/*
 * Campaigns whose machine is disturbed in one trial of four: it is slower then,
 * and shows it. neutral: in the gap before and after; else in the pressure, and
 * with one arm alone.
 */
#define BLOCKS	  16
#define TRIES	  3
#define CAMPAIGNS 1000

static json_t *drawn(gsl_rng *random, bool neutral, unsigned int arm,
		     double *log_p50)
{
	const bool disturbed = gsl_rng_uniform(random) < 0.25;

	*log_p50 = gsl_ran_gaussian(random, 0.1) + 0.4 * disturbed;
	return trial(100 + 5 * gsl_rng_uniform(random),
		     1e6 + 5e6 * (disturbed && neutral), 0,
		     0.1 + 0.5 * arm + 0.3 * (disturbed && !neutral && arm));
}

/* In how many of a hundred of them is there a verdict, without a difference?
 * *again: blocks that were run again. */
static double verdicts(const char *text, bool neutral, unsigned int *again)
{
	const struct verdict_rule rule = verdict_rule(1);
	struct trial_gate gate = trial_gate_default();
	gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
	unsigned int called = 0;
	const char *why;

	assert_int_equal(trial_gate_parse(text, &gate, &why), 0);
	gsl_rng_set(random, 5);
	*again = 0;
	for (unsigned int i = 0; i < CAMPAIGNS; i++) {
		struct trial_readings past[2 * BLOCKS * TRIES];
		double p50[2][BLOCKS];
		struct verdict verdict;
		size_t count = 0;

		for (unsigned int block = 0; block < BLOCKS; block++) {
			size_t failed = 1;

			for (int try = 0; try < TRIES && failed; try++) {
				failed = 0;
				*again += try > 0;
				for (unsigned int arm = 0; arm < 2; arm++) {
					json_t *one =
						drawn(random, neutral, arm,
						      &p50[arm][block]);

					failed += unfit(&gate, one, arm, past,
							count);
					trial_gate_read(one, arm,
							&past[count++]);
					json_decref(one);
				}
			}
		}
		for (unsigned int block = 0; block < BLOCKS; block++)
			for (int arm = 0; arm < 2; arm++)
				p50[arm][block] = exp(p50[arm][block]);
		assert_int_equal(verdict_compare(p50[1], p50[0], BLOCKS, &rule,
						 &verdict),
				 0);
		called += verdict.call == VERDICT_FASTER ||
			  verdict.call == VERDICT_SLOWER;
	}
	gsl_rng_free(random);
	return 100.0 * called / CAMPAIGNS;
}

/* Three standard errors above 5 %. */
static void no_verdicts_come_of_it(void **state)
{
	unsigned int none, some;
	const double without = verdicts("off", true, &none);
	const double with = verdicts("gap:2ms", true, &some);

	(void)state;
	assert_int_equal(none, 0);
	assert_true(some > CAMPAIGNS);
	if (without > 7.1 || with > 7.1)
		fail_msg("%.1f %% without, %.1f %% with", without, with);
}

/* Why pressure is asked for by name: who alone shows that it was disturbed is
 * seen undisturbed more often. The simulation sees it. */
static void what_chooses_between_arms_would_be_seen(void **state)
{
	unsigned int again;

	(void)state;
	assert_true(verdicts("psi:20%", false, &again) > 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_read_as_it_is_written),
		cmocka_unit_test(what_is_no_gate_is_refused),
		cmocka_unit_test(what_exceeds_what_is_usual_fails),
		cmocka_unit_test(what_an_arm_adds_each_time_is_usual),
		cmocka_unit_test(what_the_arm_has_a_part_in_is_not_asked),
		cmocka_unit_test(what_was_not_read_does_not_fail),
		cmocka_unit_test(no_verdicts_come_of_it),
		cmocka_unit_test(what_chooses_between_arms_would_be_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
