/* SPDX-License-Identifier: MIT */
/*
 * A claim about what a connection costs, as a seed document words it, and what
 * a measurement says of it. Pure.
 */
#ifndef REPORT_CLAIM_H
#define REPORT_CLAIM_H

#include <stdbool.h>

enum claim_unit {
	CLAIM_WORDS, /* no figure at all: "High", "N/A" */
	CLAIM_NS,
	CLAIM_BYTES_PER_S, /* Gbps are such, too */
	CLAIM_PER_S,	   /* messages */
	CLAIM_PERCENT,
	CLAIM_BYTES,
	CLAIM_NS_PER_KB,
	CLAIM_CYCLES_PER_BYTE,
};

/* "10-100us" is from 10,000 to 100,000 ns; "100us+" has no upper end, which is
 * INFINITY; "< 10us" begins at 0; "100 MB/s" has the same value at both. */
struct claim_range {
	enum claim_unit unit;
	double low, high;
};

/*
 * Read a claim's words. "500-2ms" goes up, so that its 500 are of the next
 * smaller unit; words behind the unit say of what. What begins with no number
 * is CLAIM_WORDS. 0, or -EINVAL where it begins with one and can't be read to
 * its end.
 */
int claim_parse(const char *text, struct claim_range *range);

/* Where a measured interval lies. A bound inside of it leaves two. */
enum claim_call {
	CLAIM_NONE, /* nothing that could be held against it */
	CLAIM_BELOW,
	CLAIM_BELOW_OR_IN,
	CLAIM_IN,
	CLAIM_IN_OR_ABOVE,
	CLAIM_ABOVE,
	CLAIM_ANY, /* it is wider than what was claimed, at both ends */
};

/* low <= high, in the range's unit; without an interval both are the value. */
enum claim_call claim_judge(const struct claim_range *range, double low,
			    double high);

extern const char *const claim_call_names[];

#define CLAIM_VALUE_MAX 32

/* A value with its unit: "3.70 us", "1.2 GB/s"; of words "-". Returns text. */
const char *claim_format(enum claim_unit unit, double value,
			 char text[static CLAIM_VALUE_MAX]);

#endif
