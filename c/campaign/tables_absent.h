/* SPDX-License-Identifier: MIT */
/* Which measures of the tables this machine, or this build, lacks. */
#ifndef CAMPAIGN_TABLES_ABSENT_H
#define CAMPAIGN_TABLES_ABSENT_H

#include <jansson.h>

#include "campaign/tables_config.h"

/* As t2t-probe says, whose answer goes to probe.json of the folder. *absent: a
 * new object of measures' names, and why not. 0 or a negative errno, logged. */
int tables_absent_find(const struct tables_config *config, json_t **absent);

#endif
