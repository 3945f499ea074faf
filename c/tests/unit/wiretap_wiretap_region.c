/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/shm_region.h"
#include "net/shm_ring.h"
#include "net/shm_socket.h"
#include "tests/support/descriptors.h"
#include "tests/support/log_catch.h"
#include "wiretap/wiretap_region.h"

#define SIZE  (16 << 20)
#define SLOTS 1024
#define PAIRS 500

#define SEEN_NS 2000

static char path[] = "/tmp/t2t-tap-XXXXXX";
static struct shm_region guest;

static int region_make(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	if (fd < 0 || ftruncate(fd, SIZE) < 0)
		return -1;
	close(fd);
	return shm_region_open(&guest, "guest", path, true);
}

static int region_remove(void **state)
{
	(void)state;
	shm_region_close(&guest);
	return unlink(path);
}

struct side {
	struct shm_writer writer;
	struct shm_reader reader;
	int number;
};

static void side_open(struct wiretap_region *tap, struct side *side,
		      enum shm_area area)
{
	struct shm_hello hello = { .kind = area == SHM_AREA_DATA
						   ? SHM_HELLO_DATA
						   : SHM_HELLO_ORDERS };

	assert_int_equal(shm_writer_open_in(&side->writer, SLOTS, &guest, area),
			 0);
	shm_hello_tell(&hello, &side->writer);
	side->number = wiretap_region_follow(tap, &hello, &side->reader);
	assert_true(side->number >= 0);
}

/* Another machine's clock, which is wrong. */
static uint64_t no_time(void)
{
	return 1;
}

static uint64_t next_stamp(struct side *side, uint32_t expected)
{
	uint8_t bytes[SHM_RING_MESSAGE_MAX];
	uint64_t stamp_ns = 0;
	uint32_t len = 0, found;

	assert_int_equal(shm_reader_take(&side->reader, bytes, &len, &stamp_ns),
			 1);
	assert_int_equal(len, sizeof(found));
	memcpy(&found, bytes, sizeof(found));
	assert_int_equal(found, expected);
	return stamp_ns;
}

/* An order is never stamped before what called for it; both by our clock. */
static void all_is_seen_and_in_order(void **state)
{
	static const unsigned int pauses[] = { 20, 0 };
	const unsigned int before = descriptors();
	struct wiretap_region *tap;
	struct side data, orders;
	static uint64_t between_ns[PAIRS];
	uint64_t lost = 0;

	(void)state;
	for (size_t k = 0; k < 2; k++) {
		uint64_t last_ns = clock_realtime_ns();

		assert_int_equal(wiretap_region_open(&tap, path, pauses[k]), 0);
		side_open(tap, &data, SHM_AREA_DATA);
		side_open(tap, &orders, SHM_AREA_ORDERS);
		for (uint32_t i = 0; i < PAIRS; i++) {
			struct side *first = i ? &data : &orders;
			struct side *then = i ? &orders : &data;

			shm_writer_put(&first->writer, &i, sizeof(i), no_time);
			between_ns[i] = clock_realtime_ns();
			shm_writer_put(&then->writer, &i, sizeof(i), no_time);
			while (i == 0 && !shm_reader_has(&then->reader))
				nanosleep(&(struct timespec){ 0, 30000 }, NULL);
			if (i % 7 == 0)
				nanosleep(&(struct timespec){ 0, 30000 }, NULL);
		}
		wiretap_region_finish(tap, data.number);
		wiretap_region_finish(tap, orders.number);
		for (uint32_t i = 0; i < PAIRS; i++) {
			uint64_t data_ns = next_stamp(&data, i);
			uint64_t order_ns = next_stamp(&orders, i);

			/* It called for the first datagram. */
			if (i == 0) {
				assert_true(order_ns <= data_ns);
				continue;
			}
			assert_true(data_ns >= last_ns);
			/* Never too short, but for what a store takes to be
			 * seen by another CPU. */
			assert_true(data_ns <= between_ns[i] + SEEN_NS);
			assert_true(order_ns >= between_ns[i]);
			assert_true(order_ns >= data_ns);
			last_ns = data_ns;
		}
		assert_true(last_ns <= clock_realtime_ns());
		assert_false(shm_reader_has(&data.reader));
		assert_int_equal(wiretap_region_fault(tap, data.number), 0);
		wiretap_region_leave(tap, data.number, &data.reader, &lost);
		wiretap_region_leave(tap, orders.number, &orders.reader, &lost);
		assert_int_equal(lost, 0);
		shm_writer_close(&data.writer);
		shm_writer_close(&orders.writer);
		wiretap_region_close(tap);
	}
	assert_int_equal(descriptors(), before);
}

