/* SPDX-License-Identifier: MIT */
/* What became of a session: told in the log at its end, and on request as a
 * line of JSON. */
#ifndef EXCHANGE_SESSION_SUMMARY_H
#define EXCHANGE_SESSION_SUMMARY_H

#include <stdint.h>
#include <stdio.h>

#include "exchange/marketdata_server.h"
#include "exchange/retransmit_server.h"

struct session_summary {
	uint64_t number; /* from 1 */
	const char *peer;
	const char *why; /* it ended */
	uint64_t orders;
	uint64_t rejects;
	uint64_t refused; /* further connections */
	const struct marketdata_server *marketdata;
	const struct retransmit_server *retransmit;
};

/* The file that lines go to; path NULL: *file is. 0 or a negative errno,
 * logged. */
int session_summary_open(const char *path, FILE **file);

void session_summary_log(const struct session_summary *summary);

/*
 * One line, one object, and flush:
 *
 *	session, peer, ended, orders, rejects, connections_refused,
 *	packets, bytes, seconds, sends_refused, packets_dropped,
 *	packets_oversized, link_downs, link_down_ns,
 *	feed: lines, made_packets, skipped, bad, overlong, blank,
 *	      levels_left_out, snapshots_lost, untimed, and
 *	      dialects, kinds (skipped), faults (bad), remarks (left out):
 *	      objects of texts and how often each was told
 *	impaired, where packets are on purpose: lost, duplicated, swapped,
 *	      delayed, crowded (left at once, for too many waited),
 *	      all_late_ns
 *	lines, where there are two: of each group, interface (if one is named),
 *	      and what is above of both together: packets, bytes,
 *	      sends_refused, packets_dropped, packets_oversized, link_downs,
 *	      link_down_ns, impaired; seconds and all_late_ns above are of the
 *	      first to the last packet and the longest
 *	retransmit, where there is a port for it: requests (taken), sent
 *	      (datagrams), dropped (no room), unknown (not remembered),
 *	      notices; and not answered: malformed, strangers, foreign
 *	      (another session's), repeated, crowded, overrun (unread)
 *
 * 0, or a negative errno.
 */
int session_summary_write(const struct session_summary *summary, FILE *file);

/* Of all sessions: 0; -ENODATA, logged, where some failed. */
int session_summary_fault(uint64_t failed, uint64_t sessions);

#endif
