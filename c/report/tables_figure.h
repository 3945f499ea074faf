/* SPDX-License-Identifier: MIT */
/* The figures of a result of t2t-tables: what each round, or block, says. */
#ifndef REPORT_TABLES_FIGURE_H
#define REPORT_TABLES_FIGURE_H

#include "report/claims.h"
#include "report/tables_raw.h"

/* A figure of a measure, a value a round (of an arm: a block) into values,
 * which has room for TABLES_ROUNDS_MAX; how many there are. Rounds in which it
 * failed, or had too few samples for its percentile, have none. */
unsigned int tables_figure_values(const struct tables_raw *raw,
				  const struct measure *measure,
				  enum claims_figure figure, unsigned int size,
				  double values[static TABLES_ROUNDS_MAX]);

/* A percentile of one way ("p50", "p99", "p99_9") instead, or of wire to
 * wire. */
unsigned int tables_figure_percentile(const struct tables_raw *raw,
				      const struct measure *measure,
				      const char *percentile,
				      double values[static TABLES_ROUNDS_MAX]);

/* Of the open loop, in all rounds: how many were sent, and did not come
 * back. */
void tables_figure_lost(const struct tables_raw *raw,
			const struct measure *measure, unsigned int size,
			json_int_t *sent, json_int_t *lost);

#endif
