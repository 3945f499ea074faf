/* SPDX-License-Identifier: MIT */
/* What was made of a result, into a file or onto stdout. */
#ifndef REPORT_OUTPUT_H
#define REPORT_OUTPUT_H

#include <jansson.h>
#include <stdio.h>

/* Whole or not at all, by write(). 0 or a negative errno, logged. */
int output_write(const char *path, void (*write)(FILE *, const json_t *),
		 const json_t *json);

/* The JSON itself, for output_write() and for stdout. */
void output_json(FILE *out, const json_t *json);

/* What was printed is there: 0 or -EIO, logged. */
int output_check(void);

#endif
