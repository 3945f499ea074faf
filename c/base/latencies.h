/* SPDX-License-Identifier: MIT */
/*
 * Intervals in nanoseconds, kept raw for exact percentiles. Memory is bounded:
 * beyond `most` every second one is forgotten and from then on only
 * every second, then every fourth ... is kept; count, min and max stay exact,
 * and `stride` tells.
 */
#ifndef BASE_LATENCIES_H
#define BASE_LATENCIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct latencies {
	uint64_t *values; /* kept of them */
	size_t kept;
	size_t capacity;
	size_t most;	 /* a power of two, at least 2 */
	uint64_t stride; /* 1: all were kept */
	uint64_t count;	 /* added */
	uint64_t min, max;
};

struct latencies_summary {
	uint64_t count; /* 0: the rest means nothing */
	uint64_t stride;
	uint64_t kept; /* that the percentiles are of */
	uint64_t min, p50, p90, p99, p99_9, max;
};

/* What every table and JSON object of latencies shows, least to most. */
#define LATENCIES_COLUMNS 6
struct latencies_column {
	const char *key;  /* "p99_9" */
	const char *head; /* "p99.9" */
	double percent;	  /* 0: the least, 100: the most */
};
extern const struct latencies_column latencies_columns[LATENCIES_COLUMNS];

/* Keep at most so many, a power of two. */
void latencies_open(struct latencies *latencies, size_t most);
void latencies_close(struct latencies *latencies);

/* 0 or -ENOMEM. */
int latencies_add(struct latencies *latencies, uint64_t value_ns);

/* Changes the order of the values; adding may go on. */
struct latencies_summary latencies_summary(struct latencies *latencies);

/* A column's value, ns. False: it is not to be shown, since there is none or
 * percentile_supported() says no. */
bool latencies_shown(const struct latencies_summary *summary, size_t column,
		     uint64_t *value_ns);

/* The same for a table, "-" where it is not to be shown. */
#define LATENCIES_TEXT_MAX 24
const char *latencies_text(const struct latencies_summary *summary,
			   size_t column, char text[static LATENCIES_TEXT_MAX]);

/* Is there a "-" that wants PERCENTILE_NOTE below the table? */
bool latencies_hides(const struct latencies_summary *summary);

#endif
