/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <pthread.h>
#include <sched.h>
#include <string.h>

#include "base/spsc.h"

static void records_come_out_as_they_went_in(void **state)
{
	struct spsc ring;
	uint64_t at;
	size_t len;
	void *record;

	(void)state;
	assert_int_equal(spsc_open(&ring, 1), 0);
	assert_int_equal(ring.size, 4096);
	memcpy(spsc_reserve(&ring, 5), "first", 5);
	spsc_commit(&ring, 5);
	/* A reservation may be shortened, and left. */
	memcpy(spsc_reserve(&ring, 100), "2", 1);
	spsc_commit(&ring, 1);
	assert_non_null(spsc_reserve(&ring, 9));
	at = spsc_begin(&ring);
	record = spsc_next(&ring, &at, &len);
	assert_int_equal(len, 5);
	assert_memory_equal(record, "first", 5);
	assert_int_equal((uintptr_t)record % 8, 0);
	record = spsc_next(&ring, &at, &len);
	assert_int_equal(len, 1);
	assert_memory_equal(record, "2", 1);
	assert_null(spsc_next(&ring, &at, &len));
	assert_true(spsc_used(&ring) > 0);
	spsc_release(&ring, at);
	assert_int_equal(spsc_used(&ring), 0);
	spsc_close(&ring);
}

static void a_full_ring_takes_nothing(void **state)
{
	struct spsc ring;
	uint64_t at;
	size_t len;
	int n = 0;

	(void)state;
	assert_int_equal(spsc_open(&ring, 4096), 0);
	assert_null(spsc_reserve(&ring, 1025));
	while (spsc_reserve(&ring, 1016)) {
		spsc_commit(&ring, 1016);
		n++;
	}
	assert_int_equal(n, 4);
	at = spsc_begin(&ring);
	assert_non_null(spsc_next(&ring, &at, &len));
	/* Read but not released: still in use. */
	assert_null(spsc_reserve(&ring, 1016));
	spsc_release(&ring, at);
	assert_non_null(spsc_reserve(&ring, 1016));
	spsc_close(&ring);
}

#define RECORDS 200000

static size_t len_of(uint32_t i)
{
	return 4 + (i * 7919u) % 900;
}

static void *produce(void *argument)
{
	struct spsc *ring = argument;

	for (uint32_t i = 0; i < RECORDS; i++) {
		uint8_t *record;

		while (!(record = spsc_reserve(ring, len_of(i))))
			sched_yield();
		memset(record, (int)(i & 0xff), len_of(i));
		memcpy(record, &i, sizeof(i));
		spsc_commit(ring, len_of(i));
	}
	return NULL;
}

static void two_threads_lose_and_tear_nothing(void **state)
{
	struct spsc ring;
	pthread_t producer;
	uint32_t seen = 0;

	(void)state;
	assert_int_equal(spsc_open(&ring, 8192), 0);
	assert_int_equal(pthread_create(&producer, NULL, produce, &ring), 0);
	while (seen < RECORDS) {
		uint64_t at = spsc_begin(&ring);
		uint8_t *record;
		uint32_t number;
		size_t len;

		while ((record = spsc_next(&ring, &at, &len))) {
			memcpy(&number, record, sizeof(number));
			assert_int_equal(number, seen);
			assert_int_equal(len, len_of(seen));
			if (len > sizeof(number))
				assert_int_equal(record[len - 1], seen & 0xff);
			seen++;
		}
		spsc_release(&ring, at);
		sched_yield();
	}
	pthread_join(producer, NULL);
	assert_int_equal(spsc_used(&ring), 0);
	spsc_close(&ring);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_come_out_as_they_went_in),
		cmocka_unit_test(a_full_ring_takes_nothing),
		cmocka_unit_test(two_threads_lose_and_tear_nothing),
	};

	return cmocka_run_group_tests_name("base/spsc", tests, NULL, NULL);
}
