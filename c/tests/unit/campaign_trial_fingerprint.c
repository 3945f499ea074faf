/* SPDX-License-Identifier: MIT */
/* What a place was like, from two answers of its agent of each kind. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>

#include "base/json_get.h"
#include "campaign/trial_fingerprint.h"

static json_t *canary(double call_ns, double gap_ns)
{
	return json_pack("{s:f,s:f}", "call_ns", call_ns, "gap_ns", gap_ns);
}

static json_t *look(json_int_t at_ns, json_int_t ticks, json_int_t stolen,
		    json_int_t waited_us, json_int_t interrupts)
{
	return json_pack("{s:I,s:I,s:I,s:I,s:I,s:n}", "at_ns", at_ns, "ticks",
			 ticks, "stolen_ticks", stolen, "waited_us", waited_us,
			 "interrupts", interrupts, "mhz");
}

static void release(struct trial_place *place)
{
	for (int i = 0; i < 2; i++) {
		json_decref(place->canary[i]);
		json_decref(place->look[i]);
	}
}

static void near(const json_t *object, const char *key, double wanted)
{
	const double value = json_get_number(object, key);

	if (!(fabs(value - wanted) < 1e-9))
		fail_msg("%s: %.9f, wanted %.9f", key, value, wanted);
}

/* Half a second with 50 ticks, of which 2 were stolen and in a quarter of
 * which somebody waited. */
static void what_happened_is_the_difference(void **state)
{
	struct trial_place place = {
		.roles = 1U << TRIAL_EXCHANGE | 1U << TRIAL_WIRETAP,
		.cpu = 3,
		.canary = { canary(100, 2000), canary(150, 3000) },
		.look = { look(1000, 100, 7, 400, 10),
			  look(500001000, 150, 9, 125400, 25) },
	};
	json_t *json = trial_place_json(&place);
	const json_t *pair = json_object_get(json, "canary_ns");
	const json_t *roles = json_object_get(json, "roles");

	(void)state;
	assert_int_equal(json_array_size(roles), 2);
	assert_string_equal(json_string_value(json_array_get(roles, 1)),
			    "wiretap");
	assert_int_equal(json_get_integer(json, "cpu"), 3);
	assert_true(json_number_value(json_array_get(pair, 1)) == 150);
	near(json, "seconds", 0.5);
	near(json, "steal", 0.04);
	near(json, "psi", 0.25);
	near(json, "interrupts", 15);
	assert_true(
		json_is_null(json_array_get(json_object_get(json, "mhz"), 0)));
	json_decref(json);
	release(&place);
}

static void what_a_kernel_lacks_is_null(void **state)
{
	struct trial_place place = {
		.cpu = -1,
		.canary = { canary(100, 2000), canary(150, 3000) },
		.look = { json_pack("{s:I,s:n}", "at_ns", (json_int_t)0,
				    "waited_us"),
			  json_pack("{s:I,s:n}", "at_ns", (json_int_t)9,
				    "waited_us") },
	};
	json_t *json = trial_place_json(&place);
	static const char *const lacking[] = { "cpu", "steal", "psi",
					       "interrupts" };

	(void)state;
	for (size_t i = 0; i < sizeof(lacking) / sizeof(lacking[0]); i++)
		assert_true(json_is_null(json_object_get(json, lacking[i])));
	json_decref(json);
	release(&place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_happened_is_the_difference),
		cmocka_unit_test(what_a_kernel_lacks_is_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
