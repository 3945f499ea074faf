/* SPDX-License-Identifier: MIT */
/* The campaigns of the tables: each by t2t-run, whose result it is. */
#ifndef CAMPAIGN_TABLES_CAMPAIGNS_H
#define CAMPAIGN_TABLES_CAMPAIGNS_H

#include <jansson.h>

#include "campaign/tables_config.h"

/*
 * Run those that have an arm that is not absent into folder/campaigns/NAME; one
 * that is whole there already is kept. The arms of one that could not be run
 * become absent, with what t2t-run said. 0; -EINTR; or a negative errno,
 * logged.
 */
int tables_campaigns(const struct tables_config *config, json_t *absent);

#endif
