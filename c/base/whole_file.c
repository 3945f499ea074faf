/* SPDX-License-Identifier: MIT */
#include "base/whole_file.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

static int cannot_write(const struct whole_file *whole)
{
	int err = errno ? -errno : -EIO;

	log_error("cannot write %s: %s", whole->path, log_reason(err));
	return err;
}

int whole_file_open(struct whole_file *whole, const char *path)
{
	struct stat there;

	snprintf(whole->path, sizeof(whole->path), "%s", path);
	if (lstat(path, &there) == 0 && !S_ISREG(there.st_mode))
		snprintf(whole->part, sizeof(whole->part), "%s", whole->path);
	else
		snprintf(whole->part, sizeof(whole->part), "%s.new",
			 whole->path);
	whole->file = fopen(whole->part, "we");
	return whole->file ? 0 : cannot_write(whole);
}

int whole_file_flush(struct whole_file *whole)
{
	errno = 0;
	if (fflush(whole->file) == 0 && !ferror(whole->file))
		return 0;
	return cannot_write(whole);
}

int whole_file_close(struct whole_file *whole, int err)
{
	const bool renamed = strcmp(whole->part, whole->path) != 0;

	if (!err)
		err = whole_file_flush(whole);
	errno = 0;
	if (fclose(whole->file) == EOF && !err)
		err = cannot_write(whole);
	if (!err && renamed && rename(whole->part, whole->path) < 0)
		err = cannot_write(whole);
	if (err && renamed)
		unlink(whole->part);
	return err;
}
