/* SPDX-License-Identifier: MIT */
/* What an arm's programs are told, for who has to be told the same. */
#ifndef CAMPAIGN_ARM_TOLD_H
#define CAMPAIGN_ARM_TOLD_H

/* The value of an option ("--channel") in a list of arguments, the last one if
 * it is there several times; otherwise where it is not. The list may be
 * NULL. */
const char *arm_told(const char *const *arguments, const char *option,
		     const char *otherwise);

#endif
