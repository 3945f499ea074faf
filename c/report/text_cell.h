/* SPDX-License-Identifier: MIT */
/* Cells of a terminal's tables: an arm's name, a time; and its colours. */
#ifndef REPORT_TEXT_CELL_H
#define REPORT_TEXT_CELL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

struct text_style {
	const char *bold, *good, *bad, *plain;
};

/* Without colour: nothing, each of them. */
struct text_style text_style(bool colour);

#define TEXT_CELL_US_MAX 32

/* As wide as the longest name of these arms, within bounds. */
int text_cell_width(const json_t *arms);

/* Its name, or its receive path. */
void text_cell_name(FILE *out, const json_t *arm, int width);

/* What the oracle says of an arm: "correct", "VOID" or "INCORRECT". */
const char *text_cell_correct(const json_t *arm);

/* ns in us; "-" where nothing was measured, or too little. */
const char *text_cell_us_text(const json_t *ns,
			      char text[static TEXT_CELL_US_MAX]);
void text_cell_us(FILE *out, const json_t *ns);

#endif
