/* SPDX-License-Identifier: MIT */
/* The files of a TLS channel: where keys and certificates lie, and the key log,
 * which is its owner's alone. */
#ifndef ORDER_TLS_FILES_H
#define ORDER_TLS_FILES_H

#include <limits.h>

#include "wire/tls_keylog.h"

/* What was named, or else that file of the folder; "" without both. */
void tls_files_name(const char *named, const char *folder, const char *file,
		    char path[static PATH_MAX]);

/* To append lines to, with mode 0600; a file that others may read is refused.
 * Its descriptor, or a negative errno, logged. */
int tls_files_keylog_open(const char *path);

/* Append a line, which has no newline yet; what can't be written is told
 * once. */
void tls_files_keylog_write(int fd, const char *line);

/* Read it whole. 0 or a negative errno, logged; its entries are the caller's to
 * free. */
int tls_files_keylog_read(const char *path, struct tls_keylog *log);

#endif
