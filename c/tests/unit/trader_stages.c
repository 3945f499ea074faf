/* SPDX-License-Identifier: MIT */
/* Each interval is from its own stamp to its own stamp. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "trader/stages.h"

/* Counters far apart, and each gap of another length. */
#define TICKS UINT64_C(1000000)

struct row {
	uint32_t sequence;
	uint64_t kernel, user, decision, sent;
};

static struct row row_read(const char *path)
{
	FILE *file = fopen(path, "re");
	struct row row;
	char line[256];

	assert_non_null(file);
	assert_non_null(fgets(line, sizeof(line), file));
	assert_non_null(fgets(line, sizeof(line), file));
	assert_int_equal(sscanf(line,
				"%" SCNu32 ",%" SCNu64 ",%" SCNu64 ",%" SCNu64
				",%" SCNu64,
				&row.sequence, &row.kernel, &row.user,
				&row.decision, &row.sent),
			 5);
	assert_null(fgets(line, sizeof(line), file));
	fclose(file);
	return row;
}

static uint64_t only(struct stages *stages, enum stages_interval interval)
{
	struct latencies_summary all = stages_summary(stages, interval);

	assert_int_equal(all.count, 1);
	assert_int_equal(all.value[0], all.value[LATENCIES_COLUMNS - 1]);
	return all.value[0];
}

static void intervals_are_those_of_the_stamps(void **state)
{
	char path[] = "/tmp/stages.XXXXXX";
	struct stages_sample sample = { .sequence = 7 };
	uint64_t interval[STAGES_INTERVALS];
	struct stages stages;
	struct row row;

	(void)state;
	close(mkstemp(path));
	assert_int_equal(stages_open(&stages, path), 0);
	sample.user = clock_counter();
	sample.decision = sample.user + TICKS;
	sample.sent = sample.decision + 3 * TICKS;
	sample.kernel_ns = clock_realtime_ns() - 20000000;
	stages_add(&stages, &sample);
	assert_int_equal(stages_flush(&stages), 0);
	for (int i = 0; i < STAGES_INTERVALS; i++)
		interval[i] = only(&stages, (enum stages_interval)i);
	assert_int_equal(stages.unstamped, 0);
	assert_int_equal(stages_close(&stages), 0);
	row = row_read(path);
	unlink(path);
	assert_int_equal(row.sequence, 7);
	assert_int_equal(row.kernel, sample.kernel_ns);
	assert_true(row.kernel < row.user && row.user < row.decision &&
		    row.decision < row.sent);
	assert_int_equal(interval[STAGES_KERNEL_TO_USER],
			 row.user - row.kernel);
	assert_int_equal(interval[STAGES_USER_TO_DECISION],
			 row.decision - row.user);
	assert_int_equal(interval[STAGES_DECISION_TO_SENT],
			 row.sent - row.decision);
	assert_int_equal(interval[STAGES_USER_TO_SENT], row.sent - row.user);
	assert_int_equal(interval[STAGES_KERNEL_TO_SENT],
			 row.sent - row.kernel);
	/* Three times as many ticks are three times as long. */
	assert_in_range(interval[STAGES_DECISION_TO_SENT],
			3 * interval[STAGES_USER_TO_DECISION] - 3,
			3 * interval[STAGES_USER_TO_DECISION] + 3);
}

static void without_a_kernel_stamp_two_are_missing(void **state)
{
	struct stages_sample sample = { .user = clock_counter() };
	struct stages stages;

	(void)state;
	assert_int_equal(stages_open(&stages, NULL), 0);
	sample.decision = sample.user + TICKS;
	sample.sent = sample.decision + TICKS;
	stages_add(&stages, &sample);
	assert_int_equal(stages_flush(&stages), 0);
	assert_int_equal(stages.unstamped, 1);
	assert_int_equal(stages_summary(&stages, STAGES_KERNEL_TO_USER).count,
			 0);
	assert_int_equal(stages_summary(&stages, STAGES_KERNEL_TO_SENT).count,
			 0);
	only(&stages, STAGES_USER_TO_SENT);
	assert_int_equal(stages_close(&stages), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(intervals_are_those_of_the_stamps),
		cmocka_unit_test(without_a_kernel_stamp_two_are_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
