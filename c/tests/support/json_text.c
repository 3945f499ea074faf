/* SPDX-License-Identifier: MIT */
#include "tests/support/json_text.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

json_t *json_text(const char *single_quoted)
{
	char *text = strdup(single_quoted);
	json_t *json;

	for (char *c = text; *c; c++)
		*c = *c == '\'' ? '"' : *c;
	json = json_loads(text, 0, NULL);
	free(text);
	assert_non_null(json);
	return json;
}