/* What was overwritten before it was seen is counted, a ring that lies told. */
static void what_it_missed_is_told(void **state)
{
	struct wiretap_region *tap;
	struct shm_reader reader;
	struct shm_hello hello = { .kind = SHM_HELLO_DATA };
	struct side data;
	uint64_t lost = 0;

	(void)state;
	assert_int_equal(wiretap_region_open(&tap, path, 20), 0);
	assert_int_equal(
		shm_writer_open_in(&data.writer, SLOTS, &guest, SHM_AREA_DATA),
		0);
	shm_hello_tell(&hello, &data.writer);
	for (uint32_t i = 0; i < 3 * SLOTS; i++)
		shm_writer_put(&data.writer, &i, sizeof(i), NULL);
	data.number = wiretap_region_follow(tap, &hello, &reader);
	assert_true(data.number >= 0);
	wiretap_region_finish(tap, data.number);
	wiretap_region_leave(tap, data.number, &reader, &lost);
	assert_true(lost >= 2 * SLOTS && lost < 3 * SLOTS);

	hello.next = data.writer.next;
	data.number = wiretap_region_follow(tap, &hello, &reader);
	assert_true(data.number >= 0);
	data.writer.slots[data.writer.next & data.writer.mask].len = UINT32_MAX;
	atomic_store(
		&data.writer.slots[data.writer.next & data.writer.mask].turn,
		data.writer.next + 1);
	wiretap_region_finish(tap, data.number);
	assert_int_equal(wiretap_region_fault(tap, data.number), -EBADMSG);
	wiretap_region_leave(tap, data.number, &reader, &lost);
	/* What is not there is not followed. */
	hello.first++;
	assert_int_equal(wiretap_region_follow(tap, &hello, &reader), -ESTALE);
	shm_writer_close(&data.writer);
	wiretap_region_close(tap);
	log_catch();
	assert_true(wiretap_region_open(&tap, "/nowhere/x", 20) < 0);
	assert_true(is_one_line(log_caught(), "--region: region=/nowhere/x"));
	wiretap_region_close(NULL);
}

/* A ring that the next one's writer took before the last look at it lacks
 * nobody knows what: it is counted, so that nothing is judged by the rest. */
static void what_is_replaced_unseen_is_counted(void **state)
{
	struct shm_hello hello = { .kind = SHM_HELLO_DATA };
	const uint64_t before = SHM_RING_SLOTS_MAX;
	struct wiretap_region *tap;
	struct side data;
	uint64_t lost = 0;

	(void)state;
	assert_int_equal(wiretap_region_open(&tap, path, 20), 0);
	for (int seen = 1; seen >= 0; seen--) {
		assert_int_equal(shm_writer_open_in(&data.writer, SLOTS, &guest,
						    SHM_AREA_DATA),
				 0);
		shm_hello_tell(&hello, &data.writer);
		data.number = wiretap_region_follow(tap, &hello, &data.reader);
		assert_true(data.number >= 0);
		if (!seen)
			data.writer.head->first += before;
		wiretap_region_finish(tap, data.number);
		wiretap_region_leave(tap, data.number, &data.reader, &lost);
		assert_int_equal(lost, !seen);
		shm_writer_close(&data.writer);
	}
	wiretap_region_close(tap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_is_seen_and_in_order),
		cmocka_unit_test(what_it_missed_is_told),
		cmocka_unit_test(what_is_replaced_unseen_is_counted),
	};

	return cmocka_run_group_tests_name("wiretap/region", tests, region_make,
					   region_remove);
}
