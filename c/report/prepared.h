/* SPDX-License-Identifier: MIT */
/* What of an order an arm's channel has ready before the tick, as its trader
 * tells; not told where none has anything ready. arms: of a summary. */
#ifndef REPORT_PREPARED_H
#define REPORT_PREPARED_H

#include <jansson.h>
#include <stdio.h>

#include "report/results.h"

/* Sets an arm's "prepared". */
void prepared_set(const struct results *results, unsigned int arm,
		  json_t *summary);

/* For the terminal, and for the page. width: of an arm's name. */
void prepared_print(FILE *out, int width, const json_t *arms);
void prepared_write(FILE *out, const json_t *arms);

#endif
