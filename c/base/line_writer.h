/* SPDX-License-Identifier: MIT */
/*
 * Lines to a descriptor from a loop that must not stall: the loop appends to
 * a bounded buffer, a thread of its own writes. What the descriptor refuses
 * (closed, full disk) goes to stderr instead, with the reason said once, so
 * nothing is lost. Where making a line of what happened would take the loop too
 * long, it appends records, and the thread makes the lines.
 */
#ifndef BASE_LINE_WRITER_H
#define BASE_LINE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct line_writer;

/* what: names the descriptor in messages ("stdout"). capacity: bytes that
 * may wait. 0 or a negative errno. The descriptor stays the caller's. */
int line_writer_open(int fd, const char *what, size_t capacity,
		     struct line_writer **result);

/* The line, its newline with it, that a record becomes: at most
 * LINE_WRITER_LINE_MAX bytes. Called by the writer's thread. */
#define LINE_WRITER_LINE_MAX 256

struct line_writer_form {
	size_t record_len;
	size_t (*print)(char *line, const void *record);
	/* The line of the record has been taken by the descriptor. Called by
	 * the thread, in order. Optional. */
	void (*written)(void *context, const void *record);
	/* Does the record's line go alone, by send()? Optional. */
	bool (*alone)(const void *record);
	/* As write(2), with a negative errno, to a descriptor that has room.
	 * -EOPNOTSUPP: write(2) is to do it. Called by the thread. */
	ssize_t (*send)(void *context, const void *record, const char *line,
			size_t len);
	void *context;
};

/* The same for records of this form, which must outlive the writer: capacity
 * is bytes of them, and so are text and len below. */
int line_writer_open_records(int fd, const char *what, size_t capacity,
			     const struct line_writer_form *form,
			     struct line_writer **result);

/* Append text (whole lines) without blocking. 0, or -EAGAIN when the buffer
 * has no room: the caller stops taking what it could not log. */
int line_writer_put(struct line_writer *writer, const char *text, size_t len);

/* Room for at least len bytes? */
bool line_writer_has_room(struct line_writer *writer, size_t len);

/* Wait until all is written, in the same way, and go on. */
void line_writer_settle(struct line_writer *writer, unsigned int timeout_ms);

/* Wait until all is written, as long as some of it is within timeout_ms, and
 * ten times that at most; then end the thread. Returns 0, or -EIO if the
 * descriptor refused anything, or -ETIMEDOUT if bytes were left (said on
 * stderr, counted). NULL is allowed. */
int line_writer_close(struct line_writer *writer, unsigned int timeout_ms);

#endif
