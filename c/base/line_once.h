/* SPDX-License-Identifier: MIT */
/*
 * A line, and a note that it is out, by one system call: whoever kills the
 * process (SIGKILL) does so before both or behind both, so that nobody writes
 * it a second time. splice(2) and sendfile(2) move bytes of a file to a
 * descriptor and say in the caller's memory how far they have come; here that
 * memory is a file's, mapped, which is there behind a kill.
 *
 * That is so where the descriptor is a pipe, or a file that is not opened to
 * be appended to. Elsewhere the caller writes, and then notes it.
 */
#ifndef BASE_LINE_ONCE_H
#define BASE_LINE_ONCE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* In a mapped file; all zero: nothing noted. */
struct line_note {
	uint64_t value; /* the caller's: of the lines that are out */
	/* Of the one that is on its way: */
	int64_t gone;  /* as far as it has: the kernel's */
	int64_t end;   /* it is out once gone has come here; 0: there is none */
	uint64_t next; /* the value then */
};

struct line_once {
	int fd;	     /* where the lines go, the caller's */
	int kind;    /* of it: base/line_once.c */
	int memory;  /* a file of lines, none of them in the same place: what
			lies in a pipe is its pages */
	size_t used; /* of it */
};

void line_once_open(struct line_once *once, int fd);
void line_once_close(struct line_once *once);

/* Write a line of at most 4096 bytes, and note the value's, without waiting
 * where it is a pipe. How many bytes went; all but the whole of it is no note.
 * -EAGAIN: a pipe has no room; -EOPNOTSUPP: not this way; or another negative
 * errno. Then nothing went. */
ssize_t line_once_write(struct line_once *once, struct line_note *note,
			uint64_t value, const char *line, size_t len);

/* Is the line out that was on its way? Its value is note->next. */
static inline bool line_note_is_out(const struct line_note *note)
{
	return note->end > 0 && note->gone >= note->end;
}

#endif
