/* SPDX-License-Identifier: MIT */
/*
 * The lines of a gzip file, inflated as they are asked for: memory does not
 * grow with the file. RFC 1952: several members follow each other as one
 * text; what is no member behind the last one is ignored with a warning.
 */
#ifndef EXCHANGE_FEED_H
#define EXCHANGE_FEED_H

#include <stddef.h>
#include <stdint.h>

/* Bytes without the end of line: thirty snapshots of 5,000 levels a side, so
 * that no line that a venue sends is lost. */
#define FEED_LINE_MAX (8 * 1024 * 1024)

struct feed;

struct feed_counts {
	uint64_t lines; /* all there were, as an editor numbers them */
	uint64_t blank;
	uint64_t overlong; /* longer than FEED_LINE_MAX: skipped */
};

/*
 * Open a regular file and look at its first bytes. 0, or a negative errno,
 * logged with the path: -ENOENT, -EISDIR, -ENODATA for an empty one,
 * -EBADMSG for one that is not gzip, with what it is and makes it one.
 */
int feed_open(const char *path, struct feed **result);
void feed_close(struct feed *feed); /* NULL is allowed */

/*
 * The next line that is neither blank nor too long, without its LF or CRLF
 * and without a byte order mark; it lies in the feed until the next call.
 * number: of the line in the file, the first is 1. Returns 1; 0 at the end;
 * or a negative errno, logged with path and line: -EBADMSG for a truncated
 * or corrupt file (the whole lines before the fault come first), -ENODATA
 * for a file without any line.
 */
int feed_line(struct feed *feed, const char **line, size_t *len,
	      uint64_t *number);

const struct feed_counts *feed_counted(const struct feed *feed);

#endif
