/* SPDX-License-Identifier: MIT */
#include "wiretap/analysis_verdict.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

/* Counts that must be 0, in the order in which they explain each other. */
static const struct hindrance {
	size_t offset;
	const char *text; /* behind the count */
} hindrances[] = {
#define HINDRANCE(member, text)                                 \
	{                                                       \
		offsetof(struct analysis_result, member), text, \
	}
	HINDRANCE(dropped, "frames were dropped where it was captured"),
	HINDRANCE(our_truncated_frames,
		  "frames are cut: capture whole frames (-s 0)"),
	HINDRANCE(merged_frames,
		  "frames hold several datagrams that something merged: "
		  "switch off GRO and GSO at the tap (ethtool -K NAME gro off "
		  "gso off rx-udp-gro-forwarding off)"),
	HINDRANCE(our_fragments, "frames are IP fragments"),
	HINDRANCE(our_malformed_frames,
		  "frames have lengths that contradict each other"),
	HINDRANCE(unstamped_frames,
		  "frames have no time stamp, or an impossible one"),
	HINDRANCE(mixed_clocks,
		  "frames are stamped by another clock than those before: a "
		  "NIC stamps what comes in alone: capture at a mirror port, "
		  "or with --stamps kernel"),
	HINDRANCE(unsorted, "frames are stamped too far out of "
			    "order: sort the capture with reordercap"),
	HINDRANCE(early_sessions,
		  "sessions have the orders called for, but stamped before "
		  "what calls for them: the clocks of the capture differ"),
	HINDRANCE(open_gaps, "gaps are in the market data that was captured"),
	HINDRANCE(conflicting, "market data packets have one number and "
			       "different bytes"),
	HINDRANCE(lost_order_bytes,
		  "bytes of the order connection were not captured"),
	HINDRANCE(unreadable_connections,
		  "order connections say what the channel does not know: see "
		  "--channel"),
	HINDRANCE(half_orders, "orders are cut by the capture's end"),
	HINDRANCE(stray_orders, "orders are of a connection that is not the "
				"session's"),
	HINDRANCE(sessions_without_connection,
		  "sessions have no order connection in the capture"),
	HINDRANCE(unended_sessions,
		  "sessions end without the end of their connection"),
#undef HINDRANCE
};

__attribute__((format(printf, 2, 3))) static void add(
	char reason[static ANALYSIS_REASON_MAX], const char *format, ...)
{
	size_t len = strlen(reason);
	va_list arguments;

	if (len > 0 && len + 2 < ANALYSIS_REASON_MAX) {
		strcpy(reason + len, "; ");
		len += 2;
	}
	va_start(arguments, format);
	vsnprintf(reason + len, ANALYSIS_REASON_MAX - len, format, arguments);
	va_end(arguments);
}

static void nothing_found(const struct analysis_result *result,
			  char reason[static ANALYSIS_REASON_MAX])
{
	add(reason,
	    "no market data found: %" PRIu64 " frames not understood (%" PRIu64
	    " of unknown link type, %" PRIu64 " neither UDP nor TCP over IPv4)",
	    result->unknown_link_frames + result->other_frames +
		    result->truncated_frames + result->malformed_frames +
		    result->fragments,
	    result->unknown_link_frames, result->other_frames);
	if (result->other_vlan_frames > 0)
		add(reason, "%" PRIu64 " frames are another VLAN's: see --vlan",
		    result->other_vlan_frames);
}

/* What the counts leave without a word. */
static void explain_unjudged(const struct analysis_result *result,
			     char reason[static ANALYSIS_REASON_MAX])
{
	if (result->guessed_starts > 0 &&
	    result->unjudged_triggers + result->unjudged_orders > 0)
		add(reason, "the beginning of an order connection was not "
			    "captured");
	if (result->recovery.raced > 0 &&
	    result->unjudged_triggers + result->unjudged_orders > 0)
		add(reason,
		    "%" PRIu64 " times the trader gave up what, by the "
		    "capture, had come, and its orders don't match: what its "
		    "books lack can't be known",
		    result->recovery.raced);
	if (*reason)
		return;
	if (result->unjudged_triggers > 0)
		add(reason,
		    "%" PRIu64 " orders may have come behind the capture's end",
		    result->unjudged_triggers);
	if (result->unjudged_orders > 0)
		add(reason,
		    "%" PRIu64 " orders came behind the last market data "
		    "captured, which has no end of feed",
		    result->unjudged_orders);
	if (!*reason && result->triggers == 0)
		add(reason, "no order was called for");
}

static void explain_lacked(const struct analysis_rest *rest,
			   char reason[static ANALYSIS_REASON_MAX])
{
	if (rest->lacked == 0)
		return;
	add(reason,
	    "the trader says that it lacked %" PRIu64 " packets that were "
	    "sent to it: by the others %s",
	    rest->lacked,
	    !rest->known ? "its orders can't be judged"
	    : rest->missing + rest->extra + rest->wrong == 0
		    ? "its orders are right"
		    : "its orders are wrong, too");
}

enum analysis_verdict analysis_verdict(const struct analysis_result *result,
				       bool complete,
				       char reason[static ANALYSIS_REASON_MAX])
{
	uint64_t count;

	*reason = '\0';
	if (!complete)
		add(reason, "the capture could not be read to its end");
	if (result->packets == 0)
		nothing_found(result, reason);
	if (result->joined_mid_session)
		add(reason, "the capture begins in mid session");
	if (result->other_vlan_orders)
		add(reason, "order connections are in several VLANs: name one "
			    "by --vlan");
	for (size_t i = 0; i < ARRAY_SIZE(hindrances); i++) {
		memcpy(&count, (const char *)result + hindrances[i].offset,
		       sizeof(count));
		if (count > 0)
			add(reason, "%" PRIu64 " %s", count,
			    hindrances[i].text);
	}
	if (result->missing + result->extra + result->wrong == 0 || *reason)
		explain_unjudged(result, reason);
	if (*reason)
		return ANALYSIS_UNJUDGED;
	if (result->missing + result->extra + result->wrong == 0)
		return ANALYSIS_RIGHT;
	explain_lacked(&result->rest, reason);
	if (result->ambiguous_faults > 0)
		add(reason,
		    "%" PRIu64 " faults are of orders that are like a near "
		    "one: which of them is at fault can't be known",
		    result->ambiguous_faults);
	return ANALYSIS_WRONG;
}
