/* SPDX-License-Identifier: MIT */
/*
 * THE function a user fills in: one line of the feed in, the bytes of one
 * datagram out. The server neither knows nor cares what either looks like.
 *
 * A formatter is a shared object (--format ./mine.so) that exports
 *
 *	const unsigned int line_format_version = LINE_FORMAT_VERSION;
 *	ssize_t line_format(struct line_format *context, const char *line,
 *			    size_t line_len, uint8_t *datagram, size_t size);
 *
 * and needs no header but this one. See line_format_example.c. It is called
 * from one thread at a time and must not block.
 */
#ifndef EXCHANGE_LINE_FORMAT_H
#define EXCHANGE_LINE_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define LINE_FORMAT_VERSION 1

struct line_format {
	/* In: */
	uint64_t line_number; /* in the file; the first line is 1 */
	uint32_t sequence;    /* of the datagram to be made, from 0 in each
				 session */
	bool snapshot;	      /* the line's snapshot field is true, as the
				 server reads it; a formatter that knows better
				 may set it, with the first part */
	unsigned int part;    /* 0, then 1, 2 ... while `more` was set */

	/* Out; all are cleared before each call: */
	bool more;	     /* the line makes another datagram: call again */
	uint64_t time_ns;    /* the line's own time, ns since 1970, for
			     --pace file; 0: it has none */
	const char *fault;   /* with a negative return: why, a static text */
	const char *kind;    /* with 0: what kind of line it is, a static text,
			      "heartbeats"; NULL: untold */
	const char *dialect; /* in what the line is written, a static text;
				NULL: untold */
	unsigned int left_out; /* levels of the line left out, with
				  the first part ... */
	const char *remark;    /* ... and why, a static text; or what else is
				  odd about a line that was taken */

	/* The formatter's own: NULL when a session begins; if it is not NULL
	 * at the session's end it is handed to free(3). */
	void *state;
};

/*
 * line: without its end of line (LF or CRLF), not NUL-terminated; never
 * empty. datagram[0..size): where to write; size is at least 1472, what an
 * Ethernet frame carries. Returns the datagram's length, 0 to skip the line
 * (a header, an acknowledgement), or < 0 for a line that should not be there:
 * it is counted and reported. A length above size is a fault of the
 * formatter, and ends the session.
 */
typedef ssize_t line_format_function(struct line_format *context,
				     const char *line, size_t line_len,
				     uint8_t *datagram, size_t size);

#endif
