/* SPDX-License-Identifier: MIT */
/* What an analysis has found, noted in its result. */
#ifndef WIRETAP_ANALYSIS_NOTE_H
#define WIRETAP_ANALYSIS_NOTE_H

#include "wiretap/analysis_result.h"
#include "wiretap/order_stream.h"
#include "wiretap/pairing.h"

/* As struct pairing_config's fault(). Those behind the first ten are only
 * counted, elsewhere. */
void analysis_note_fault(struct analysis_result *result,
			 const struct pairing_trigger *trigger,
			 const struct pairing_seen *seen);

/* Of all sessions. */
void analysis_note_pairing(struct analysis_result *result,
			   const struct pairing_counts *counts);
void analysis_note_stream(struct analysis_result *result,
			  const struct order_stream *stream);

#endif
