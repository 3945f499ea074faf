/* SPDX-License-Identifier: MIT */
/* What all pages have: their frame, and the cells of their tables. Nothing is
 * loaded, no script runs; text is escaped. */
#ifndef REPORT_PAGE_H
#define REPORT_PAGE_H

#include <jansson.h>
#include <stdio.h>

/* All up to the heading; page_end() closes it. */
void page_head(FILE *out, const char *title);
void page_end(FILE *out);

/* Text in an element. */
void page_tagged(FILE *out, const char *tag, const char *text);

/* A cell with nanoseconds as us, or with a ratio as a change in per cent; "-"
 * where there is no number. */
void page_us_cell(FILE *out, const json_t *ns);
void page_percent_cell(FILE *out, const json_t *ratio);

#endif
