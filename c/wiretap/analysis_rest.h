/* SPDX-License-Identifier: MIT */
/*
 * Orders that are wrong by what was sent, judged by what the trader had. To go
 * without what was sent to it is its fault, and so are the orders that come of
 * it; but whether they come of that, and of nothing else, is worth knowing. A
 * trader's own word is taken for no more.
 */
#ifndef WIRETAP_ANALYSIS_REST_H
#define WIRETAP_ANALYSIS_REST_H

#include "wiretap/analysis_result.h"

/* Judge the capture once more where *result says that orders are wrong, as if
 * what was lacked (NULL: nothing) had not been sent: into result->rest. 0 or a
 * negative errno, logged. */
int analysis_rest_judge(const struct analysis_config *config, const char *path,
			const struct lacked *lacked,
			struct analysis_result *result);

#endif
