/* SPDX-License-Identifier: MIT */
#include "wiretap/judge_figures.h"

#include <errno.h>
#include <inttypes.h>

#include "base/log.h"

#define LATENCIES_KEPT (UINT32_C(1) << 21) /* of each kind: 16 MiB */

void judge_figures_open(struct judge *judge)
{
	latencies_open(&judge->wire_to_wire, LATENCIES_KEPT);
	latencies_open(&judge->logon, LATENCIES_KEPT);
	latencies_open(&judge->deciding_message, LATENCIES_KEPT);
	latencies_open(&judge->back_to_back, LATENCIES_KEPT);
}

void judge_figures_close(struct judge *judge)
{
	latencies_close(&judge->wire_to_wire);
	latencies_close(&judge->logon);
	latencies_close(&judge->deciding_message);
	latencies_close(&judge->back_to_back);
}

static bool is_warm_up(struct judge *judge)
{
	if (judge->warmed_up >= judge->config->warm_up)
		return false;
	judge->warmed_up++;
	return true;
}

/* number: of the datagram that calls for an order, or of the session. */
static int sample_write(const struct judge *judge, uint64_t number,
			uint64_t from_ns, uint64_t to_ns)
{
	if (!judge->samples ||
	    fprintf(judge->samples,
		    "%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 "\n", number,
		    from_ns, to_ns, to_ns - from_ns) >= 0)
		return 0;
	log_error("--samples %s: %s", judge->config->samples,
		  log_strerror(-errno));
	return -EIO;
}

int judge_figures_order(struct judge *judge,
			const struct pairing_trigger *trigger,
			uint64_t order_ns)
{
	const bool sampled = judge->config->measure == ANALYSIS_MEASURE_ORDERS;
	int rc;

	if (sampled && is_warm_up(judge))
		return 0;
	rc = latencies_add(&judge->wire_to_wire, order_ns - trigger->stamp_ns);
	/* Without a line rate the two are the same. */
	if (rc == 0 && judge->config->line_rate > 0)
		rc = latencies_add(&judge->deciding_message,
				   order_ns - trigger->message_ns);
	return rc < 0 || !sampled ? rc
				  : sample_write(judge, trigger->sequence,
						 trigger->stamp_ns, order_ns);
}

int judge_figures_logon(struct judge *judge, uint64_t stamp_ns)
{
	const uint64_t from_ns = judge->logon_from_ns;
	int rc;

	judge->logon_from_ns = 0;
	if (judge->config->measure != ANALYSIS_MEASURE_LOGON ||
	    is_warm_up(judge))
		return 0;
	rc = latencies_add(&judge->logon, stamp_ns - from_ns);
	return rc < 0 ? rc
		      : sample_write(judge, judge->result->sessions, from_ns,
				     stamp_ns);
}

void judge_figures_tell(struct judge *judge)
{
	struct analysis_result *result = judge->result;

	result->wire_to_wire = latencies_summary(&judge->wire_to_wire);
	result->logon = latencies_summary(&judge->logon);
	result->deciding_message =
		judge->config->line_rate > 0
			? latencies_summary(&judge->deciding_message)
			: result->wire_to_wire;
	result->back_to_back = latencies_summary(&judge->back_to_back);
}
