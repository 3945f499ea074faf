/* SPDX-License-Identifier: MIT */
/*
 * What a CI is told of a campaign: pass, or fail. "slower:2%" fails where an
 * arm is called slower and its estimate is 2 % or more, and where nothing can
 * be said: orders that were not all right, no block that could be judged, or
 * too few of them. What was looked at and is undecided (~) passes: a gate that
 * wants more asks for more blocks, or for --until equivalent.
 */
#ifndef REPORT_GATE_H
#define REPORT_GATE_H

#include <jansson.h>
#include <stdbool.h>

struct gate {
	bool set;
	double slower; /* 0.02: 2 % */
};

/* "slower:PERCENT". 0, or -EINVAL with *why set to the reason. */
int gate_parse(const char *text, struct gate *gate, const char **why);

/* Of one comparison of a summary; of a gate that is not set: never. */
bool gate_fails(const struct gate *gate, const json_t *comparison);

/* How many of a summary's do; where there is none, how many arms have orders
 * that were not all right. */
size_t gate_failures(const struct gate *gate, const json_t *summary);

#endif
