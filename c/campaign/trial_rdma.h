/* SPDX-License-Identifier: MIT */
/* An arm whose market data or orders go by RDMA (--receive rdma, --transport
 * rdma): both ends have to. */
#ifndef CAMPAIGN_TRIAL_RDMA_H
#define CAMPAIGN_TRIAL_RDMA_H

#include "campaign/arm.h"

#define TRIAL_RDMA_ARGUMENTS 5

/* Can the arm have them, and have both ends? 0, or -EINVAL, logged. */
int trial_rdma_check(const struct arm *arm);

/* What its exchange is told beside its own, with a NULL behind it. The strings
 * are the arm's, or static. */
void trial_rdma_exchange(const struct arm *arm,
			 const char *arguments[static TRIAL_RDMA_ARGUMENTS]);

#endif
