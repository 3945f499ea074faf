/* SPDX-License-Identifier: MIT */
/* A number that was read has the sign that was written, and is written as a
 * text that reads to the same. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_written(int64_t nano)
{
	char text[DECIMAL_TEXT_MAX];
	size_t len = decimal_format(nano, text);
	int64_t again;

	if (len >= DECIMAL_TEXT_MAX || strlen(text) != len)
		abort();
	if (decimal_parse(text, len, &again) != 0 || again != nano)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int64_t nano;
	int err = decimal_parse((const char *)data, size, &nano);

	if (err == 0) {
		if (data[0] == '-' ? nano > 0 : nano < 0)
			abort();
		check_written(nano);
	} else if (err != -EINVAL && err != -ERANGE) {
		abort();
	}
	/* Any number can be written; the least one needs the most room. */
	if (size >= sizeof(nano)) {
		memcpy(&nano, data, sizeof(nano));
		check_written(nano);
	}
	return 0;
}
