/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "campaign/campaign_plan.h"

static json_t *plan_make(void)
{
	return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:i,s:i,s:i,"
			 "s:[{s:s,s:s},{s:s,s:s,s:[s,s],s:[s]}]}",
			 "schema", CAMPAIGN_PLAN_SCHEMA, "place", "local",
			 "accelerator", "none", "feed", "feed.gz", "pace",
			 "max", "threshold_usd", "1", "aggress", "same",
			 "group", "239.1.1.1:1", "blocks", 3, "seed", 7,
			 "warm_up", 20, "arms", "name", "a", "receive", "block",
			 "name", "b", "receive", "spin", "trader", "--fifo",
			 "5", "before", "true");
}

static int read_back(json_t *plan, struct campaign_config *config)
{
	char path[] = "/tmp/t2t-plan-XXXXXX";
	int fd = mkstemp(path), err;

	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(json_dump_file(plan, path, 0), 0);
	memset(config, 0, sizeof(*config));
	err = campaign_plan_read(path, config);
	unlink(path);
	return err;
}

static void all_members_arrive(void **state)
{
	struct campaign_config config;
	json_t *plan = plan_make();

	(void)state;
	assert_int_equal(read_back(plan, &config), 0);
	assert_int_equal(config.blocks, 3);
	assert_int_equal(config.seed, 7);
	assert_string_equal(config.trial.warm_up, "20");
	assert_string_equal(config.place, "local");
	assert_int_equal(config.arm_count, 2);
	assert_null(config.arms[0].trader);
	assert_string_equal(config.arms[1].trader[1], "5");
	assert_null(config.arms[1].trader[2]);
	assert_string_equal(config.arms[1].before[0], "true");
	assert_null(config.arms[1].after);
	campaign_plan_free(&config);
	json_decref(plan);
}

static void each_missing_member_is_a_fault(void **state)
{
	static const char *const names[] = {
		"schema", "place",	   "accelerator", "feed",
		"pace",	  "threshold_usd", "aggress",	  "group",
		"blocks", "seed",	   "warm_up",	  "arms"
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct campaign_config config;
		json_t *plan = plan_make();

		json_object_del(plan, names[i]);
		assert_int_equal(read_back(plan, &config), -EINVAL);
		json_object_set_new(plan, names[i], json_object());
		assert_int_equal(read_back(plan, &config), -EINVAL);
		json_decref(plan);
	}
}

static void a_wrong_list_is_a_fault(void **state)
{
	struct campaign_config config;
	json_t *plan = plan_make();
	json_t *arm = json_array_get(json_object_get(plan, "arms"), 0);

	(void)state;
	json_object_set_new(arm, "trader", json_string("--mlock"));
	assert_int_equal(read_back(plan, &config), -EINVAL);
	json_object_set_new(arm, "trader", json_pack("[i]", 1));
	assert_int_equal(read_back(plan, &config), -EINVAL);
	json_object_set_new(arm, "trader", json_array());
	assert_int_equal(read_back(plan, &config), 0);
	campaign_plan_free(&config);
	json_decref(plan);
}

/* Pairs of block and arm, as many as the plan's trials; ends with -1. */
static void trials_set(json_t *plan, const int *pairs)
{
	json_t *trials = json_array();

	for (; *pairs >= 0; pairs += 2)
		json_array_append_new(trials,
				      json_pack("{s:i,s:i}", "block", pairs[0],
						"arm", pairs[1]));
	json_object_set_new(plan, "trials", trials);
}

static void trials_are_taken_as_they_stand(void **state)
{
	/* No seed draws one arm first each time. */
	static const int good[] = { 0, 1, 0, 0, 1, 1, 1, 0, 2, 1, 2, 0, -1 };
	struct campaign_config config;
	json_t *plan = plan_make();

	(void)state;
	assert_int_equal(read_back(plan, &config), 0);
	assert_null(config.order);
	campaign_plan_free(&config);
	trials_set(plan, good);
	assert_int_equal(read_back(plan, &config), 0);
	for (unsigned int block = 0; block < 3; block++) {
		assert_int_equal(config.order[block][0], 1);
		assert_int_equal(config.order[block][1], 0);
	}
	campaign_plan_free(&config);
	json_decref(plan);
}

static void wrong_trials_are_a_fault(void **state)
{
	static const int wrong[][13] = {
		{ 0, 1, 0, 1, 1, 1, 1, 0, 2, 1, 2, 0, -1 }, /* an arm twice */
		{ 0, 1, 0, 2, 1, 1, 1, 0, 2, 1, 2, 0, -1 }, /* no such arm */
		{ 0, 1, 1, 0, 0, 1, 1, 0, 2, 1, 2, 0, -1 }, /* blocks mixed */
		{ 0, 1, 0, 0, 1, 1, 1, 0, -1 },		    /* too few */
		{ -1 },
	};
	struct campaign_config config;
	json_t *plan = plan_make();

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		trials_set(plan, wrong[i]);
		assert_int_equal(read_back(plan, &config), -EINVAL);
	}
	json_object_set_new(plan, "trials", json_string("all"));
	assert_int_equal(read_back(plan, &config), -EINVAL);
	json_decref(plan);
}

static void what_is_no_file_is_a_fault(void **state)
{
	struct campaign_config config = { 0 };

	(void)state;
	assert_int_equal(campaign_plan_read("/nonexistent", &config), -EINVAL);
	assert_int_equal(campaign_plan_read("/dev/null", &config), -EINVAL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_members_arrive),
		cmocka_unit_test(each_missing_member_is_a_fault),
		cmocka_unit_test(a_wrong_list_is_a_fault),
		cmocka_unit_test(trials_are_taken_as_they_stand),
		cmocka_unit_test(wrong_trials_are_a_fault),
		cmocka_unit_test(what_is_no_file_is_a_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
