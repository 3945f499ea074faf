/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/shm_ring.h"
#include "tests/support/descriptors.h"

static struct shm_writer writer;
static struct shm_reader reader;

static void pair_open(uint32_t slots)
{
	assert_int_equal(shm_writer_open(&writer, slots), 0);
	assert_int_equal(shm_reader_open(&reader, writer.fd, 0), 0);
}

static void pair_close(void)
{
	shm_reader_close(&reader);
	shm_writer_close(&writer);
}

static int take(char text[static SHM_RING_MESSAGE_MAX])
{
	uint64_t stamp_ns;
	uint32_t len = 0;
	int rc = shm_reader_take(&reader, (uint8_t *)text, &len, &stamp_ns);

	if (rc == 1 && len < SHM_RING_MESSAGE_MAX)
		text[len] = '\0';
	return rc;
}

static void messages_come_out_as_they_went_in(void **state)
{
	static uint8_t longest[SHM_RING_MESSAGE_MAX], bytes[sizeof(longest)];
	const uint64_t before = clock_realtime_ns();
	uint64_t stamp_ns;
	uint32_t len;
	char text[SHM_RING_MESSAGE_MAX];

	(void)state;
	pair_open(4);
	assert_int_equal(take(text), 0);
	assert_false(shm_reader_has(&reader));
	shm_writer_put(&writer, "first", 5, NULL);
	shm_writer_put(&writer, "", 0, clock_realtime_ns);
	memset(longest, 'x', sizeof(longest));
	shm_writer_put(&writer, longest, sizeof(longest), NULL);
	assert_true(shm_reader_has(&reader));
	assert_int_equal(take(text), 1);
	assert_string_equal(text, "first");
	assert_int_equal(shm_reader_take(&reader, bytes, &len, &stamp_ns), 1);
	assert_int_equal(len, 0);
	assert_in_range(stamp_ns, before, clock_realtime_ns());
	assert_int_equal(shm_reader_take(&reader, bytes, &len, &stamp_ns), 1);
	assert_int_equal(len, sizeof(longest));
	assert_int_equal(stamp_ns, 0);
	assert_memory_equal(bytes, longest, sizeof(longest));
	assert_int_equal(take(text), 0);
	pair_close();
}

static void what_was_overwritten_is_counted(void **state)
{
	char text[SHM_RING_MESSAGE_MAX];
	uint64_t taken = 0;

	(void)state;
	pair_open(8);
	for (int i = 0; i < 100; i++)
		shm_writer_put(&writer, &(char){ (char)i }, 1, NULL);
	/* Half a ring before the newest one that it met. */
	for (int i = 0; i < 20; i++)
		if (take(text) == 1)
			assert_int_equal(text[0],
					 (char)(reader.lost + taken++));
	assert_true(taken >= 4 && taken <= 8);
	assert_int_equal(taken + reader.lost, 100);
	shm_reader_rewind(&reader);
	assert_int_equal(reader.next, 96);
	pair_close();
}

/*
 * What the other end may do to it.
 */

static void others_can_neither_write_nor_shrink(void **state)
{
	const size_t size = SHM_RING_SLOTS_AT + 4 * sizeof(*writer.slots);
	int again;

	(void)state;
	pair_open(4);
	assert_true(mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
			 writer.fd, 0) == MAP_FAILED);
	assert_int_equal(mprotect((void *)(uintptr_t)reader.head, size,
				  PROT_READ | PROT_WRITE),
			 -1);
	assert_int_equal(pwrite(writer.fd, "x", 1, 0), -1);
	assert_int_equal(ftruncate(writer.fd, 0), -1);
	assert_int_equal(ftruncate(writer.fd, (off_t)size * 2), -1);
	again = fcntl(writer.fd, F_GET_SEALS);
	assert_true(again & F_SEAL_SEAL);
	pair_close();
}

static void a_ring_that_lies_is_refused(void **state)
{
	char text[SHM_RING_MESSAGE_MAX];

	(void)state;
	pair_open(4);
	shm_writer_put(&writer, "x", 1, NULL);
	writer.slots[0].len = SHM_RING_MESSAGE_MAX + 1;
	assert_int_equal(take(text), -EBADMSG);
	writer.slots[0].len = UINT32_MAX;
	assert_int_equal(take(text), -EBADMSG);
	/* A turn that no message of this place can have. */
	atomic_store(&writer.slots[0].turn, 3);
	assert_int_equal(take(text), -EBADMSG);
	assert_int_equal(reader.next, 0);
	/* One far ahead is a ring that has lapped us; places stay in it. */
	atomic_store(&writer.slots[0].turn, UINT64_MAX - 2);
	assert_int_equal(take(text), 0);
	assert_true((reader.next & reader.mask) < 4);
	pair_close();
}

/* In the head, as it lies in memory that someone else may have made. */
static int open_with(size_t at, uint32_t value, int seals, off_t size)
{
	struct shm_reader other;
	int fd = memfd_create("fake", MFD_CLOEXEC | MFD_ALLOW_SEALING), err;
	uint8_t head[SHM_RING_SLOTS_AT];

	memcpy(head, writer.head, sizeof(head));
	memcpy(head + at, &value, sizeof(value));
	assert_int_equal(ftruncate(fd, size), 0);
	assert_int_equal(pwrite(fd, head, sizeof(head), 0), sizeof(head));
	assert_int_equal(fcntl(fd, F_ADD_SEALS, seals), 0);
	err = shm_reader_open(&other, fd, 0);
	if (!err)
		shm_reader_close(&other);
	close(fd);
	assert_true(err == 0 || *shm_reader_fault(err));
	return err;
}

