/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>

#include "campaign/arm_text.h"

static int read_arms(const char *arms, const char *peer,
		     struct campaign_config *campaign)
{
	static const struct arm_build builds[ARM_BUILDS_MAX] = {
		{ "old", { "/old/t2t-trader-1", "/old/t2t-trader-2" } },
		{ "new", { "/new/t2t-trader" } },
	};
	static struct arm_text texts[CAMPAIGN_ARMS_MAX];
	const struct arm_programs programs = { peer, builds };
	char text[512];

	snprintf(text, sizeof(text), "%s", arms);
	return arm_text_read(text, &programs, campaign, texts);
}

static void builds_are_arms(void **state)
{
	struct campaign_config campaign = { 0 };
	const struct arm *arm = campaign.arms;

	(void)state;
	assert_int_equal(
		read_arms("spin@build=old spin@handicap=7@build=new spin", NULL,
			  &campaign),
		0);
	assert_string_equal(arm[0].layouts[1], "/old/t2t-trader-2");
	assert_string_equal(arm[0].receive, "spin");
	assert_string_equal(arm[1].layouts[0], "/new/t2t-trader");
	assert_string_equal(arm[1].trader[1], "7");
	assert_null(arm[2].layouts);
	assert_string_equal(arm[3].name, "spin@build=old@again");
	assert_ptr_equal(arm[3].layouts, arm[0].layouts);
	assert_int_equal(read_arms("spin@build=older", NULL, &campaign),
			 -EINVAL);
	assert_int_equal(read_arms("spin@build=", NULL, &campaign), -EINVAL);
	assert_int_equal(read_arms("spin@build=old@", NULL, &campaign),
			 -EINVAL);
	assert_int_equal(read_arms("spin@again", NULL, &campaign), -EINVAL);
}

/* The same for the same trial, all of them sooner or later, and no two arms in
 * step. */
static void each_trial_draws_its_layout(void **state)
{
	const char *const layouts[] = { "a", "b", "c", NULL };
	unsigned int seen[3] = { 0 };

	(void)state;
	for (unsigned int number = 1; number <= 300; number++) {
		struct arm one = { .layouts = layouts }, other = one;

		arm_build_draw(&one, 5, number);
		arm_build_draw(&other, 5, number);
		assert_ptr_equal(one.program, other.program);
		assert_int_equal(one.padding, other.padding);
		assert_in_range(one.padding, 1, ARM_BUILD_PADDING);
		seen[*one.program - 'a']++;
	}
	for (size_t i = 0; i < 3; i++)
		assert_in_range(seen[i], 70, 130);
}

static void an_arm_is_taken_apart(void **state)
{
	struct campaign_config campaign = { 0 };
	const struct arm *arm = campaign.arms;

	(void)state;
	assert_int_equal(read_arms("xdp:queue=0+bypass:a=1@handicap=7 spin",
				   NULL, &campaign),
			 0);
	assert_int_equal(campaign.arm_count, 3);
	assert_string_equal(arm[0].receive, "xdp:queue=0");
	assert_string_equal(arm[0].trader[1], "bypass:a=1");
	assert_string_equal(arm[0].trader[3], "7");
	assert_null(arm[0].trader[4]);
	assert_null(arm[0].program);
	assert_string_equal(arm[1].receive, "spin");
	assert_null(arm[1].trader);
	assert_string_equal(arm[2].receive, arm[0].receive);
	assert_string_equal(arm[2].name,
			    "xdp:queue=0+bypass:a=1@handicap=7@again");
}

static void a_peer_runs_its_arms_and_no_others(void **state)
{
	struct campaign_config campaign = { 0 };
	const struct arm *arm = campaign.arms;

	(void)state;
	assert_int_equal(read_arms("peer spin peer:a=1 peers pee",
				   "peer=/bin/sh", &campaign),
			 0);
	assert_string_equal(arm[0].program, "/bin/sh");
	assert_null(arm[1].program);
	assert_string_equal(arm[2].program, "/bin/sh");
	assert_string_equal(arm[2].receive, "peer:a=1");
	assert_null(arm[3].program);
	assert_null(arm[4].program);
	assert_string_equal(arm[5].program, "/bin/sh");
	assert_int_equal(arm_text_check(&arm[0]), 0);
	assert_int_equal(arm_text_check(&arm[1]), 0);
	assert_int_equal(arm_text_check(&arm[3]), -EINVAL);
}

static void what_can_not_be_run_is_refused(void **state)
{
	struct campaign_config campaign = { 0 };

	(void)state;
	assert_int_equal(read_arms("", NULL, &campaign), -EINVAL);
	assert_int_equal(read_arms("spin@slow", NULL, &campaign), -EINVAL);
	assert_int_equal(read_arms("spin", "peer", &campaign), -EINVAL);
	assert_int_equal(read_arms("spin", "=/bin/sh", &campaign), -EINVAL);
	assert_int_equal(read_arms("spin", "peer=", &campaign), -EINVAL);
	assert_int_equal(
		read_arms("a a a a a a a a a a a a a a a a", NULL, &campaign),
		-EINVAL);
	assert_int_equal(
		arm_text_check(&(const struct arm){ .receive = "null" }),
		-EINVAL);
	assert_int_equal(arm_text_check(&(const struct arm){
				 .receive = "x", .program = "/not/there" }),
			 -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_arm_is_taken_apart),
		cmocka_unit_test(builds_are_arms),
		cmocka_unit_test(each_trial_draws_its_layout),
		cmocka_unit_test(a_peer_runs_its_arms_and_no_others),
		cmocka_unit_test(what_can_not_be_run_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
