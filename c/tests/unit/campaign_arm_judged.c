/* SPDX-License-Identifier: MIT */
/* Every option of the programs that an arm sets: is it thought of, and does the
 * oracle get it? */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "campaign/arm_judged.h"
#include "campaign/trial_ring.h"
#include "tests/support/log_catch.h"
#include "tests/support/program.h"

#define SOON_MS	    20000
#define NAMES_MAX   64
#define COMMON_ONES "--help --version"

static struct {
	char name[NAMES_MAX][32];
	size_t count;
} options;

/* Those that the program's own help lists. */
static void options_read(const char *name)
{
	const struct program_place place = { .space = -1 };
	const char *const argv[] = { name, "--help", NULL };
	struct program program = { 0 };
	const char *line;

	options.count = 0;
	program_start(&program, &place, argv);
	assert_int_equal(program_wait(&program, SOON_MS), 0);
	while ((line = program_line(&program, PROGRAM_OUT, "  --", 0))) {
		if (strstr(line, COMMON_ONES))
			break;
		assert_true(options.count < NAMES_MAX);
		assert_int_equal(
			sscanf(line, " %31s", options.name[options.count++]),
			1);
	}
	assert_non_null(line);
	program_end(&program);
}

static bool has_option(const char *name)
{
	for (size_t i = 0; i < options.count; i++)
		if (!strcmp(options.name[i], name))
			return true;
	return false;
}

/* Row by row, each has the other. */
static void all_are_there(const char *program, const struct arm_judged *rows)
{
	options_read(program);
	for (const struct arm_judged *row = rows; row->option; row++)
		if (!has_option(row->option) || !row->how)
			fail_msg("%s has no %s", program, row->option);
	for (size_t i = 0; i < options.count; i++) {
		const struct arm_judged *row = rows;

		while (row->option && strcmp(row->option, options.name[i]) != 0)
			row++;
		if (!row->option)
			fail_msg("%s of %s: is the oracle to be told it? Say "
				 "so in campaign/arm_judged.c",
				 options.name[i], program);
	}
}

static void each_option_is_thought_of(void **state)
{
	(void)state;
	all_are_there("t2t-trader", arm_judged_trader);
	all_are_there("t2t-exchange", arm_judged_exchange);
}

/* Is it told, with this value behind it (NULL: with none)? */
static bool is_told(const struct arm *arm, const char *option,
		    const char *value)
{
	const char *argv[ARM_JUDGED_ARGUMENTS_MAX];

	arm_judged_tell(arm, argv);
	for (size_t i = 0; argv[i]; i++)
		if (!strcmp(argv[i], option))
			return !value ||
			       (argv[i + 1] && !strcmp(argv[i + 1], value));
	return false;
}

static bool is_told_nothing(const struct arm *arm)
{
	const char *argv[ARM_JUDGED_ARGUMENTS_MAX];

	arm_judged_tell(arm, argv);
	return !argv[0];
}

static void row_check(const struct arm_judged *row, const struct arm *arm)
{
	switch (row->how) {
	case ARM_JUDGED_SAME:
		assert_true(has_option(row->option));
		assert_true(is_told(arm, row->option, "a:7"));
		break;
	case ARM_JUDGED_PORT:
		assert_true(is_told(arm, "--retransmit", "7"));
		break;
	case ARM_JUDGED_LOSES:
		assert_true(is_told(arm, "--impaired", NULL));
		break;
	case ARM_JUDGED_NOT:
	case ARM_JUDGED_AGREES:
	case ARM_JUDGED_REFUSED:
		assert_true(is_told_nothing(arm));
		break;
	}
	log_catch();
	assert_int_equal(arm_judged_check(arm),
			 row->how == ARM_JUDGED_REFUSED ? -EINVAL : 0);
	assert_int_equal(row->how == ARM_JUDGED_REFUSED,
			 strstr(log_caught(), row->option) != NULL);
}

