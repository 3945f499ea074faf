/* SPDX-License-Identifier: MIT */
#include "tests/support/log_catch.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct {
	int stderr_fd, file;
	char text[8192];
} logged;

void log_catch(void)
{
	logged.stderr_fd = dup(STDERR_FILENO);
	logged.file = memfd_create("log", MFD_CLOEXEC);
	assert_true(logged.stderr_fd >= 0 && logged.file >= 0);
	assert_int_equal(dup2(logged.file, STDERR_FILENO), STDERR_FILENO);
}

const char *log_caught(void)
{
	ssize_t len =
		pread(logged.file, logged.text, sizeof(logged.text) - 1, 0);

	dup2(logged.stderr_fd, STDERR_FILENO);
	close(logged.stderr_fd);
	close(logged.file);
	assert_true(len >= 0);
	logged.text[len] = '\0';
	return logged.text;
}

bool is_one_line(const char *caught, const char *text)
{
	const char *end = strchr(caught, '\n');

	if (strstr(caught, text) && end && !end[1])
		return true;
	print_message("# not one line with \"%s\": %s\n", text, caught);
	return false;
}
