/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "order/fix_store.h"

#define NAME "ME-YOU.trader"

static char folder[] = "/tmp/fix_store-XXXXXX";
static char path[PATH_MAX];

static int folder_make(void **state)
{
	(void)state;
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/%s.fix", folder, NAME);
	return 0;
}

static int folder_remove(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

static void numbers_begin_at_one(void **state)
{
	struct fix_store store;
	struct stat status;

	(void)state;
	assert_int_equal(fix_store_open(&store, folder, NAME), 0);
	assert_int_equal(fix_store_next_in(store.content), 1);
	assert_int_equal(store.content->next_out, 1);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	fix_store_close(&store);
	assert_int_equal(fix_store_open(&store, "", NAME), 0);
	assert_int_equal(store.content->next_out, 1);
	fix_store_close(&store);
	fix_store_close(&store);
}

/* The writer is killed; what it wrote is there. */
static void a_kill_forgets_nothing(void **state)
{
	struct fix_store store;
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		struct fix_store_slot *slot;

		if (fix_store_open(&store, folder, NAME) < 0)
			_exit(1);
		slot = fix_store_slot(store.content, 7);
		memcpy(slot->bytes, "seven", 5);
		slot->sequence = 7;
		store.content->next_out = 8;
		store.content->received.value =
			fix_store_received(store.content, 5);
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(fix_store_open(&store, folder, NAME), 0);
	assert_int_equal(store.content->next_out, 8);
	assert_int_equal(fix_store_next_in(store.content), 5);
	assert_memory_equal(fix_store_slot(store.content, 7)->bytes, "seven",
			    5);
	fix_store_close(&store);
}

static void who_has_it_open_has_it_alone(void **state)
{
	struct fix_store first, second;

	(void)state;
	assert_int_equal(fix_store_open(&first, folder, NAME), 0);
	assert_int_equal(fix_store_open(&second, folder, NAME), -EBUSY);
	fix_store_close(&first);
	assert_int_equal(fix_store_open(&second, folder, NAME), 0);
	fix_store_close(&second);
}

static void file_write(const void *bytes, size_t len, off_t size)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(truncate(path, size), 0);
}

/* One that was cut off while it was made is made; another file is left alone,
 * and so is another session's. */
static void what_is_no_store_is_refused(void **state)
{
	const off_t size = sizeof(struct fix_store_content);
	struct fix_store store;

	(void)state;
	file_write("", 0, size);
	assert_int_equal(fix_store_open(&store, folder, NAME), 0);
	assert_int_equal(store.content->next_out, 1);
	snprintf(store.content->name, sizeof(store.content->name), "OTHER");
	fix_store_close(&store);
	assert_int_equal(fix_store_open(&store, folder, NAME), -EINVAL);
	file_write("a letter", 8, 8);
	assert_int_equal(fix_store_open(&store, folder, NAME), -EINVAL);
	file_write("a letter", 8, size);
	assert_int_equal(fix_store_open(&store, folder, NAME), -EINVAL);
	assert_int_equal(fix_store_open(&store, "/nowhere", NAME), -ENOENT);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(numbers_begin_at_one,
						folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(a_kill_forgets_nothing,
						folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(who_has_it_open_has_it_alone,
						folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(what_is_no_store_is_refused,
						folder_make, folder_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
