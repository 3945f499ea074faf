/* SPDX-License-Identifier: MIT */
#include "base/line_writer.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/privileges.h"
#include "base/thread.h"

/* How often a writer that waits for a reader looks whether it should end. */
#define LOOK_MS 50
/* Of lines made of records, before they are written. */
#define LINES_LEN 65536
#define PIECE_LEN 4096 /* at once: PIPE_BUF, pipe(7) */
#define STALLS	  10   /* time-outs that a close lasts at most */

/* Two halves: the loop fills one while the thread writes the other. */
struct line_writer {
	int fd;
	const char *what;
	const struct line_writer_form *form; /* NULL: text comes in */
	char *lines;			     /* the thread's, with form */
	const void *alone;		     /* the record, of such a line */
	size_t capacity;		     /* of each half */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t filled;	/* something to write, or closing */
	pthread_cond_t emptied; /* all written */
	char *filling;		/* under lock, with filling_len */
	size_t filling_len;
	char *writing; /* the thread's */
	bool busy;     /* the thread holds bytes not yet written */
	bool closing;
	bool abandon; /* the time to write what is left is over */
	bool refused; /* the descriptor refused something */
	size_t left;  /* bytes given up */
	size_t taken; /* bytes, by the descriptor */
};

/* So many bytes went; is the rest to follow? */
static bool goes_on(struct line_writer *writer, size_t taken)
{
	bool yes;

	pthread_mutex_lock(&writer->lock);
	writer->taken += taken;
	yes = !writer->abandon;
	pthread_mutex_unlock(&writer->lock);
	return yes;
}

/* As write(2). */
static ssize_t piece_write(struct line_writer *writer, int fd, const char *text,
			   size_t len)
{
	const struct line_writer_form *form = writer->form;
	ssize_t n;

	if (!writer->alone || fd != writer->fd)
		return write(fd, text, len);
	n = form->send(form->context, writer->alone, text, len);
	if (n == -EAGAIN) {
		errno = EAGAIN;
		return -1;
	}
	/* What is left of it is no line. */
	writer->alone = NULL;
	if (n == -EOPNOTSUPP)
		return write(fd, text, len);
	errno = n < 0 ? (int)-n : 0;
	return n < 0 ? -1 : n;
}

/* Write all; a pipe that nobody reads is waited for, but not for ever: the
 * wait ends when the owner gives up. Returns bytes left. */
static size_t write_all(struct line_writer *writer, int fd, const char *text,
			size_t len, int *fault)
{
	while (len > 0) {
		struct pollfd ready = { .fd = fd, .events = POLLOUT };
		/* At most PIPE_BUF at once: poll() promises room for that. */
		size_t piece = len < PIECE_LEN ? len : PIECE_LEN;
		ssize_t n;

		if (poll(&ready, 1, LOOK_MS) == 0) {
			if (!goes_on(writer, 0))
				return len;
			continue;
		}
		n = piece_write(writer, fd, text, piece);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < 0) {
			*fault = -errno;
			return len;
		}
		text += n;
		len -= (size_t)n;
		goes_on(writer, (size_t)n);
	}
	return 0;
}

static size_t write_or_divert(struct line_writer *writer, const char *text,
			      size_t len)
{
	int fault = 0;
	size_t left = len;

	if (!writer->refused) {
		left = write_all(writer, writer->fd, text, len, &fault);
		if (!fault)
			return left;
		log_error("%s refuses lines (%s): they go to stderr from here",
			  writer->what, log_strerror(fault));
		writer->refused = true;
	}
	return write_all(writer, STDERR_FILENO, text + (len - left), left,
			 &fault);
}

/* Write the lines of [from, to): bytes left. */
static size_t lines_write(struct line_writer *writer, size_t len,
			  const char *from, const char *to)
{
	const struct line_writer_form *form = writer->form;
	size_t left;

	writer->alone =
		form->alone && from < to && form->alone(from) ? from : NULL;
	left = write_or_divert(writer, writer->lines, len);
	for (; form->written && !left && from < to; from += form->record_len)
		form->written(form->context, from);
	return left;
}

/* As write_or_divert(), of the lines that records become. Behind what was given
 * up they are only counted: each would be waited for anew. */
static size_t records_write(struct line_writer *writer, const char *records,
			    size_t len)
{
	const struct line_writer_form *form = writer->form;
	const char *const end = records + len, *from = records;
	/* Who wants to know at once is told at once. */
	const size_t most = form->written ? PIECE_LEN : LINES_LEN;
	size_t filled = 0, left = 0;
	bool was_alone = false;

	for (; records < end; records += form->record_len) {
		const bool alone = form->alone && form->alone(records);

		if (filled > 0 && (alone || was_alone ||
				   filled > most - LINE_WRITER_LINE_MAX)) {
			left += left ? filled
				     : lines_write(writer, filled, from,
						   records);
			filled = 0;
			from = records;
		}
		filled += form->print(writer->lines + filled, records);
		was_alone = alone;
	}
	if (left)
		return left + filled;
	return lines_write(writer, filled, from, end);
}

