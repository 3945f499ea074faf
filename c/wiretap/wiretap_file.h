/* SPDX-License-Identifier: MIT */
/* The file that a capture is written to, a buffer of whole blocks at a time: it
 * is whole after each write, and cut to its last whole block when one fails. */
#ifndef WIRETAP_WIRETAP_FILE_H
#define WIRETAP_WIRETAP_FILE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIRETAP_BUFFER_SIZE (1 << 20)

struct wiretap_file {
	const char *path; /* "-": standard output */
	const volatile sig_atomic_t *stop;
	int fd;
	bool is_file; /* else a pipe, which somebody has to read */
	bool refused; /* it takes no more */
	uint8_t *buffer;
	size_t used;
	uint64_t bytes; /* of the file */
};

/* Make the buffer: 0 or -ENOMEM. The file is not opened yet. */
int wiretap_file_open(struct wiretap_file *file, const char *path,
		      const volatile sig_atomic_t *stop);

/* An existing one is overwritten. 0 or a negative errno, logged. */
int wiretap_file_create(struct wiretap_file *file);

/* Room for a block of len bytes: writes what is there if need be. 0 or a
 * negative errno, logged. */
int wiretap_file_room(struct wiretap_file *file, size_t len);

/* Where the next block goes, and so much room for it. */
static inline uint8_t *wiretap_file_at(struct wiretap_file *file, size_t *room)
{
	*room = WIRETAP_BUFFER_SIZE - file->used;
	return file->buffer + file->used;
}

/* A block of len bytes is there; or a negative errno, which is handed back. */
static inline int wiretap_file_add(struct wiretap_file *file, int len)
{
	if (len < 0)
		return len;
	file->used += (size_t)len;
	return 0;
}

/* Write what is there. 0 or a negative errno, logged. */
int wiretap_file_flush(struct wiretap_file *file);

/* 0 or a negative errno, logged. */
int wiretap_file_close(struct wiretap_file *file);

#endif
