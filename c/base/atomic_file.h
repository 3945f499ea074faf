/* SPDX-License-Identifier: MIT */
/*
 * A file that is there whole or not at all: it is written beside its name,
 * under one that nobody can foresee (NAME.new- and a random number), and takes
 * its own once it is complete. What had the name before stands until then. A
 * symbolic link stays one; the file that it leads to is replaced.
 */
#ifndef BASE_ATOMIC_FILE_H
#define BASE_ATOMIC_FILE_H

#include <limits.h>
#include <stdio.h>

struct atomic_file {
	FILE *file;	     /* to write into */
	char path[PATH_MAX]; /* the name that it is to have, links resolved */
	/* Where it is until then. The same where that name is no regular
	 * file's, or one of /dev or /proc: nothing must take a device's
	 * place. */
	char part[PATH_MAX + 24];
};

/* 0 or a negative errno, logged. */
int atomic_file_open(struct atomic_file *whole, const char *path);

/* All that was written is in part now, to be read back. 0 or a negative errno,
 * logged; atomic_file_close() comes all the same. */
int atomic_file_flush(struct atomic_file *whole);

/* Give it its name; with err, of whoever wrote it, drop it. err, or else 0 or
 * a negative errno, logged. */
int atomic_file_close(struct atomic_file *whole, int err);

#endif
