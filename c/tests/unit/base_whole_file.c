/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/whole_file.h"

static char folder[] = "/tmp/whole_file.XXXXXX";
static char path[64], part[64];

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/file", folder);
	snprintf(part, sizeof(part), "%s/file.new", folder);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

static void expect_text(const char *wanted)
{
	char text[64] = "";
	FILE *file = fopen(path, "re");

	assert_non_null(file);
	assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
	fclose(file);
	assert_string_equal(text, wanted);
	assert_int_equal(access(part, F_OK), -1);
}

static void it_has_its_name_once_it_is_whole(void **state)
{
	struct whole_file whole;

	(void)state;
	assert_int_equal(whole_file_open(&whole, path), 0);
	fputs("one", whole.file);
	assert_int_equal(whole_file_flush(&whole), 0);
	assert_int_equal(access(path, F_OK), -1);
	assert_string_equal(whole.part, part);
	assert_int_equal(whole_file_close(&whole, 0), 0);
	expect_text("one");
}

static void what_was_there_stands_when_the_writer_fails(void **state)
{
	struct whole_file whole;

	(void)state;
	assert_int_equal(whole_file_open(&whole, path), 0);
	fputs("two", whole.file);
	assert_int_equal(whole_file_close(&whole, -EBADMSG), -EBADMSG);
	expect_text("one");
}

static void a_folder_that_is_not_there_is_told(void **state)
{
	struct whole_file whole;

	(void)state;
	assert_int_equal(whole_file_open(&whole, "/nowhere/file"), -ENOENT);
}

/* A link to it, so that no fault of ours can harm the device. */
static void a_device_is_written_and_stays_one(void **state)
{
	struct whole_file whole;
	struct stat there;

	(void)state;
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/dev/full", path), 0);
	assert_int_equal(whole_file_open(&whole, path), 0);
	fputs("three", whole.file);
	assert_int_equal(whole_file_close(&whole, 0), -ENOSPC);
	assert_int_equal(lstat(path, &there), 0);
	assert_true(S_ISLNK(there.st_mode));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_has_its_name_once_it_is_whole),
		cmocka_unit_test(what_was_there_stands_when_the_writer_fails),
		cmocka_unit_test(a_folder_that_is_not_there_is_told),
		cmocka_unit_test(a_device_is_written_and_stays_one),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
