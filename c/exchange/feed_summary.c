/* SPDX-License-Identifier: MIT */
#include "exchange/feed_summary.h"

#include <inttypes.h>

#include "base/log.h"

#define TEXT_MAX 1024

static void counted_log(
	enum log_level level, uint64_t session, uint64_t count,
	const char *what,
	const struct datagram_source_tally tally[DATAGRAM_SOURCE_TEXTS])
{
	char text[TEXT_MAX];

	if (count == 0)
		return;
	datagram_source_tell(tally, text, sizeof(text));
	log_write(level, "session %" PRIu64 ": %" PRIu64 " %s%s%s", session,
		  count, what, *text ? ": " : "", text);
}

uint64_t feed_summary_lines(const struct datagram_source_counts *counts)
{
	return counts->lines + counts->skipped + counts->bad + counts->overlong;
}

void feed_summary_log(const struct datagram_source_counts *counts,
		      uint64_t session)
{
	char text[TEXT_MAX];

	datagram_source_tell(counts->dialects, text, sizeof(text));
	log_info("session %" PRIu64 ": of %" PRIu64 " lines of the feed (read "
		 "ahead) %" PRIu64 " made packets, %" PRIu64
		 " skipped, %" PRIu64 " bad, %" PRIu64 " too long; %" PRIu64
		 " blank%s%s",
		 session, feed_summary_lines(counts), counts->lines,
		 counts->skipped, counts->bad, counts->overlong, counts->blank,
		 *text ? "; lines with a dialect: " : "", text);
	counted_log(LOG_INFO, session, counts->skipped, "skipped",
		    counts->kinds);
	counted_log(LOG_WARNING, session, counts->bad, "bad", counts->faults);
	if (counts->left_out > 0 || counts->remarks[0].count > 0)
		log_warning("session %" PRIu64 ": %" PRIu64
			    " levels are left out: %s",
			    session, counts->left_out,
			    (datagram_source_tell(counts->remarks, text,
						  sizeof(text)),
			     text));
}

bool feed_summary_failed(const struct datagram_source_counts *counts,
			 uint64_t session)
{
	char kinds[TEXT_MAX], faults[TEXT_MAX];
	const char *parted;

	datagram_source_tell(counts->kinds, kinds, sizeof(kinds));
	datagram_source_tell(counts->faults, faults, sizeof(faults));
	parted = *kinds && *faults ? ", " : "";
	if (counts->snapshots_lost > 0) {
		log_error("session %" PRIu64 " lost %" PRIu64
			  " snapshots: %s%s%s",
			  session, counts->snapshots_lost, faults,
			  counts->overlong && *faults ? ", " : "",
			  counts->overlong ? "lines too long" : "");
		return true;
	}
	if (counts->passes == 0 || counts->datagrams > 0)
		return false;
	log_error("session %" PRIu64 " published nothing of %" PRIu64
		  " lines: %s%s%s",
		  session, feed_summary_lines(counts), faults, parted, kinds);
	return true;
}
