/* SPDX-License-Identifier: MIT */
/* What a frame is to the run that is judged, by its protocol, addresses and
 * ports. Pure. */
#ifndef WIRETAP_FRAME_KIND_H
#define WIRETAP_FRAME_KIND_H

#include <stdbool.h>

#include "wire/frame.h"
#include "wiretap/analysis_result.h"

enum frame_kind {
	FRAME_KIND_LINE_A, /* market data; as trader/recovery.h's sources, */
	FRAME_KIND_LINE_B,
	FRAME_KIND_ANSWER,  /* up to the retransmitter's */
	FRAME_KIND_REQUEST, /* to it, or a notice */
	FRAME_KIND_ORDERS,
	FRAME_KIND_RDMA, /* any of these, once wiretap/rdma_view has seen it */
	FRAME_KIND_OTHER,
};

_Static_assert((int)FRAME_KIND_ANSWER == RECOVERY_RETRANSMITTED,
	       "kinds are sources");

/* Where frame->known has both addresses and ports. */
enum frame_kind frame_kind(const struct analysis_config *config,
			   const struct frame *frame);

/* May a frame that is not whole be of interest, as far as it is known? */
bool frame_kind_matters(const struct analysis_config *config,
			const struct frame *frame);

#endif