static void what_is_no_ring_is_refused(void **state)
{
	const int all = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE;
	const size_t version = offsetof(struct shm_ring_head, version),
		     slots = offsetof(struct shm_ring_head, slots),
		     size_at = offsetof(struct shm_ring_head, slot_size);
	off_t size;
	int fds[2];

	(void)state;
	pair_open(4);
	size = (off_t)reader.size;
	assert_int_equal(open_with(slots, 4, all, size), 0);
	assert_int_equal(open_with(slots, 4, all & ~F_SEAL_SHRINK, size),
			 -EPERM);
	assert_int_equal(open_with(slots, 4, all & ~F_SEAL_FUTURE_WRITE, size),
			 -EPERM);
	assert_int_equal(open_with(0, 0, all, size), -EBADMSG);
	assert_int_equal(open_with(version, SHM_RING_VERSION + 1, all, size),
			 -EPROTO);
	assert_int_equal(open_with(size_at, 64, all, size), -EBADMSG);
	for (uint32_t wrong = 0; wrong < 4; wrong++)
		assert_int_equal(open_with(slots, wrong, all, size), -EBADMSG);
	assert_int_equal(open_with(slots, 8, all, size), -EBADMSG);
	assert_int_equal(open_with(slots, 1u << 31, all, size), -EBADMSG);
	assert_int_equal(open_with(slots, 4, all, size - 1), -EBADMSG);
	assert_int_equal(open_with(slots, 4, all, SHM_RING_SLOTS_AT), -EBADMSG);
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(shm_reader_open(&(struct shm_reader){ 0 }, fds[0], 0),
			 -EPERM);
	close(fds[0]);
	close(fds[1]);
	pair_close();
	assert_int_equal(shm_writer_open(&writer, 3), -EINVAL);
	assert_int_equal(shm_writer_open(&writer, 1), -EINVAL);
	assert_int_equal(shm_writer_open(&writer, 2 * SHM_RING_SLOTS_MAX),
			 -EINVAL);
}

/*
 * Two at once.
 */

#define MESSAGES 300000

static size_t len_of(uint32_t i)
{
	return 4 + (i * 7919u) % 200;
}

static void *messages_write(void *argument)
{
	uint8_t bytes[256];

	(void)argument;
	for (uint32_t i = 0; i < MESSAGES; i++) {
		memset(bytes, (int)(i & 0xff), len_of(i));
		memcpy(bytes, &i, sizeof(i));
		shm_writer_put(&writer, bytes, len_of(i), NULL);
		if (i % 4 == 0)
			sched_yield();
	}
	return NULL;
}

/* Of a ring that is far too small: whatever is had is whole, in order, and the
 * rest is counted. */
static void nothing_is_torn(void **state)
{
	uint64_t taken = 0;
	pthread_t thread;

	(void)state;
	pair_open(4);
	assert_int_equal(pthread_create(&thread, NULL, messages_write, NULL),
			 0);
	while (reader.next < MESSAGES) {
		uint8_t bytes[SHM_RING_MESSAGE_MAX];
		uint64_t stamp_ns;
		uint32_t len = 0, number;
		int rc = shm_reader_take(&reader, bytes, &len, &stamp_ns);

		assert_true(rc >= 0);
		if (rc == 0)
			continue;
		memcpy(&number, bytes, sizeof(number));
		assert_int_equal(number, reader.next - 1);
		assert_int_equal(len, len_of(number));
		for (uint32_t i = sizeof(number); i < len; i++)
			if (bytes[i] != (number & 0xff))
				fail_msg("message %u is torn", number);
		taken++;
	}
	pthread_join(thread, NULL);
	assert_int_equal(taken + reader.lost, MESSAGES);
	assert_true(taken > 0);
	pair_close();
}

/* In another process, which maps it to read alone: futex(2) takes that. */
static void who_sleeps_is_woken(void **state)
{
	const uint64_t start = clock_monotonic_ns();
	int status;
	pid_t child;

	(void)state;
	pair_open(4);
	/* Nothing comes: it ends by itself. */
	shm_reader_wait(&reader, 20);
	assert_true(clock_monotonic_ns() - start >= 20 * CLOCK_NS_PER_MS);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		char text[SHM_RING_MESSAGE_MAX];

		alarm(60);
		for (int i = 0; i < 100;) {
			shm_reader_wait(&reader, 30000);
			i += take(text) == 1;
		}
		_exit(7);
	}
	for (int i = 0; i < 100; i++) {
		usleep(1000);
		shm_writer_put(&writer, "x", 1, NULL);
		shm_writer_ring(&writer);
	}
	/* It may have been a ring behind, on a busy machine. */
	while (waitpid(child, &status, WNOHANG) == 0) {
		usleep(1000);
		shm_writer_put(&writer, "x", 1, NULL);
		shm_writer_ring(&writer);
	}
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 7);
	assert_true(clock_monotonic_ns() - start < 25 * CLOCK_NS_PER_S);
	pair_close();
}

static void nothing_is_left(void **state)
{
	const unsigned int before = descriptors();

	(void)state;
	for (int i = 0; i < 50; i++) {
		pair_open(64);
		pair_close();
	}
	assert_int_equal(descriptors(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_come_out_as_they_went_in),
		cmocka_unit_test(what_was_overwritten_is_counted),
		cmocka_unit_test(others_can_neither_write_nor_shrink),
		cmocka_unit_test(a_ring_that_lies_is_refused),
		cmocka_unit_test(what_is_no_ring_is_refused),
		cmocka_unit_test(nothing_is_torn),
		cmocka_unit_test(who_sleeps_is_woken),
		cmocka_unit_test(nothing_is_left),
	};

	return cmocka_run_group_tests_name("net/shm_ring", tests, NULL, NULL);
}
