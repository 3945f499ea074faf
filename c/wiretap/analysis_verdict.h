/* SPDX-License-Identifier: MIT */
/* The answer to a capture: right, wrong, or can't be judged and why. */
#ifndef WIRETAP_ANALYSIS_VERDICT_H
#define WIRETAP_ANALYSIS_VERDICT_H

#include <stdbool.h>

#include "wiretap/analysis_result.h"

enum analysis_verdict {
	ANALYSIS_RIGHT, /* each order called for was sent, and no other */
	ANALYSIS_WRONG, /* an order is missing, extra or wrong */
	ANALYSIS_UNJUDGED,
};

#define ANALYSIS_REASON_MAX 1024

/* complete: the capture was read to its end. reason: why it can't be judged;
 * where it is wrong, what can't be known of the faults; else empty. */
enum analysis_verdict analysis_verdict(const struct analysis_result *result,
				       bool complete,
				       char reason[static ANALYSIS_REASON_MAX]);

#endif
