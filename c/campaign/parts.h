/* SPDX-License-Identifier: MIT */
/* An option's text of parts with commas between. */
#ifndef CAMPAIGN_PARTS_H
#define CAMPAIGN_PARTS_H

#include <stdbool.h>

#define PARTS_MAX 64 /* of one, with its end */

/*
 * The next part of *next, which then is what lies behind it, or NULL. false:
 * the part is too long.
 *
 *	do {
 *		if (!parts_next(&next, part)) ...
 *	} while (next);
 */
bool parts_next(const char **next, char part[static PARTS_MAX]);

/* A finite number and nothing after it but the unit, which may be left out. */
bool parts_number(const char *text, const char *unit, double *number);

#endif
