/* SPDX-License-Identifier: MIT */
#include "campaign/arm_told.h"

#include <string.h>

const char *arm_told(const char *const *arguments, const char *option,
		     const char *otherwise)
{
	const size_t len = strlen(option);

	for (; arguments && *arguments; arguments++) {
		if (strncmp(*arguments, option, len) != 0)
			continue;
		if ((*arguments)[len] == '=')
			otherwise = *arguments + len + 1;
		else if (!(*arguments)[len] && arguments[1])
			otherwise = arguments[1];
	}
	return otherwise;
}
