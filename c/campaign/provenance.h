/* SPDX-License-Identifier: MIT */
/* Where a result comes from: all that a reader needs to doubt it. */
#ifndef CAMPAIGN_PROVENANCE_H
#define CAMPAIGN_PROVENANCE_H

#include <jansson.h>

/* Kernel, distribution, CPUs, clock source, governor, mitigations, memory,
 * virtualisation, library versions; the kernel's network settings as found.
 * A new reference; what can't be read is null. */
json_t *provenance_host(void);

/* Path, bytes and sha256 of a file; sha256 is null when it can't be had. */
json_t *provenance_file(const char *path);

/* Version, and the sha256 of each t2t-* program in the folder. */
json_t *provenance_programs(const char *folder);

#endif
