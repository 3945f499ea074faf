/* SPDX-License-Identifier: MIT */
/*
 * Arms as a command line names them: "xdp:queue=0+bypass@handicap=3000" is a
 * receive path, a transport for orders and a slow-down of 3000 ns.
 */
#ifndef CAMPAIGN_ARM_TEXT_H
#define CAMPAIGN_ARM_TEXT_H

#include "campaign/arm_build.h"
#include "campaign/campaign.h"

/* What an arm's strings lie in. */
struct arm_text {
	char name[256];
	char receive[256];
	char transport[256];
	char handicap[24];
	const char *trader[5];
};

/* What may run in the place of t2t-trader. */
struct arm_programs {
	const char *peer; /* "PATH=PROGRAM": arms of that receive path, which
			     may be PROGRAM's own, are run by it; NULL: none */
	const struct arm_build *builds; /* of ARM_BUILDS_MAX */
};

/*
 * Fill the campaign's arms from names split at blanks (text is changed); the
 * first is added again, as the A/A pair. 0 or -EINVAL, logged.
 */
int arm_text_read(char *text, const struct arm_programs *programs,
		  struct campaign_config *campaign,
		  struct arm_text texts[static CAMPAIGN_ARMS_MAX]);

/* Does t2t-trader know the arm's receive path, or can the arm's own program be
 * run? What is wrong should not cost a block of trials. 0 or -EINVAL,
 * logged. */
int arm_text_check(const struct arm *arm);

#endif
