/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "wiretap/frame_window.h"

#define LARGEST 65536

static struct frame_window window;
static uint64_t seen[4 * FRAME_WINDOW_MAX];
static size_t seen_count;
static int answer;

static int each(void *context, const struct frame_window_entry *entry)
{
	(void)context;
	assert_true(seen_count < sizeof(seen) / sizeof(seen[0]));
	seen[seen_count++] = entry->stamp_ns;
	return answer;
}

static int setup(void **state)
{
	(void)state;
	seen_count = 0;
	answer = 0;
	return frame_window_open(&window,
				 &(struct frame_window_config){ .each = each });
}

static int teardown(void **state)
{
	(void)state;
	frame_window_close(&window);
	return 0;
}

static int add(uint64_t stamp_ns, size_t len)
{
	static const uint8_t bytes[LARGEST];
	const struct frame frame = { .payload = bytes, .payload_len = len };

	return frame_window_add(&window, stamp_ns, &frame, 0, 0, FRAME_OK);
}

static void stamps_decide_the_order(void **state)
{
	static const uint64_t stamps[] = { 50, 10, 30, 20, 40 };

	(void)state;
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(add(stamps[i], i), 0);
	assert_int_equal(seen_count, 0);
	assert_int_equal(frame_window_end(&window), 0);
	assert_int_equal(seen_count, 5);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(seen[i], 10 * (i + 1));
	assert_int_equal(window.unsorted, 0);
}

static void equal_stamps_stay_as_they_came(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(add(7, i), 0);
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(window.held[i]->frame.payload_len, i);
}

static void what_is_too_late_is_counted(void **state)
{
	(void)state;
	add(1, 0);
	add(2 + FRAME_WINDOW_NS, 0);
	assert_int_equal(seen_count, 1);
	add(1, 0);
	assert_int_equal(window.unsorted, 0); /* as late as the last */
	add(0, 0);
	assert_int_equal(window.unsorted, 1);
}

/* Whatever comes, and however dense. */
static void what_waits_is_bounded(void **state)
{
	const unsigned int largest =
		(unsigned int)(FRAME_WINDOW_BYTES_MAX / LARGEST);

	(void)state;
	for (unsigned int i = 0; i < 2 * FRAME_WINDOW_MAX; i++) {
		assert_int_equal(add(i, 1), 0);
		assert_true(window.count <= FRAME_WINDOW_MAX);
	}
	assert_int_equal(seen_count, FRAME_WINDOW_MAX);
	frame_window_end(&window);
	assert_int_equal(window.held_bytes, 0);
	for (unsigned int i = 0; i < 3 * largest; i++) {
		assert_int_equal(add(2 * FRAME_WINDOW_MAX + i, LARGEST), 0);
		assert_true(window.held_bytes <=
			    FRAME_WINDOW_BYTES_MAX + LARGEST);
	}
	/* Nor is what was held for large ones kept. */
	frame_window_end(&window);
	for (unsigned int i = 0; i < window.idle_count; i++)
		assert_true(window.idle[i]->room < LARGEST);
}

static void callers_error_comes_back(void **state)
{
	(void)state;
	add(1, 0);
	answer = -EIO;
	assert_int_equal(add(2 + FRAME_WINDOW_NS, 0), -EIO);
	answer = -ENOSPC;
	assert_int_equal(frame_window_end(&window), -ENOSPC);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(stamps_decide_the_order),
		TEST(equal_stamps_stay_as_they_came),
		TEST(what_is_too_late_is_counted),
		TEST(what_waits_is_bounded),
		TEST(callers_error_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
