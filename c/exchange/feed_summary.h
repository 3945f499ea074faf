/* SPDX-License-Identifier: MIT */
/* What became of a feed's lines in a session: told at its end. */
#ifndef EXCHANGE_FEED_SUMMARY_H
#define EXCHANGE_FEED_SUMMARY_H

#include <stdbool.h>

#include "exchange/datagram_source.h"

/* So many were read, blank ones aside. */
uint64_t feed_summary_lines(const struct datagram_source_counts *counts);

/* Log what was made of the lines and what was left out, by kind and reason.
 * session: its number. */
void feed_summary_log(const struct datagram_source_counts *counts,
		      uint64_t session);

/*
 * Log, as an error, that the session published nothing of a feed that was
 * read to its end, or lost a snapshot. True when it did; the exit code is to
 * say so, too.
 */
bool feed_summary_failed(const struct datagram_source_counts *counts,
			 uint64_t session);

#endif
