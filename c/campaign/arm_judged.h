/* SPDX-License-Identifier: MIT */
/*
 * By what an arm's orders are judged: which options of t2t-trader and
 * t2t-exchange the oracle has to be told, and how. Each of theirs has a row
 * (tests/unit/campaign_arm_judged.c), so that a new one is thought of.
 */
#ifndef CAMPAIGN_ARM_JUDGED_H
#define CAMPAIGN_ARM_JUDGED_H

#include <stdbool.h>

#include "campaign/arm.h"

enum arm_judged_how {
	ARM_JUDGED_NOT = 1, /* whatever it says, the same orders are right */
	ARM_JUDGED_SAME,    /* the oracle has an option of that name */
	ARM_JUDGED_PORT,    /* of an address: the oracle's --retransmit */
	ARM_JUDGED_AGREES,  /* with what the trader is told, or it is refused */
	ARM_JUDGED_LOSES,   /* other than 0: the oracle's --impaired */
	ARM_JUDGED_REFUSED, /* it is the trial's to say */
};

struct arm_judged {
	const char *option; /* "--group" */
	enum arm_judged_how how;
};

/* They end with a row without option. */
extern const struct arm_judged arm_judged_trader[], arm_judged_exchange[];

/* Can its orders be judged? 0; -EINVAL, logged with the arm's name. */
int arm_judged_check(const struct arm *arm);

#define ARM_JUDGED_ARGUMENTS_MAX 40

/* What t2t-wiretap has to be told of it; the list ends with NULL. Strings are
 * the arm's. */
void arm_judged_tell(const struct arm *arm,
		     const char *argv[static ARM_JUDGED_ARGUMENTS_MAX]);

#endif
