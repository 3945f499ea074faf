/* SPDX-License-Identifier: MIT */
/* Two results side by side, for a terminal. */
#ifndef REPORT_BESIDE_H
#define REPORT_BESIDE_H

#include <jansson.h>

#include "report/results.h"

/* p50 of each arm in both. They were not interleaved, so there is no verdict:
 * what the machine did between the two is in the difference. */
void beside_print(const struct results *one, const json_t *summary,
		  const struct results *two, const json_t *other);

#endif
