/* SPDX-License-Identifier: MIT */
#include "campaign/parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool parts_next(const char **next, char part[static PARTS_MAX])
{
	const size_t length = strcspn(*next, ",");
	const char *end = *next + length;

	if (length >= PARTS_MAX)
		return false;
	memcpy(part, *next, length);
	part[length] = '\0';
	*next = *end ? end + 1 : NULL;
	return true;
}

bool parts_number(const char *text, const char *unit, double *number)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	*number = strtod(text, &end);
	return (!*end || !strcmp(end, unit)) && isfinite(*number);
}
