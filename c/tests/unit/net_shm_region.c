/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/shm_region.h"
#include "net/shm_ring.h"
#include "net/shm_socket.h"
#include "tests/support/descriptors.h"
#include "tests/support/log_catch.h"

#define SIZE  (1 << 20)
#define SLOTS 4

static char folder[] = "/tmp/t2t-region-XXXXXX";
static char path[64];
static struct shm_region ours, theirs;

static void file_make(off_t size, mode_t mode)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, size), 0);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static int folder_make(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/region", folder);
	return 0;
}

static int folder_remove(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

/* Two programs that have it open, each by itself. */
static void both_open(void)
{
	file_make(SIZE, 0600);
	assert_int_equal(shm_region_open(&ours, "ours", path, true), 0);
	assert_int_equal(shm_region_open(&theirs, "theirs", path, true), 0);
}

static void both_close(void)
{
	shm_region_close(&ours);
	shm_region_close(&theirs);
}

static void is_refused(const char *name, const char *why)
{
	log_catch();
	assert_true(shm_region_open(&ours, "--send shm", name, true) < 0);
	if (!is_one_line(log_caught(), why))
		fail_msg("%s: not told: %s", name, why);
}

static void what_is_no_region_is_refused_by_name(void **state)
{
	const unsigned int before = descriptors();
	char other[80];

	(void)state;
	is_refused("region", "neither ivshmem nor a path");
	is_refused("", "neither ivshmem nor a path");
	is_refused("/nowhere/region", "No such file");
	is_refused(folder, "Is a directory");
	is_refused("/dev/null", "not a file of memory");
	file_make(SHM_REGION_MIN - 1, 0600);
	is_refused(path, "too small");
	file_make(SIZE, 0660);
	is_refused(path, "others than its owner may write");
	file_make(SIZE, 0602);
	is_refused(path, "others than its owner may write");
	snprintf(other, sizeof(other), "%s/link", folder);
	assert_int_equal(symlink(path, other), 0);
	is_refused(other, "Too many levels");
	assert_int_equal(unlink(other), 0);
	assert_int_equal(descriptors(), before);
}

/* A machine that has the device is a guest of the lab's. */
static void no_device_is_told(void **state)
{
	(void)state;
	if (system("grep -qs 0x1110 /sys/bus/pci/devices/*/device") == 0)
		skip();
	is_refused("ivshmem", "no ivshmem device (PCI 1af4:1110)");
}

static void areas_are_apart(void **state)
{
	size_t size;
	char *end = NULL;

	(void)state;
	both_open();
	for (int area = SHM_AREA_DATA; area <= SHM_AREAS; area++) {
		char *memory = shm_region_area(&ours, area, &size);

		assert_true(memory >= (end ? end : ours.memory));
		assert_int_equal((uintptr_t)memory % 64, 0);
		end = memory + size;
	}
	assert_true(end <= ours.memory + SIZE);
	assert_true(3 * size > SIZE - 3 * 4096);
	both_close();
}

static void an_area_has_one_writer(void **state)
{
	struct shm_region read_only;
	pid_t child;
	int told[2], status;

	(void)state;
	both_open();
	assert_int_equal(shm_region_take(&ours, SHM_AREA_DATA), 0);
	log_catch();
	assert_int_equal(shm_region_take(&ours, SHM_AREA_DATA), -EBUSY);
	assert_true(is_one_line(log_caught(), "another one writes them"));
	log_catch();
	assert_int_equal(shm_region_take(&theirs, SHM_AREA_DATA), -EBUSY);
	assert_true(is_one_line(log_caught(),
				"market data: another one writes them"));
	assert_int_equal(shm_region_take(&theirs, SHM_AREA_ORDERS), 0);
	shm_region_leave(&ours, SHM_AREA_DATA);
	assert_int_equal(shm_region_take(&theirs, SHM_AREA_DATA), 0);
	shm_region_leave(&theirs, SHM_AREA_DATA);
	/* Who reads takes nothing. */
	assert_int_equal(shm_region_open(&read_only, "x", path, false), 0);
	log_catch();
	assert_true(shm_region_take(&read_only, SHM_AREA_DATA) < 0);
	log_caught();
	shm_region_close(&read_only);
	/* kill -9. */
	assert_int_equal(pipe(told), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct shm_region own;

		if (shm_region_open(&own, "child", path, true) < 0 ||
		    shm_region_take(&own, SHM_AREA_DATA) < 0)
			_exit(1);
		if (write(told[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	assert_int_equal(read(told[0], &(char){ 0 }, 1), 1);
	log_catch();
	assert_int_equal(shm_region_take(&ours, SHM_AREA_DATA), -EBUSY);
	log_caught();
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(shm_region_take(&ours, SHM_AREA_DATA), 0);
	close(told[0]);
	close(told[1]);
	both_close();
}

/*
 * Rings there.
 */

static int take(struct shm_reader *reader, char *text)
{
	uint8_t bytes[SHM_RING_MESSAGE_MAX];
	uint64_t stamp_ns;
	uint32_t len = 0;
	int rc = shm_reader_take(reader, bytes, &len, &stamp_ns);

	if (rc > 0) {
		memcpy(text, bytes, len);
		text[len] = '\0';
	}
	return rc;
}

static void what_is_written_is_read(void **state)
{
	struct shm_hello hello = { 0 };
	struct shm_writer writer;
	struct shm_reader reader;
	char text[16];

	(void)state;
	both_open();
	assert_int_equal(
		shm_writer_open_in(&writer, SLOTS, &ours, SHM_AREA_DATA), 0);
	shm_writer_put(&writer, "before", 6, NULL);
	shm_hello_tell(&hello, &writer);
	assert_int_equal(hello.area, SHM_AREA_DATA);
	assert_int_equal(shm_hello_map(&hello, -1, &theirs, &reader), 0);
	assert_int_equal(take(&reader, text), 0);
	for (int i = 0; i < 3 * SLOTS; i++) {
		shm_writer_put(&writer, &(char){ (char)('a' + i) }, 1, NULL);
		assert_int_equal(take(&reader, text), 1);
		assert_int_equal(text[0], 'a' + i);
		assert_int_equal(take(&reader, text), 0);
	}
	/* From the first one on, which is no longer there. */
	hello.next = hello.first;
	shm_reader_close(&reader);
	assert_int_equal(shm_hello_map(&hello, -1, &theirs, &reader), 0);
	while (take(&reader, text) <= 0)
		;
	assert_true(reader.lost >= 2 * SLOTS && reader.lost <= 3 * SLOTS);
	shm_reader_rewind(&reader);
	assert_true(reader.next > reader.first);
	shm_reader_close(&reader);
	/* A region for one end, and none for the other. */
	assert_int_equal(shm_hello_map(&hello, -1, NULL, &reader), -EXDEV);
	hello.area = SHM_AREA_NONE;
	assert_int_equal(shm_hello_map(&hello, 0, &theirs, &reader), -EXDEV);
	assert_int_equal(shm_hello_map(&hello, -1, &theirs, &reader), -EPROTO);
	shm_writer_close(&writer);
	both_close();
}

/* An earlier trial's, an exchange's that was killed, another lab's. */
static void what_is_not_of_the_ring_is_never_read(void **state)
{
	struct shm_writer writer, next;
	struct shm_reader reader;
	struct shm_hello hello = { 0 }, later = { 0 };
	char text[16];

	(void)state;
	both_open();
	assert_int_equal(
		shm_reader_open_in(&reader, &theirs, SHM_AREA_DATA, 0, 0),
		-ESTALE);
	assert_int_equal(
		shm_writer_open_in(&writer, SLOTS, &ours, SHM_AREA_DATA), 0);
	shm_hello_tell(&hello, &writer);
	assert_int_equal(shm_hello_map(&hello, -1, &theirs, &reader), 0);
	/* Its writer is killed, and all stays as it is. */
	shm_region_leave(&ours, SHM_AREA_DATA);
	assert_int_equal(shm_writer_open_in(&next, SLOTS, &ours, SHM_AREA_DATA),
			 0);
	assert_int_equal(take(&reader, text), 0);
	for (int i = 0; i < 4 * SLOTS; i++) {
		shm_writer_put(&next, "new", 3, NULL);
		assert_int_equal(take(&reader, text), -ESTALE);
	}
	assert_int_equal(reader.lost, 0);
	shm_reader_close(&reader);
	/* Nor is a hello of the old one of any use. */
	assert_int_equal(shm_hello_map(&hello, -1, &theirs, &reader), -ESTALE);
	shm_hello_tell(&later, &next);
	assert_int_equal(shm_hello_map(&later, -1, &theirs, &reader), 0);
	shm_reader_close(&reader);
	later.area = SHM_AREA_ORDERS;
	assert_int_equal(shm_hello_map(&later, -1, &theirs, &reader), -ESTALE);
	later.area = SHM_AREAS + 1;
	assert_int_equal(shm_hello_map(&later, -1, &theirs, &reader), -EBADMSG);
	shm_writer_close(&next);
	later.area = SHM_AREA_DATA;
	assert_int_equal(shm_hello_map(&later, -1, &theirs, &reader), -ESTALE);
	both_close();
}

static void a_head_that_lies_is_refused(void **state)
{
	struct shm_hello hello = { 0 }, other;
	struct shm_reader reader;
	struct shm_writer writer;

	(void)state;
	both_open();
	assert_int_equal(
		shm_writer_open_in(&writer, SLOTS, &ours, SHM_AREA_DATA), 0);
	shm_hello_tell(&hello, &writer);
	/* Larger than its area. */
	writer.head->slots = 65536;
	assert_int_equal(shm_hello_map(&hello, -1, &theirs, &reader), -EBADMSG);
	writer.head->slots = 3;
	assert_int_equal(shm_hello_map(&hello, -1, &theirs, &reader), -EBADMSG);
	writer.head->slots = SLOTS;
	writer.head->version++;
	assert_int_equal(shm_hello_map(&hello, -1, &theirs, &reader), -EPROTO);
	writer.head->version--;
	writer.head->magic++;
	assert_int_equal(shm_hello_map(&hello, -1, &theirs, &reader), -EBADMSG);
	writer.head->magic--;
	other = hello;
	other.next = hello.first - 1;
	assert_int_equal(shm_hello_map(&other, -1, &theirs, &reader), -EBADMSG);
	assert_int_equal(shm_hello_map(&hello, -1, &theirs, &reader), 0);
	shm_reader_close(&reader);
	shm_writer_close(&writer);
	both_close();
}

static void too_small_for_a_ring_is_told(void **state)
{
	struct shm_writer writer;

	(void)state;
	both_open();
	log_catch();
	assert_int_equal(
		shm_writer_open_in(&writer, 1024, &ours, SHM_AREA_DATA),
		-ENOSPC);
	assert_true(is_one_line(log_caught(), "too small for slots=1024"));
	assert_int_equal(shm_writer_open_in(&writer, 3, &ours, SHM_AREA_DATA),
			 -EINVAL);
	/* It took nothing. */
	assert_int_equal(shm_region_take(&theirs, SHM_AREA_DATA), 0);
	both_close();
}

/* In a mount namespace of its own: what it came to. */
enum { FULL_TOLD, FULL_NOT_TOLD, FULL_UNSHARED };

static int full_file_system(void)
{
	struct shm_writer writer;
	char file[80];
	int fd, err;

	if (unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", folder, "tmpfs", 0, "size=64k") < 0)
		return FULL_UNSHARED;
	snprintf(file, sizeof(file), "%s/full", folder);
	fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, SIZE) < 0 ||
	    shm_region_open(&ours, "--send shm", file, true) < 0)
		return FULL_UNSHARED;
	log_catch();
	err = shm_writer_open_in(&writer, 128, &ours, SHM_AREA_DATA);
	if (err != -ENOSPC ||
	    !is_one_line(log_caught(), "no memory for 274432 bytes of market "
				       "data: No space left"))
		return FULL_NOT_TOLD;
	/* It took nothing, and what there is room for is had. */
	err = shm_writer_open_in(&writer, SLOTS, &ours, SHM_AREA_DATA);
	return err ? FULL_NOT_TOLD : FULL_TOLD;
}

static void a_full_file_system_is_told(void **state)
{
	int status;
	pid_t child = fork();

	(void)state;
	assert_true(child >= 0);
	if (child == 0)
		_exit(full_file_system());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == FULL_UNSHARED)
		skip();
	assert_int_equal(WEXITSTATUS(status), FULL_TOLD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_no_region_is_refused_by_name),
		cmocka_unit_test(no_device_is_told),
		cmocka_unit_test(areas_are_apart),
		cmocka_unit_test(an_area_has_one_writer),
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(what_is_not_of_the_ring_is_never_read),
		cmocka_unit_test(a_head_that_lies_is_refused),
		cmocka_unit_test(too_small_for_a_ring_is_told),
		cmocka_unit_test(a_full_file_system_is_told),
	};

	return cmocka_run_group_tests_name("net/shm_region", tests, folder_make,
					   folder_remove);
}
