/* SPDX-License-Identifier: MIT */
#include "base/atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

/* Of names that somebody else has taken already. */
#define TRIES 100

static int cannot_write(const struct atomic_file *whole)
{
	int err = errno ? -errno : -EIO;

	log_error("can't write %s: %s", whole->path, log_strerror(err));
	return err;
}

/* A link of the kernel's own (/dev/stdout) leads to what is open, not to a
 * name that could be given to another file. */
static bool is_of_kernel(const char *path)
{
	return strncmp(path, "/dev/", strlen("/dev/")) == 0 ||
	       strncmp(path, "/proc/", strlen("/proc/")) == 0;
}

/* The descriptor of a file beside it, whose name nobody can foresee and that
 * nobody has made or linked; or -1 with errno. */
static int part_open(struct atomic_file *whole)
{
	for (int i = 0; i < TRIES; i++) {
		uint64_t number;
		int fd;

		if (getrandom(&number, sizeof(number), 0) < 0)
			return -1;
		snprintf(whole->part, sizeof(whole->part), "%s.new-%016" PRIx64,
			 whole->path, number);
		/* The kernel takes the umask off. */
		fd = open(whole->part,
			  O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			  0666);
		if (fd >= 0 || errno != EEXIST)
			return fd;
	}
	return -1;
}

int atomic_file_open(struct atomic_file *whole, const char *path)
{
	struct stat there;
	int fd, err;

	whole->file = NULL;
	if (snprintf(whole->path, sizeof(whole->path), "%s", path) >=
	    (int)sizeof(whole->path)) {
		errno = ENAMETOOLONG;
		return cannot_write(whole);
	}
	/* Through a symbolic link, which is to stay one. */
	if (!is_of_kernel(path) && !realpath(path, whole->path))
		snprintf(whole->path, sizeof(whole->path), "%s", path);
	if (is_of_kernel(path) ||
	    (stat(whole->path, &there) == 0 && !S_ISREG(there.st_mode))) {
		strcpy(whole->part, whole->path);
		fd = open(whole->part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
			  0666);
	} else {
		fd = part_open(whole);
	}
	if (fd < 0)
		return cannot_write(whole);
	whole->file = fdopen(fd, "w");
	if (whole->file)
		return 0;
	err = cannot_write(whole);
	close(fd);
	if (strcmp(whole->part, whole->path) != 0)
		unlink(whole->part);
	return err;
}

int atomic_file_flush(struct atomic_file *whole)
{
	errno = 0;
	if (fflush(whole->file) == 0 && !ferror(whole->file))
		return 0;
	return cannot_write(whole);
}

int atomic_file_close(struct atomic_file *whole, int err)
{
	const bool renamed = strcmp(whole->part, whole->path) != 0;

	if (!err)
		err = atomic_file_flush(whole);
	errno = 0;
	if (fclose(whole->file) == EOF && !err)
		err = cannot_write(whole);
	if (!err && renamed && rename(whole->part, whole->path) < 0)
		err = cannot_write(whole);
	if (err && renamed)
		unlink(whole->part);
	return err;
}
