/* SPDX-License-Identifier: MIT */
#include "tests/support/tshark.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/lab.h"

void tshark_needed(void)
{
	if (system("command -v tshark >/dev/null") != 0)
		lab_skip("tshark is not installed");
}

unsigned int tshark_count(const char *capture, const char *dissects,
			  const char *filter)
{
	char command[3 * PATH_MAX];
	unsigned int lines = 0;
	FILE *out;
	int c;

	snprintf(command, sizeof(command),
		 "tshark -n %s -r '%s' -Y '%s' 2>/dev/null", dissects, capture,
		 filter);
	out = popen(command, "re");
	assert_non_null(out);
	while ((c = fgetc(out)) != EOF)
		lines += c == '\n';
	assert_int_equal(pclose(out), 0);
	return lines;
}
