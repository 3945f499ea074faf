/* SPDX-License-Identifier: MIT */
/* Line formatters by name: those shipped, and shared objects of users. */
#ifndef EXCHANGE_FORMATTER_H
#define EXCHANGE_FORMATTER_H

#include <stdio.h>

#include "exchange/line_format.h"

struct formatter {
	line_format_function *format;
	void *library; /* of a shared object */
};

/* Find "auto", "tardis-csv", "json-lines", a dialect, or load a FILE.so. 0;
 * -EINVAL for an unknown name, -ELIBACC for a file that can't be loaded or is
 * none of line_format.h; logged with --format and the reason. */
int formatter_open(const char *text, struct formatter *formatter);
/* Those that are shipped, one each with what its lines look like. */
void formatter_print_list(FILE *stream);

/* They read the snapshot field on their own. */
bool formatter_is_shipped(line_format_function *format);

void formatter_close(struct formatter *formatter);

#endif
