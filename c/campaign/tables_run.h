/* SPDX-License-Identifier: MIT */
/*
 * Everything that the tables of connection types want measured (report/
 * measures.h), into a folder of raw files (report/RESULTS.md): campaigns of
 * t2t-run first, then rounds in which each measure runs once, in an order drawn
 * anew, between two namespaces with a veth pair.
 */
#ifndef CAMPAIGN_TABLES_RUN_H
#define CAMPAIGN_TABLES_RUN_H

#include "campaign/tables_config.h"

/* Rounds that an interval needs. */
#define TABLES_RUN_ROUNDS_LEAST 6

/* 0; -EINTR: what is whole stays, for resume; or a negative errno, logged. */
int tables_run(const struct tables_config *config);

#endif
