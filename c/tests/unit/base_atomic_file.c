/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/atomic_file.h"

static char folder[] = "/tmp/atomic_file.XXXXXX";
static char path[64];

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/file", folder);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

static unsigned int entries(void)
{
	DIR *listing = opendir(folder);
	unsigned int count = 0;

	assert_non_null(listing);
	while (readdir(listing))
		count++;
	closedir(listing);
	return count - 2; /* . and .. */
}

static void expect_text(const char *wanted)
{
	char text[64] = "";
	FILE *file = fopen(path, "re");

	assert_non_null(file);
	assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
	fclose(file);
	assert_string_equal(text, wanted);
	assert_int_equal(entries(), 1);
}

static void it_has_its_name_once_it_is_whole(void **state)
{
	struct atomic_file whole;

	(void)state;
	assert_int_equal(atomic_file_open(&whole, path), 0);
	fputs("one", whole.file);
	assert_int_equal(atomic_file_flush(&whole), 0);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(strncmp(whole.part, path, strlen(path)), 0);
	assert_int_equal(atomic_file_close(&whole, 0), 0);
	expect_text("one");
}

static void what_was_there_stands_when_the_writer_fails(void **state)
{
	struct atomic_file whole;

	(void)state;
	assert_int_equal(atomic_file_open(&whole, path), 0);
	fputs("two", whole.file);
	assert_int_equal(atomic_file_close(&whole, -EBADMSG), -EBADMSG);
	expect_text("one");
}

static void a_folder_that_is_not_there_is_told(void **state)
{
	struct atomic_file whole;

	(void)state;
	assert_int_equal(atomic_file_open(&whole, "/nowhere/file"), -ENOENT);
}

/* Who may write into the folder can't lay out a link where it will be. */
static void nobody_foresees_where_it_is_made(void **state)
{
	struct atomic_file first, second;
	struct stat status;
	char trap[80], victim[80];
	mode_t mask;

	(void)state;
	snprintf(trap, sizeof(trap), "%s.new", path);
	snprintf(victim, sizeof(victim), "%s.victim", path);
	assert_int_equal(symlink(victim, trap), 0);
	mask = umask(027);
	assert_int_equal(atomic_file_open(&first, path), 0);
	assert_int_equal(atomic_file_open(&second, path), 0);
	umask(mask);
	assert_string_not_equal(first.part, second.part);
	assert_int_equal(fstat(fileno(first.file), &status), 0);
	assert_int_equal(status.st_mode & 0777, 0640);
	fputs("first", first.file);
	assert_int_equal(atomic_file_close(&first, -EIO), -EIO);
	assert_int_equal(atomic_file_close(&second, -EIO), -EIO);
	assert_int_equal(access(victim, F_OK), -1);
	assert_int_equal(unlink(trap), 0);
	expect_text("one");
}

static void a_link_stays_and_its_file_is_replaced(void **state)
{
	struct atomic_file whole;
	struct stat there;
	char link[80];

	(void)state;
	snprintf(link, sizeof(link), "%s.link", path);
	assert_int_equal(symlink(path, link), 0);
	assert_int_equal(atomic_file_open(&whole, link), 0);
	fputs("linked", whole.file);
	/* Whole or not at all holds for it too. */
	assert_int_equal(atomic_file_flush(&whole), 0);
	assert_int_equal(lstat(link, &there), 0);
	assert_true(S_ISLNK(there.st_mode));
	assert_int_equal(stat(link, &there), 0);
	assert_int_equal(there.st_size, strlen("one"));
	assert_int_equal(atomic_file_close(&whole, 0), 0);
	assert_int_equal(lstat(link, &there), 0);
	assert_true(S_ISLNK(there.st_mode));
	assert_int_equal(unlink(link), 0);
	expect_text("linked");
}

/* A link to it, so that no fault of ours can harm the device. */
static void a_device_is_written_and_stays_one(void **state)
{
	struct atomic_file whole;
	struct stat there;

	(void)state;
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/dev/full", path), 0);
	assert_int_equal(atomic_file_open(&whole, path), 0);
	fputs("three", whole.file);
	assert_int_equal(atomic_file_close(&whole, 0), -ENOSPC);
	assert_int_equal(lstat(path, &there), 0);
	assert_true(S_ISLNK(there.st_mode));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_has_its_name_once_it_is_whole),
		cmocka_unit_test(what_was_there_stands_when_the_writer_fails),
		cmocka_unit_test(a_folder_that_is_not_there_is_told),
		cmocka_unit_test(nobody_foresees_where_it_is_made),
		cmocka_unit_test(a_link_stays_and_its_file_is_replaced),
		cmocka_unit_test(a_device_is_written_and_stays_one),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
