/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <math.h>

#include "exchange/lag.h"
#include "exchange/pace.h"

static struct pace start(const char *text, uint64_t seed)
{
	struct pace_config config;
	struct pace pace;
	const char *why;

	assert_int_equal(pace_parse(text, &config, &why), 0);
	pace_start(&pace, &config, seed);
	return pace;
}

static void texts_are_parsed(void **state)
{
	static const char *const bad[] = { "",
					   "fast",
					   "rate",
					   "rate:",
					   "rate:0",
					   "rate:-1",
					   "rate:x",
					   "max:1",
					   "poisson",
					   "poisson:0",
					   "file:",
					   "file:0",
					   "file:-1",
					   "rate:1 ",
					   "rates:1",
					   "rat:1",
					   "rate:1:2",
					   "rate:1e99",
					   "MAX",
					   "file:nan",
					   "file:inf",
					   "rate:0.0001",
					   "burst",
					   "burst:5",
					   "burst:@5",
					   "burst:0@5",
					   "burst:1.5@5",
					   "burst:5@",
					   "burst:5@0",
					   "burst:-1@5",
					   "burst:1000001@5",
					   "burst:5@5@5",
					   "rate:5@5" };
	struct pace_config config = { .kind = PACE_FILE, .factor = 77 };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *why = NULL;

		assert_int_equal(pace_parse(bad[i], &config, &why), -EINVAL);
		assert_non_null(why);
		assert_int_equal(config.factor, 77);
	}
	assert_int_equal(start("max", 0).config.kind, PACE_MAX);
	assert_int_equal(start("rate:20000", 0).config.kind, PACE_RATE);
	assert_int_equal(start("rate:20000", 0).config.factor,
			 20000 * INT64_C(1000000000));
	assert_int_equal(start("burst:16@2.5", 0).config.kind, PACE_BURST);
	assert_int_equal(start("burst:16@2.5", 0).config.burst, 16);
	assert_int_equal(start("burst:16@2.5", 0).config.factor, 2500000000);
	assert_int_equal(start("poisson:0.5", 0).config.factor, 500000000);
	assert_int_equal(start("file", 0).config.factor, 1000000000);
	assert_int_equal(start("file:2.5", 0).config.factor, 2500000000);
}

static void max_is_due_at_once(void **state)
{
	struct pace pace = start("max", 0);

	(void)state;
	for (int i = 0; i < 1000; i++)
		assert_int_equal(pace_next(&pace, 5000000000, i & 1), 0);
}

static void rate_is_exact_for_ever(void **state)
{
	struct pace pace = start("rate:3", 0);
	uint64_t due = 0;

	(void)state;
	assert_int_equal(pace_next(&pace, 0, true), 0);
	assert_int_equal(pace_next(&pace, 99, false), 333333333);
	assert_int_equal(pace_next(&pace, 0, false), 666666666);
	for (int i = 3; i <= 3000000; i++)
		due = pace_next(&pace, 0, false);
	/* A million seconds, to the ns: no error adds up. */
	assert_int_equal(due, UINT64_C(1000000000000000));
}

/* As many a second as at the same rate, at the time of the first of them. */
static void bursts_come_at_once(void **state)
{
	struct pace pace = start("burst:3@30", 0), even = start("rate:30", 0);

	(void)state;
	for (int burst = 0; burst < 1000; burst++) {
		uint64_t due = pace_next(&even, 0, false);

		for (int i = 0; i < 3; i++) {
			assert_int_equal(pace_next(&pace, 99, burst == 0), due);
			if (i > 0)
				pace_next(&even, 0, false);
		}
	}
}

static void rate_may_be_a_fraction(void **state)
{
	struct pace pace = start("rate:0.25", 0);

	(void)state;
	assert_int_equal(pace_next(&pace, 0, false), 0);
	assert_int_equal(pace_next(&pace, 0, false), UINT64_C(4000000000));
}

static void poisson_has_its_mean_and_spread(void **state)
{
	const int count = 200000;
	struct pace pace = start("poisson:20000", 42);
	uint64_t before = pace_next(&pace, 0, false);
	double sum = 0, squares = 0, mean, deviation;

	(void)state;
	assert_int_equal(before, 0);
	for (int i = 0; i < count; i++) {
		uint64_t due = pace_next(&pace, 0, false);
		double gap = (double)(due - before);

		assert_true(due >= before);
		sum += gap;
		squares += gap * gap;
		before = due;
	}
	mean = sum / count;
	deviation = sqrt(squares / count - mean * mean);
	/* Of an exponential both are 50 us; within 5 standard errors. */
	assert_true(fabs(mean - 50000) < 50000 * 5 / sqrt(count));
	assert_true(fabs(deviation - 50000) < 50000 * 10 / sqrt(count));
}

static void poisson_follows_its_seed(void **state)
{
	struct pace one = start("poisson:1000", 1),
		    same = start("poisson:1000", 1);
	struct pace other = start("poisson:1000", 2);
	unsigned int equal = 0;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		uint64_t due = pace_next(&one, 0, false);

		assert_int_equal(pace_next(&same, 0, false), due);
		equal += pace_next(&other, 0, false) == due;
	}
	assert_true(equal < 10);
}

static void file_follows_the_lines(void **state)
{
	struct pace pace = start("file", 0);

	(void)state;
	assert_int_equal(pace_next(&pace, 1000000, false), 0);
	assert_int_equal(pace_next(&pace, 1000700, false), 700);
	assert_int_equal(pace_next(&pace, 1000700, false), 700);
	assert_int_equal(pace_next(&pace, 1000701, false), 701);
}

