/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>

#include "base/mem.h"
#include "report/scale.h"

static void it_holds_all_values_with_room(void **state)
{
	static const double values[] = { 20, NAN, 5, 80, INFINITY, -1, 0 };
	const struct scale log_scale =
		scale_of(values, ARRAY_SIZE(values), true);
	const struct scale linear = scale_of(values, ARRAY_SIZE(values), false);

	(void)state;
	assert_true(log_scale.low > 0 && log_scale.low < 5);
	assert_true(log_scale.high > 80 && log_scale.high < 160);
	assert_true(linear.low < -1 && linear.high > 80);
}

static void where_there_is_nothing_it_is_one_still(void **state)
{
	static const double none[] = { NAN, -INFINITY }, same[] = { 7, 7 };
	struct scale scale = scale_of(none, 2, true);

	(void)state;
	assert_true(scale.low > 0 && scale.low < scale.high);
	scale = scale_of(same, 2, true);
	assert_true(scale.low < 7 && scale.high > 7);
	scale = scale_of(same, 2, false);
	assert_true(scale.low < 7 && scale.high > 7);
	scale = scale_of((const double[]){ 0, 0 }, 2, false);
	assert_true(scale.low < scale.high);
}

static void places_are_within_it(void **state)
{
	const struct scale scale = { 1, 100, true };

	(void)state;
	assert_float_equal(scale_at(&scale, 10), 0.5, 1e-9);
	assert_float_equal(scale_at(&scale, 1), 0, 1e-9);
	assert_float_equal(scale_at(&scale, 1000), 1, 0);
	assert_float_equal(scale_at(&scale, 0), 0, 0);
	assert_float_equal(scale_at(&scale, -3), 0, 0);
}

static void ticks_are(const struct scale *scale, size_t most,
		      const double *wanted, size_t count)
{
	double ticks[SCALE_TICKS_MAX];

	assert_int_equal(scale_ticks(scale, most, ticks), count);
	for (size_t i = 0; i < count; i++)
		assert_float_equal(ticks[i], wanted[i], 1e-9);
}

static void ticks_are_round_and_as_many_as_may_be(void **state)
{
	(void)state;
	ticks_are(&(struct scale){ 3, 90, true }, 7,
		  (const double[]){ 5, 10, 20, 50 }, 4);
	ticks_are(&(struct scale){ 3, 90000, true }, 7,
		  (const double[]){ 10, 100, 1000, 10000 }, 4);
	ticks_are(&(struct scale){ 9.7, 12.2, true }, 7,
		  (const double[]){ 10, 10.5, 11, 11.5, 12 }, 5);
	ticks_are(&(struct scale){ 0, 35, false }, 6,
		  (const double[]){ 0, 10, 20, 30 }, 4);
}

static void there_is_never_more_than_room(void **state)
{
	double ticks[SCALE_TICKS_MAX];

	(void)state;
	for (double high = 1.0001; high < 1e12; high *= 1.37)
		for (size_t most = 2; most <= SCALE_TICKS_MAX + 3; most++) {
			const struct scale scale = { 1, high, true };
			size_t count = scale_ticks(&scale, most, ticks);

			assert_true(count <= most && count <= SCALE_TICKS_MAX);
			for (size_t i = 0; i < count; i++)
				assert_true(
					ticks[i] >= 1 - 1e-9 &&
					ticks[i] <= high * (1 + 1e-9) &&
					(i == 0 || ticks[i] > ticks[i - 1]));
			count = scale_ratio_ticks(&scale, most, ticks);
			assert_true(count <= most && count <= SCALE_TICKS_MAX);
		}
}

static void ratios_are_written_as_changes(void **state)
{
	const struct scale scale = { 0.45, 1.1, true };
	double ticks[SCALE_TICKS_MAX];
	char text[SCALE_LABEL_MAX];

	(void)state;
	assert_int_equal(scale_ratio_ticks(&scale, 4, ticks), 3);
	assert_string_equal(scale_percent(ticks[0], text), "-40 %");
	assert_string_equal(scale_percent(ticks[2], text), "0");
	assert_string_equal(scale_percent(1.05, text), "+5 %");
	assert_string_equal(scale_label(5000, text), "5000");
	assert_string_equal(scale_label(0.5 - 1e-17, text), "0.5");
	assert_string_equal(scale_label(-1e-17, text), "0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_holds_all_values_with_room),
		cmocka_unit_test(where_there_is_nothing_it_is_one_still),
		cmocka_unit_test(places_are_within_it),
		cmocka_unit_test(ticks_are_round_and_as_many_as_may_be),
		cmocka_unit_test(there_is_never_more_than_room),
		cmocka_unit_test(ratios_are_written_as_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
