/* SPDX-License-Identifier: MIT */
/* What the judge has in memory. Of no use to others than its files. */
#ifndef WIRETAP_JUDGE_STATE_H
#define WIRETAP_JUDGE_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/clock.h"
#include "stats/latencies.h"
#include "trader/recovery.h"
#include "trader/strategy.h"
#include "wiretap/analysis_result.h"
#include "wiretap/order_stream.h"
#include "wiretap/pairing.h"
#include "wiretap/sight.h"

struct judge {
	const struct analysis_config *config;
	struct analysis_result *result;
	FILE *samples;
	struct strategy strategy;
	struct order_stream stream;
	struct pairing pairing;
	struct recovery recovery; /* with the session's numbers */
	uint64_t races;		  /* of the sessions before */
	uint64_t connection;	  /* the session's, 0: not known */
	bool doubtful;		  /* the session */
	uint64_t unreadable;	  /* the last connection that was counted so */
	bool feed_ended;
	bool over; /* the capture: the last session has ended */
	uint64_t last_ns;
	struct sight *sights;	/* SIGHTS_MAX of them */
	uint64_t logon_from_ns; /* of a session whose first datagram has not
				   been seen; 0: it has, or it is not known */
	struct latencies wire_to_wire;
	struct latencies logon;
	struct latencies deciding_message;
	struct latencies back_to_back;
	uint64_t warmed_up; /* of what is measured, left out so far */
};

#endif
