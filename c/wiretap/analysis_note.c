/* SPDX-License-Identifier: MIT */
#include "wiretap/analysis_note.h"

static enum analysis_fault_kind kind_of(const struct pairing_trigger *trigger,
					const struct pairing_seen *seen)
{
	if (!seen)
		return ANALYSIS_MISSING;
	return trigger ? ANALYSIS_WRONG_ORDER : ANALYSIS_EXTRA;
}

void analysis_note_fault(struct analysis_result *result,
			 const struct pairing_trigger *trigger,
			 const struct pairing_seen *seen)
{
	struct analysis_fault *fault;

	if (result->fault_count == ANALYSIS_FAULTS_MAX)
		return;
	fault = &result->faults[result->fault_count++];
	*fault = (struct analysis_fault){ .kind = kind_of(trigger, seen) };
	if (trigger) {
		fault->sequence = trigger->sequence;
		fault->trigger_ns = trigger->stamp_ns;
		fault->wanted = trigger->order;
	}
	if (seen) {
		fault->order_ns = seen->stamp_ns;
		fault->found = seen->order;
	}
}

void analysis_note_pairing(struct analysis_result *result,
			   const struct pairing_counts *counts)
{
	result->triggers = counts->triggers;
	result->orders = counts->orders;
	result->matched = counts->matched;
	result->missing = counts->missing;
	result->extra = counts->extra;
	result->wrong = counts->wrong;
	result->unjudged_triggers = counts->unjudged_triggers;
	result->unjudged_orders = counts->unjudged_orders;
	result->ambiguous = counts->ambiguous;
	result->ambiguous_faults = counts->ambiguous_faults;
}

void analysis_note_stream(struct analysis_result *result,
			  const struct order_stream *stream)
{
	result->connections = stream->connects;
	result->retransmissions = stream->retransmissions;
	result->out_of_order = stream->out_of_order;
	result->lost_order_bytes = stream->lost_bytes;
	result->partial_orders = stream->partial_orders;
	result->shared_segments = stream->shared_segments;
}
