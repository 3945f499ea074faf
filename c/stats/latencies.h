/* SPDX-License-Identifier: MIT */
/*
 * Intervals in nanoseconds, kept raw for exact percentiles. Memory is bounded:
 * beyond `kept_max` every second one is forgotten and from then on only
 * every second, then every fourth ... is kept; count, min and max stay exact,
 * and `stride` tells.
 */
#ifndef STATS_LATENCIES_H
#define STATS_LATENCIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct latencies {
	uint64_t *values; /* kept of them */
	size_t kept;
	size_t capacity;
	size_t kept_max; /* a power of two, at least 2 */
	uint64_t stride; /* 1: all were kept */
	uint64_t count;	 /* added */
	uint64_t min, max;
};

/* What every table and JSON object of latencies shows, least to most: X(key,
 * head, percent). A new column is a row here; trials.csv, which other programs
 * read, has columns of its own (report/export.c). */
#define LATENCIES_TABLE(X)        \
	X("min", "min", 0)        \
	X("p50", "p50", 50)       \
	X("p90", "p90", 90)       \
	X("p99", "p99", 99)       \
	X("p99_9", "p99.9", 99.9) \
	X("max", "max", 100)
#define LATENCIES_ONE(...) +1
enum { LATENCIES_COLUMNS = 0 LATENCIES_TABLE(LATENCIES_ONE) };

struct latencies_column {
	const char *key;  /* "p99_9" */
	const char *head; /* "p99.9" */
	double percent;	  /* 0: the least, 100: the most */
};

struct latencies_summary {
	uint64_t count; /* 0: the rest means nothing */
	uint64_t stride;
	uint64_t kept; /* that the percentiles are of */
	uint64_t value[LATENCIES_COLUMNS];
};

extern const struct latencies_column latencies_columns[LATENCIES_COLUMNS];

/* Keep at most so many, a power of two. */
void latencies_open(struct latencies *latencies, size_t kept_max);
void latencies_close(struct latencies *latencies);

/* 0 or -ENOMEM. */
int latencies_add(struct latencies *latencies, uint64_t value_ns);

/* Changes the order of the values; adding may go on. */
struct latencies_summary latencies_summary(struct latencies *latencies);

/* The column of that key, which there must be: its value, ns. */
uint64_t latencies_value(const struct latencies_summary *summary,
			 const char *key);

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
