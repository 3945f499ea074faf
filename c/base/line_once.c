/* SPDX-License-Identifier: MIT */
#include "base/line_once.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE_LEN   4096
#define MEMORY_LEN (64 * PAGE_LEN)

enum { PLAIN, PIPE, REGULAR };

void line_once_open(struct line_once *once, int fd)
{
	struct stat status;
	int flags = fcntl(fd, F_GETFL);

	*once = (struct line_once){ .fd = fd, .kind = PLAIN, .memory = -1 };
	if (flags < 0 || fstat(fd, &status) < 0)
		return;
	if (S_ISFIFO(status.st_mode))
		once->kind = PIPE;
	else if (S_ISREG(status.st_mode) && !(flags & O_APPEND))
		once->kind = REGULAR;
}

void line_once_close(struct line_once *once)
{
	if (once->memory >= 0)
		close(once->memory);
	once->memory = -1;
}

/* A new file once one is full: the pages of the old one go as soon as nobody
 * has them. A line in two pages would take two places of a pipe. */
static int place_find(struct line_once *once, size_t len)
{
	if (once->used % PAGE_LEN + len > PAGE_LEN)
		once->used += PAGE_LEN - once->used % PAGE_LEN;
	if (once->memory >= 0 && once->used + len <= MEMORY_LEN)
		return 0;
	line_once_close(once);
	once->memory = memfd_create("lines", MFD_CLOEXEC);
	once->used = 0;
	return once->memory < 0 ? -errno : 0;
}

/* The last store says that the others count. */
static void note_begin(struct line_note *note, int64_t from, size_t len,
		       uint64_t value)
{
	__atomic_store_n(&note->end, 0, __ATOMIC_RELEASE);
	__atomic_store_n(&note->gone, from, __ATOMIC_RELAXED);
	__atomic_store_n(&note->next, value, __ATOMIC_RELAXED);
	__atomic_store_n(&note->end, from + (int64_t)len, __ATOMIC_RELEASE);
}

ssize_t line_once_write(struct line_once *once, struct line_note *note,
			uint64_t value, const char *line, size_t len)
{
	ssize_t n;

	if (once->kind == PLAIN || len > PAGE_LEN || place_find(once, len) < 0)
		return -EOPNOTSUPP;
	if (pwrite(once->memory, line, len, (off_t)once->used) != (ssize_t)len)
		return -EOPNOTSUPP;
	note_begin(note, (int64_t)once->used, len, value);
	if (once->kind == PIPE)
		n = splice(once->memory, &note->gone, once->fd, NULL, len,
			   SPLICE_F_NONBLOCK);
	else
		n = sendfile(once->fd, once->memory, &note->gone, len);
	if (n >= 0) {
		once->used += len;
		return n;
	}
	n = -errno;
	__atomic_store_n(&note->end, 0, __ATOMIC_RELEASE);
	if (n != -EINVAL)
		return n;
	/* A file system that can't. */
	once->kind = PLAIN;
	return -EOPNOTSUPP;
}
