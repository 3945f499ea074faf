/* SPDX-License-Identifier: MIT */
/* A campaign's manifest.json as it begins: what was asked for, on what, where.
 * report/RESULTS.md. */
#ifndef CAMPAIGN_CAMPAIGN_MANIFEST_H
#define CAMPAIGN_CAMPAIGN_MANIFEST_H

#include <jansson.h>
#include <stdbool.h>

#include "campaign/campaign_config.h"

/* A new reference, in state "running"; of one that goes on, it keeps when that
 * began and where. NULL without memory. */
json_t *campaign_manifest_make(const struct campaign_config *config);

/* Now, as manifests have it: "2024-08-08T12:00:00Z". A new reference. */
json_t *campaign_manifest_time(void);

/* Was the campaign in that folder begun by the same plan? */
bool campaign_manifest_is_of(const char *folder,
			     const struct campaign_config *config);

#endif
