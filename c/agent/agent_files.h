/* SPDX-License-Identifier: MIT */
/* Files of the agent's folder, a piece at a time. */
#ifndef AGENT_AGENT_FILES_H
#define AGENT_AGENT_FILES_H

#include <stddef.h>
#include <sys/types.h>

#define AGENT_PIECE_MAX ((size_t)1 << 20) /* bytes of one request */

/* Write len bytes where at says; at 0 the file is made anew. 0 or a negative
 * errno, silent. */
int agent_file_write(const char *path, off_t at, const char *bytes, size_t len);

/* Read at most len bytes from there on. How many, with the file's size in
 * *size; 0 at its end; a negative errno, silent. */
ssize_t agent_file_read(const char *path, off_t at, char *bytes, size_t len,
			off_t *size);

#endif
