/* SPDX-License-Identifier: MIT */
/* Operations of the tables that need no second machine, measured here: reading
 * and writing FIX, sealing, opening sockets. */
#ifndef CAMPAIGN_TABLES_OPERATIONS_H
#define CAMPAIGN_TABLES_OPERATIONS_H

#include <jansson.h>

/* Of each measure that is an operation its time, the median of many batches, ns
 * (of aes-128-gcm: counter ticks a byte), by its name. What could not be done
 * is missing. A new reference. Takes some tens of milliseconds. */
json_t *tables_operations(void);

#endif
