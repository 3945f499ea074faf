/* SPDX-License-Identifier: MIT */
/* Pictures by gnuplot, as SVG without a network or a script in it. */
#ifndef REPORT_PLOT_H
#define REPORT_PLOT_H

#include <stdio.h>

#include "report/results.h"

/* Every arm's percentiles, and every trial's p50 by block: one <svg> element
 * each, written to out. 0; -ENOENT without gnuplot; another negative errno;
 * logged. */
int plot_curves(FILE *out, const struct results *results);
int plot_blocks(FILE *out, const struct results *results);

#endif
