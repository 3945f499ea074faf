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
	return json_pack(
		"{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:i,s:i,s:i,"
		"s:[{s:s,s:s},{s:s,s:s,s:[s,s]}],"
		"s:{s:[{},{s:[{s:s,s:[s]}]}]}}",
		"schema", CAMPAIGN_PLAN_SCHEMA, "place", "local", "accelerator",
		"none", "feed", "feed.gz", "pace", "max", "threshold_usd", "1",
		"aggress", "same", "group", "239.1.1.1:1", "blocks", 3, "seed",
		7, "warm_up", 20, "arms", "name", "a", "receive", "block",
		"name", "b", "receive", "spin", "trader", "--fifo", "5", "site",
		"arms", "turns", "machine", "trader", "turn", "true");
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
	assert_null(config.arms[0].site);
	assert_int_equal(config.arms[0].turn_count, 0);
	assert_int_equal(config.arms[1].turn_count, 1);
	assert_int_equal(config.arms[1].turns[0].machine, 1);
	assert_string_equal(config.arms[1].turns[0].turn[0], "true");
	assert_null(config.arms[1].turns[0].restore);
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

static void until_arrives(void **state)
{
	struct campaign_config config;
	json_t *plan = plan_make();

	(void)state;
	json_object_set_new(plan, "until", json_string("equivalent:3,60"));
	assert_int_equal(read_back(plan, &config), 0);
	assert_true(config.until.decided);
	assert_true(config.until.equal == 0.03 && config.until.seconds == 60);
	campaign_plan_free(&config);
	json_object_set_new(plan, "until", json_string("soon"));
	assert_int_equal(read_back(plan, &config), -EINVAL);
	json_object_set_new(plan, "until", json_integer(60));
	assert_int_equal(read_back(plan, &config), -EINVAL);
	json_decref(plan);
}

/* Three machines; the second arm has its exchange on the host, and guests of
 * its own. */
static const char machines_text[] =
	"{\"machines\": ["
	"{\"name\": \"e\", \"connect\": [\"ssh\", \"e\"], \"folder\": \"/e\","
	" \"bring\": [\"/feed.gz\", \"feed.gz\"], \"password\": true},"
	"{\"name\": \"h\", \"connect\": [\"agent\"], \"folder\": \"/h\"},"
	"{\"name\": \"t\", \"connect\": [\"agent\"], \"folder\": \"/t\"}],"
	"\"seats\": {"
	"\"exchange\": {\"machine\": \"e\", \"programs\": \"/opt\","
	" \"interface\": \"e0\", \"listen\": \"10.0.0.1:1\", \"feed\": \"f\","
	" \"more\": [\"--settle-ms\", \"500\"]},"
	"\"wiretap\": {\"machine\": \"h\", \"programs\": \"/p\","
	" \"interface\": \"tap\", \"cpus\": \"0,2-3\"},"
	"\"trader\": {\"machine\": \"t\", \"programs\": \"/opt\","
	" \"interface\": \"t0\"}},"
	"\"bias\": {\"machine\": \"t\", \"turn\": [\"loop\"],"
	" \"restore\": [\"unloop\"], \"frames\": \"1000\", \"rate\": \"500\"},"
	"\"guests\": {\"machine\": \"h\", \"back\": [\"up\"],"
	" \"found\": \"/r\"}}";

static json_t *plan_with_machines(void)
{
	json_t *plan = plan_make();
	json_t *more = json_loads(machines_text, 0, NULL), *arm, *seats;
	json_t *site = json_object_get(plan, "site");

	assert_non_null(more);
	assert_int_equal(json_object_update(site, more), 0);
	arm = json_array_get(json_object_get(site, "arms"), 1);
	seats = json_deep_copy(json_object_get(site, "seats"));
	json_object_set_new(json_object_get(seats, "exchange"), "machine",
			    json_string("h"));
	json_object_set_new(arm, "seats", seats);
	json_object_set_new(arm, "guests", json_pack("[s]", "other"));
	json_object_set_new(arm, "turns",
			    json_pack("[{s:s,s:s,s:[s],s:[s]}]", "machine", "h",
				      "where", "host", "turn", "on", "restore",
				      "off"));
	json_decref(more);
	return plan;
}

