/* SPDX-License-Identifier: MIT */
/* A campaign for a pull request: verdicts, and a table of the arms. */
#ifndef REPORT_MARKDOWN_H
#define REPORT_MARKDOWN_H

#include <jansson.h>
#include <stdio.h>

#include "report/gate.h"

/* Text that is neither markup nor a table's. */
void markdown_escaped(FILE *out, const char *text);

/* GitHub's Markdown. What fails the gate is said so. */
void markdown_write(FILE *out, const json_t *summary, const json_t *manifest,
		    const struct gate *gate);

#endif
