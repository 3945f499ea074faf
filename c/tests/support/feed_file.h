/* SPDX-License-Identifier: MIT */
/* Feeds as a test wants them: text that grows, and gzip files, good and bad.
 * Failures fail the test. */
#ifndef TESTS_SUPPORT_FEED_FILE_H
#define TESTS_SUPPORT_FEED_FILE_H

#include <stdbool.h>
#include <stddef.h>

#define FEED_FILE_HEADER                                               \
	"exchange,symbol,timestamp,local_timestamp,is_snapshot,side,p" \
	"rice,amount\n"

struct feed_text {
	char *bytes;
	size_t len, capacity;
};

void feed_text_free(struct feed_text *text);
void feed_text_bytes(struct feed_text *text, const void *bytes, size_t len);
__attribute__((format(printf, 2, 3))) void feed_text_add(struct feed_text *text,
							 const char *format,
							 ...);

/* A row of the CSV form; price and amount as text. */
void feed_text_row(struct feed_text *text, bool snapshot, const char *side,
		   const char *price, const char *amount);

/* The header; `snapshots` rows with snapshot true at prices 1000 + i and amount
 * 1; `updates` rows with false at prices 2000 + i, amount 1: asks all of them,
 * so that none calls for an order at 1,000,000 USD. */
void feed_text_plain(struct feed_text *text, unsigned int snapshots,
		     unsigned int updates);

/* The text as a gzip file of one member, or as one more member. */
void feed_file_write(const char *path, const struct feed_text *text);
void feed_file_append(const char *path, const struct feed_text *text);

/* Write, and free the text. */
void feed_file_take(const char *path, struct feed_text *text);

/* Bytes as they are, no gzip. */
void feed_file_raw(const char *path, const void *bytes, size_t len);

/* Cut to this part (in 1000) of its length; turn the bits of one byte there. */
void feed_file_truncate(const char *path, unsigned int permille);
void feed_file_corrupt(const char *path, unsigned int permille);

#endif
