/* SPDX-License-Identifier: MIT */
/*
 * Code against code: builds of t2t-trader as arms, "spin@build=NAME". Where its
 * functions and its stack come to lie makes a program faster or slower by more
 * than many a change does (Mytkowicz, Diwan, Hauswirth, Sweeney: Producing
 * wrong data without doing anything obviously wrong, ASPLOS 2009). So a build
 * may bring the same code linked in several orders, of which each trial draws
 * one, and the size of its environment too: what is left between builds is the
 * code.
 */
#ifndef CAMPAIGN_ARM_BUILD_H
#define CAMPAIGN_ARM_BUILD_H

#include <jansson.h>
#include <stdint.h>

#include "campaign/arm.h"

#define ARM_BUILDS_MAX	   15
#define ARM_BUILD_NAME_MAX 64
#define ARM_BUILD_LAYOUTS  32
#define ARM_BUILD_PADDING  4096 /* a page of the stack */

struct arm_build {
	char name[ARM_BUILD_NAME_MAX];
	const char *layouts[ARM_BUILD_LAYOUTS + 1]; /* paths; up to NULL */
};

/*
 * "NAME=FOLDER NAME=FOLDER": in each FOLDER one t2t-trader or more, all whose
 * names begin so. builds are to be closed, whatever it returns. 0; -EINVAL or
 * -ENOMEM, logged.
 */
int arm_builds_read(const char *text,
		    struct arm_build builds[static ARM_BUILDS_MAX]);
void arm_builds_close(struct arm_build builds[static ARM_BUILDS_MAX]);

/* That of the first name_len bytes of name, or NULL. */
const struct arm_build *arm_build_find(const struct arm_build *builds,
				       const char *name, size_t name_len);

/* One of the arm's layouts, and a padding, for the trial of that number. */
void arm_build_draw(struct arm *arm, uint64_t seed, unsigned int number);

/* Of the arm as it was drawn: program, padding. A new reference. */
json_t *arm_build_json(const struct arm *arm);

#endif