static void *line_writer_run(void *argument)
{
	struct line_writer *writer = argument;

	/* It has its descriptor, and was made before the others drop. */
	(void)privileges_drop(0);
	pthread_mutex_lock(&writer->lock);
	for (;;) {
		char *text;
		size_t len, left;

		while (writer->filling_len == 0 && !writer->closing)
			pthread_cond_wait(&writer->filled, &writer->lock);
		if (writer->filling_len == 0)
			break;
		text = writer->filling;
		len = writer->filling_len;
		writer->filling = writer->writing;
		writer->filling_len = 0;
		writer->writing = text;
		writer->busy = true;
		pthread_mutex_unlock(&writer->lock);
		left = writer->form ? records_write(writer, text, len)
				    : write_or_divert(writer, text, len);
		pthread_mutex_lock(&writer->lock);
		writer->busy = false;
		writer->left += left;
		pthread_cond_signal(&writer->emptied);
	}
	pthread_mutex_unlock(&writer->lock);
	return NULL;
}

int line_writer_open_records(int fd, const char *what, size_t capacity,
			     const struct line_writer_form *form,
			     struct line_writer **result)
{
	struct line_writer *writer = calloc(1, sizeof(*writer));
	pthread_condattr_t attributes;
	int err = -ENOMEM;

	if (!writer)
		return -ENOMEM;
	writer->fd = fd;
	writer->what = what;
	writer->form = form;
	writer->capacity = capacity;
	writer->filling = malloc(capacity);
	writer->writing = malloc(capacity);
	writer->lines = form ? malloc(LINES_LEN) : NULL;
	if (!writer->filling || !writer->writing || (form && !writer->lines))
		goto free_buffers;
	pthread_mutex_init(&writer->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&writer->filled, NULL);
	pthread_cond_init(&writer->emptied, &attributes);
	pthread_condattr_destroy(&attributes);
	/* Without signals a closed pipe is an error of write(2). */
	err = thread_start(&writer->thread, NULL, line_writer_run, writer);
	if (err)
		goto destroy_lock;
	*result = writer;
	return 0;

destroy_lock:
	pthread_cond_destroy(&writer->emptied);
	pthread_cond_destroy(&writer->filled);
	pthread_mutex_destroy(&writer->lock);
free_buffers:
	free(writer->lines);
	free(writer->writing);
	free(writer->filling);
	free(writer);
	return err;
}

int line_writer_open(int fd, const char *what, size_t capacity,
		     struct line_writer **result)
{
	return line_writer_open_records(fd, what, capacity, NULL, result);
}

int line_writer_put(struct line_writer *writer, const char *text, size_t len)
{
	int err = 0;

	pthread_mutex_lock(&writer->lock);
	if (writer->filling_len + len > writer->capacity) {
		err = -EAGAIN;
	} else {
		memcpy(writer->filling + writer->filling_len, text, len);
		writer->filling_len += len;
		pthread_cond_signal(&writer->filled);
	}
	pthread_mutex_unlock(&writer->lock);
	return err;
}

bool line_writer_has_room(struct line_writer *writer, size_t len)
{
	bool room;

	pthread_mutex_lock(&writer->lock);
	room = writer->filling_len + len <= writer->capacity;
	pthread_mutex_unlock(&writer->lock);
	return room;
}

/* Until all is written, or the descriptor has taken nothing for so long. Under
 * the lock. */
static void all_written_wait(struct line_writer *writer,
			     unsigned int timeout_ms)
{
	uint64_t due_ns = clock_monotonic_ns();
	size_t before;

	for (int i = 0; i < STALLS; i++) {
		struct timespec due;

		before = writer->taken;
		due_ns += timeout_ms * UINT64_C(1000000);
		due.tv_sec = (time_t)(due_ns / CLOCK_NS_PER_S);
		due.tv_nsec = (long)(due_ns % CLOCK_NS_PER_S);
		while (writer->filling_len > 0 || writer->busy)
			if (pthread_cond_timedwait(&writer->emptied,
						   &writer->lock,
						   &due) == ETIMEDOUT)
				break;
		if (writer->taken == before ||
		    (writer->filling_len == 0 && !writer->busy))
			return;
	}
}

void line_writer_settle(struct line_writer *writer, unsigned int timeout_ms)
{
	pthread_mutex_lock(&writer->lock);
	all_written_wait(writer, timeout_ms);
	pthread_mutex_unlock(&writer->lock);
}

int line_writer_close(struct line_writer *writer, unsigned int timeout_ms)
{
	int err = 0;

	if (!writer)
		return 0;
	pthread_mutex_lock(&writer->lock);
	writer->closing = true;
	pthread_cond_signal(&writer->filled);
	all_written_wait(writer, timeout_ms);
	writer->abandon = true;
	pthread_mutex_unlock(&writer->lock);
	pthread_join(writer->thread, NULL);

	if (writer->refused)
		err = -EIO;
	if (writer->left > 0) {
		log_error("%s: nobody reads: %zu bytes were not written",
			  writer->what, writer->left);
		err = -ETIMEDOUT;
	}
	pthread_cond_destroy(&writer->emptied);
	pthread_cond_destroy(&writer->filled);
	pthread_mutex_destroy(&writer->lock);
	free(writer->lines);
	free(writer->writing);
	free(writer->filling);
	free(writer);
	return err;
}
