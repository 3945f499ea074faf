/* SPDX-License-Identifier: MIT */
/*
 * The seed's tables of connection types with what was measured beside each
 * claim: made from the folder that t2t-tables wrote, for a terminal, as a page,
 * as Markdown and as JSON (report/RESULTS.md).
 */
#ifndef REPORT_TABLES_H
#define REPORT_TABLES_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

struct tables_raw;

/* Is the folder a result of t2t-tables? */
bool tables_is(const char *folder);

/* All of it. *summary: a new reference. 0 or a negative errno, logged. */
int tables_load(const char *folder, json_t **summary);

/* The same of what was read. 0, -ENOMEM, or what tables_check() says. */
int tables_make(const struct tables_raw *raw, json_t **summary);

/* Each cell has a figure, or the reason why not: 0, or -EBADMSG, logged with
 * the cell. */
int tables_check(const json_t *summary);

void tables_print(FILE *out, const json_t *summary);
void tables_page(FILE *out, const json_t *summary);
void tables_markdown(FILE *out, const json_t *summary);

#define TABLES_TEXT_MAX 160

/* What a cell says that was measured: "12.3 us (11.9..12.8)", "0 of 500 lost",
 * or "-". Returns text. */
const char *tables_measured(const json_t *cell,
			    char text[static TABLES_TEXT_MAX]);

/* On which machine, when, how: a line. Returns text. */
const char *tables_where(const json_t *summary,
			 char text[static 2 * TABLES_TEXT_MAX]);

/* That others wanted the CPUs, too; NULL: they did not. Returns text. */
const char *tables_contention(const json_t *summary,
			      char text[static TABLES_TEXT_MAX]);

#endif