static void each_that_matters_arrives(void **state)
{
	const struct arm_judged *row;

	(void)state;
	options_read("t2t-wiretap");
	assert_true(has_option("--retransmit") && has_option("--impaired") &&
		    has_option("--order-port"));
	for (row = arm_judged_trader; row->option; row++) {
		const char *const arguments[] = { row->option, "a:7", NULL };

		row_check(row,
			  &(struct arm){ .name = "arm", .trader = arguments });
	}
	for (row = arm_judged_exchange; row->option; row++) {
		const char *const arguments[] = { row->option, "a:7", NULL };

		row_check(row, &(struct arm){ .name = "arm",
					      .exchange = arguments });
	}
}

/* As many as there are. */
static void all_at_once(void **state)
{
	const char *trader[2 * NAMES_MAX] = { NULL };
	const char *exchange[2 * NAMES_MAX] = { NULL };
	const struct trial_site site = { .listen = "10.0.0.1:9100" };
	const struct arm arm = { .name = "arm",
				 .trader = trader,
				 .exchange = exchange,
				 .site = &site };
	size_t n = 0;

	(void)state;
	for (; arm_judged_trader[n].option; n++) {
		trader[2 * n] = arm_judged_trader[n].option;
		trader[2 * n + 1] = "a:7";
	}
	for (n = 0; arm_judged_exchange[n].option; n++) {
		exchange[2 * n] = arm_judged_exchange[n].option;
		exchange[2 * n + 1] = "a:7";
	}
	assert_true(is_told(&arm, "--order-port", "9100"));
	assert_true(is_told(&arm, "--group", "a:7"));
}

static void unimpaired(void **state)
{
	static const char *const lossy[] = { "--lose", "0", "--swap", "A:1%",
					     NULL };
	static const char *const mended[] = { "--lose", "1%", "--lose", "0",
					      NULL };

	(void)state;
	assert_true(is_told(&(struct arm){ .exchange = lossy }, "--impaired",
			    NULL));
	assert_true(is_told_nothing(&(struct arm){ .exchange = mended }));
	assert_true(is_told_nothing(&(struct arm){ .trader = lossy }));
}