static void file_clamps_steps_back(void **state)
{
	struct pace pace = start("file", 0);

	(void)state;
	assert_int_equal(pace_next(&pace, 1000000, false), 0);
	assert_int_equal(pace_next(&pace, 1000100, false), 100);
	assert_int_equal(pace_next(&pace, 500, false), 100);
	assert_int_equal(pace_next(&pace, 600, false), 200);
}

/* A row that is older than its neighbours does not make the way back to them
 * a wait. */
static void file_forgives_a_stray_row(void **state)
{
	struct pace pace = start("file", 0);

	(void)state;
	assert_int_equal(pace_next(&pace, 1000000, false), 0);
	assert_int_equal(pace_next(&pace, 500, false), 0);
	assert_int_equal(pace_next(&pace, 600, false), 100);
	assert_int_equal(pace_next(&pace, 1000100, false), 200);
	assert_int_equal(pace_next(&pace, 1000150, false), 250);
	/* Another file behind the first, of an earlier day. */
	assert_int_equal(pace_next(&pace, 2000, false), 250);
	for (uint64_t time_ns = 2010; time_ns <= 1000160; time_ns += 10)
		pace_next(&pace, time_ns, false);
	assert_int_equal(pace_next(&pace, 1000170, false), 250 + 998160);
}

static void file_waits_for_no_snapshot(void **state)
{
	struct pace pace = start("file", 0);

	(void)state;
	assert_int_equal(pace_next(&pace, 1000, true), 0);
	assert_int_equal(pace_next(&pace, 5000, true), 0);
	/* The first live line does not wait for the snapshot's age either. */
	assert_int_equal(pace_next(&pace, 900000, false), 0);
	assert_int_equal(pace_next(&pace, 900100, false), 100);
	assert_int_equal(pace_next(&pace, 999999, true), 100);
	assert_int_equal(pace_next(&pace, 0, false), 100);
	assert_int_equal(pace_next(&pace, 900150, false), 150);
}

static void file_has_a_speed(void **state)
{
	struct pace fast = start("file:3", 0), slow = start("file:0.5", 0);
	uint64_t due = 0;

	(void)state;
	assert_int_equal(pace_next(&slow, 1000, false), 0);
	assert_int_equal(pace_next(&slow, 1100, false), 200);
	/* Thirds add up to a whole. */
	for (uint64_t i = 0; i <= 3000; i++)
		due = pace_next(&fast, 1000 + i, false);
	assert_int_equal(due, 1000);
}

static void lags_are_kept_within_an_eighth(void **state)
{
	(void)state;
	for (uint64_t ns = 0; ns < UINT64_C(1) << 40; ns = ns * 9 / 8 + 1) {
		struct lag lag = { 0 };
		uint64_t found;

		lag_add(&lag, ns);
		lag_add(&lag, UINT64_MAX);
		found = lag_quantile(&lag, 0);
		assert_in_range(found, ns, ns + ns / 8);
	}
}

static void lags_have_quantiles(void **state)
{
	struct lag lag = { 0 };

	(void)state;
	assert_int_equal(lag_quantile(&lag, 0.5), 0);
	for (uint64_t i = 1; i <= 1000; i++)
		lag_add(&lag, i * 1000);
	assert_in_range(lag_quantile(&lag, 0.5), 500000, 570000);
	assert_in_range(lag_quantile(&lag, 0.99), 990000, 1000000);
	assert_int_equal(lag_quantile(&lag, 1), 1000000);
	assert_int_equal(lag.max_ns, 1000000);
}

/* By nearest rank, as stats/percentile.h has it for all figures. */
static void lags_are_ranked_as_everything(void **state)
{
	static struct lag lag;
	char text[LAG_TEXT_MAX];

	(void)state;
	lag_add(&lag, 3);
	lag_add(&lag, 7);
	assert_int_equal(lag_quantile(&lag, 0.5), 3);
	assert_int_equal(lag_quantile(&lag, 0.51), 7);
	assert_int_equal(lag_quantile(&lag, 1), 7);
	/* Nobody is told of a median of few. */
	assert_string_equal(lag_text(&lag, 0.5, text), "-");
	while (lag.count < 20)
		lag_add(&lag, 2000);
	assert_string_not_equal(lag_text(&lag, 0.5, text), "-");
	assert_string_equal(lag_text(&lag, 0.99, text), "-");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_parsed),
		cmocka_unit_test(max_is_due_at_once),
		cmocka_unit_test(rate_is_exact_for_ever),
		cmocka_unit_test(bursts_come_at_once),
		cmocka_unit_test(rate_may_be_a_fraction),
		cmocka_unit_test(poisson_has_its_mean_and_spread),
		cmocka_unit_test(poisson_follows_its_seed),
		cmocka_unit_test(file_follows_the_lines),
		cmocka_unit_test(file_clamps_steps_back),
		cmocka_unit_test(file_forgives_a_stray_row),
		cmocka_unit_test(file_waits_for_no_snapshot),
		cmocka_unit_test(file_has_a_speed),
		cmocka_unit_test(lags_are_kept_within_an_eighth),
		cmocka_unit_test(lags_have_quantiles),
		cmocka_unit_test(lags_are_ranked_as_everything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
