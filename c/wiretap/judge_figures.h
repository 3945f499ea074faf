/* SPDX-License-Identifier: MIT */
/* What the judge measures: orders, wire to wire, and logons. One of the two,
 * as struct analysis_config's measure has it, has samples and a warm-up. */
#ifndef WIRETAP_JUDGE_FIGURES_H
#define WIRETAP_JUDGE_FIGURES_H

#include <stdint.h>

#include "wiretap/judge_state.h"

void judge_figures_open(struct judge *judge);
void judge_figures_close(struct judge *judge);

/* An order that is right, and what called for it. 0, -ENOMEM, or -EIO of the
 * samples, logged. */
int judge_figures_order(struct judge *judge,
			const struct pairing_trigger *trigger,
			uint64_t order_ns);

/* The session is up: its datagram number 0 was seen at that time. As above. */
int judge_figures_logon(struct judge *judge, uint64_t stamp_ns);

/* Into the result. */
void judge_figures_tell(struct judge *judge);

#endif
