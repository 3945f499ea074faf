/* SPDX-License-Identifier: MIT */
/* What a trader says when it has run. */
#ifndef TRADER_TRADER_REPORT_H
#define TRADER_TRADER_REPORT_H

#include <jansson.h>

#include "trader/trader.h"

/* Counters, stages, clock; after trader_run(). The caller's. */
json_t *trader_report_json(struct trader *trader);

/* As the trader was told: one name, "X,Y" or null; "ADDR:PORT", or two. */
json_t *trader_report_interfaces(const struct trader_config *wanted);
json_t *trader_report_groups(const struct trader_config *wanted);

/* The same as a table, on stdout. */
void trader_report_print(struct trader *trader);

#endif