static void machines_arrive(void **state)
{
	struct campaign_config config;
	json_t *plan = plan_with_machines();
	const struct arm *arm = &config.arms[1];

	(void)state;
	assert_int_equal(read_back(plan, &config), 0);
	assert_int_equal(config.machine_count, 3);
	assert_string_equal(config.machines[0].connect[1], "e");
	assert_string_equal(config.machines[0].bring[1], "feed.gz");
	assert_true(config.machines[0].wants_password);
	assert_null(config.machines[1].bring);
	assert_int_equal(config.site.seats[TRIAL_WIRETAP].machine, 1);
	assert_string_equal(config.site.seats[TRIAL_WIRETAP].cpus, "0,2-3");
	assert_string_equal(config.site.seats[TRIAL_TRADER].cpus, "");
	assert_string_equal(config.site.seats[TRIAL_EXCHANGE].more[1], "500");
	assert_string_equal(config.site.loop.restore[0], "unloop");
	assert_string_equal(config.guests.back[0], "up");
	assert_int_equal(config.guests.machine, 1);
	assert_ptr_equal(config.arms[0].site, &config.site);
	assert_null(config.arms[0].guests);
	assert_int_equal(arm->site->seats[TRIAL_EXCHANGE].machine, 1);
	assert_string_equal(arm->guests[0], "other");
	assert_int_equal(arm->turns[0].machine, 1);
	assert_string_equal(arm->turns[0].where, "host");
	campaign_plan_free(&config);
	json_decref(plan);
}

/* "machines.0.name" and so on; no member of it may be missing or empty. */
static void each_part_of_a_machine_is_needed(void **state)
{
	static const char *const wanted[][3] = {
		{ "machines", "0", "name" },
		{ "machines", "0", "folder" },
		{ "machines", "2", "connect" },
		{ "seats", "exchange", "machine" },
		{ "seats", "exchange", "listen" },
		{ "seats", "exchange", "feed" },
		{ "seats", "wiretap", "programs" },
		{ "seats", "trader", "interface" },
		{ "bias", NULL, "machine" },
		{ "bias", NULL, "turn" },
		{ "bias", NULL, "frames" },
		{ "bias", NULL, "rate" },
		{ "guests", NULL, "machine" },
		{ "guests", NULL, "back" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		const char *part = wanted[i][1];
		struct campaign_config config;
		json_t *plan = plan_with_machines();
		json_t *site = json_object_get(plan, "site");
		json_t *object = json_object_get(site, wanted[i][0]);

		if (part && part[0] >= '0' && part[0] <= '9')
			object =
				json_array_get(object, (size_t)(part[0] - '0'));
		else if (part)
			object = json_object_get(object, part);
		json_object_del(object, wanted[i][2]);
		assert_int_equal(read_back(plan, &config), -EINVAL);
		json_object_set_new(object, wanted[i][2], json_object());
		assert_int_equal(read_back(plan, &config), -EINVAL);
		json_decref(plan);
	}
}

static void an_unknown_machine_is_a_fault(void **state)
{
	struct campaign_config config;
	json_t *plan = plan_with_machines(), *arm, *machine;
	json_t *site = json_object_get(plan, "site");

	(void)state;
	arm = json_array_get(json_object_get(site, "arms"), 1);
	machine = json_array_get(json_object_get(arm, "turns"), 0);
	json_object_set_new(machine, "machine", json_string("x"));
	assert_int_equal(read_back(plan, &config), -EINVAL);
	json_object_del(arm, "turns");
	machine = json_array_get(json_object_get(site, "machines"), 0);
	json_object_set_new(machine, "bring", json_pack("[s]", "/feed.gz"));
	assert_int_equal(read_back(plan, &config), -EINVAL);
	json_object_del(machine, "bring");
	json_object_del(site, "guests");
	assert_int_equal(read_back(plan, &config), -EINVAL);
	json_object_del(arm, "guests");
	assert_int_equal(read_back(plan, &config), 0);
	campaign_plan_free(&config);
	json_decref(plan);
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
		cmocka_unit_test(until_arrives),
		cmocka_unit_test(machines_arrive),
		cmocka_unit_test(each_part_of_a_machine_is_needed),
		cmocka_unit_test(an_unknown_machine_is_a_fault),
		cmocka_unit_test(a_wrong_list_is_a_fault),
		cmocka_unit_test(trials_are_taken_as_they_stand),
		cmocka_unit_test(wrong_trials_are_a_fault),
		cmocka_unit_test(what_is_no_file_is_a_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