/* Who asks where nobody answers is refused, as long as he asks at all. */
static void ports_agree(void **state)
{
	static const char *const asks[] = { "--recover", "request", NULL };
	static const char *const asks_there[] = { "--recover", "request",
						  "--recover-from",
						  "10.77.0.1:9500", NULL };
	static const char *const there[] = { "--retransmit", ":9500", NULL };
	static const char *const usual[] = { "--retransmit", ":9013", NULL };
	static const char *const off[] = { "--retransmit", "off", NULL };
	const struct trial_site site = { .listen = "10.0.0.1:9499" };
	const struct {
		struct arm arm;
		bool good;
	} arms[] = {
		{ { .trader = asks }, true },
		{ { .trader = asks, .exchange = usual }, true },
		{ { .trader = asks, .exchange = off }, true },
		{ { .trader = asks, .exchange = there }, false },
		{ { .trader = asks_there }, false },
		{ { .trader = asks_there, .exchange = there }, true },
		{ { .trader = asks, .exchange = there, .site = &site }, true },
		{ { .exchange = there }, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(arms); i++) {
		struct arm arm = arms[i].arm;

		arm.name = "asks";
		log_catch();
		assert_int_equal(arm_judged_check(&arm),
				 arms[i].good ? 0 : -EINVAL);
		assert_int_equal(strstr(log_caught(), "arm asks: ") == NULL,
				 arms[i].good);
	}
}

static void ring_is(const struct arm *arm, const char *why)
{
	log_catch();
	if (!why)
		assert_int_equal(arm_judged_check(arm), 0);
	else
		assert_int_equal(arm_judged_check(arm), -EINVAL);
	assert_true(!why || is_one_line(log_caught(), why));
}

/* What can't be judged, or nobody would hear, is refused before it runs. */
static void rings_between_guests_are_in_what_they_share(void **state)
{
	static const char *const over[] = { "--transport=shm", NULL };
	static const char *const region[] = { "--transport=shm:region=/x",
					      NULL };
	struct trial_site site = { .listen = "10.0.0.1:9012" };
	struct arm arm = { .name = "a",
			   .receive = "shm:wait=spin",
			   .trader = over,
			   .site = &site };
	struct trial_ring ring;

	(void)state;
	site.seats[TRIAL_TRADER].machine = 1;
	site.seats[TRIAL_EXCHANGE].region = "ivshmem";
	site.seats[TRIAL_TRADER].region = "ivshmem";
	ring_is(&arm, "share no memory");
	site.seats[TRIAL_WIRETAP].region = "/dev/shm/x";
	site.seats[TRIAL_WIRETAP].address = "10.0.0.254";
	ring_is(&arm, NULL);
	trial_ring_name(&ring, &arm, "/folder");
	assert_string_equal(ring.region, "/dev/shm/x");
	assert_string_equal(ring.tap, "10.0.0.254:9016");
	assert_string_equal(ring.send, "shm:slots=8192,region=ivshmem,path="
				       "10.0.0.1:9014,tap=10.0.0.254:9016");
	assert_string_equal(ring.receive,
			    "shm:region=ivshmem,path=10.0.0.1:9014,wait=spin");
	assert_string_equal(ring.take,
			    "shm:region=ivshmem,path=10.0.0.1:9015,wait=spin");
	assert_string_equal(ring.transport,
			    "shm:slots=8192,region=ivshmem,path=10.0.0.1:9015,"
			    "tap=10.0.0.254:9016");
	/* Each of them alone. */
	arm.trader = NULL;
	ring_is(&arm, NULL);
	arm.receive = "spin";
	arm.trader = over;
	ring_is(&arm, NULL);
	arm.receive = "shm";
	arm.trader = region;
	ring_is(&arm, "path=, region= and tap=");
	arm.trader = over;
	arm.receive = "shm:region=/x";
	ring_is(&arm, "path= and region= of");
}

static void rings_have_two_ends_on_one_host(void **state)
{
	static const char *const shm[] = { "--send", "shm", NULL };
	static const char *const plain[] = { "--send=send", NULL };
	static const char *const taken[] = { "--transport", "shm", NULL };
	static const char *const over[] = { "--transport=shm:wait=spin", NULL };
	static const char *const path[] = { "--transport=shm:path=/x", NULL };
	static const char *const tap[] = { "--transport=shm:tap=/x", NULL };
	struct trial_site site = { .seats[TRIAL_TRADER].machine = 1 };
	struct arm arm = { .name = "a", .receive = "shm:wait=futex" };

	(void)state;
	ring_is(&arm, NULL);
	arm.exchange = plain;
	ring_is(&arm, "--send is the trial's");
	arm.exchange = NULL;
	arm.receive = "shm:path=/x";
	ring_is(&arm, "path= and region= of");
	arm.receive = "shm";
	arm.site = &site;
	site.listen = "10.0.0.1:9012";
	ring_is(&arm, "one host");
	site.seats[TRIAL_TRADER].machine = 0;
	ring_is(&arm, NULL);
	arm.receive = "spin";
	arm.exchange = shm;
	ring_is(&arm, "needs --receive shm");
	arm.exchange = plain;
	ring_is(&arm, NULL);
	/* Of orders. */
	arm.trader = over;
	ring_is(&arm, NULL);
	site.seats[TRIAL_TRADER].machine = 1;
	ring_is(&arm, "one host");
	arm.site = NULL;
	ring_is(&arm, NULL);
	arm.exchange = taken;
	ring_is(&arm, "--transport is the trial's");
	arm.exchange = NULL;
	arm.trader = path;
	ring_is(&arm, "path=, region= and tap=");
	arm.trader = tap;
	ring_is(&arm, "path=, region= and tap=");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_option_is_thought_of),
		cmocka_unit_test(each_that_matters_arrives),
		cmocka_unit_test(all_at_once),
		cmocka_unit_test(unimpaired),
		cmocka_unit_test(ports_agree),
		cmocka_unit_test(rings_have_two_ends_on_one_host),
		cmocka_unit_test(rings_between_guests_are_in_what_they_share),
	};

	return cmocka_run_group_tests_name("campaign/arm_judged", tests, NULL,
					   NULL);
}
