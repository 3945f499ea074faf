/* SPDX-License-Identifier: MIT */
#include "exchange/session_summary.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>

#include "base/log.h"
#include "exchange/feed_summary.h"

static double seconds_of(const struct marketdata_counts *counts)
{
	return (double)(counts->last_ns - counts->first_ns) / 1e9;
}

int session_summary_open(const char *path, FILE **file)
{
	int err;

	*file = path ? fopen(path, "we") : NULL;
	if (*file || !path)
		return 0;
	err = -errno;
	log_error("--sessions: %s: %s", path, log_strerror(err));
	return err;
}

static void impaired_log(const struct impairments *impairments, uint64_t number)
{
	const struct impairments_counts *counts = &impairments->counts;

	if (impairments->shift_ns > 0)
		log_info("session %" PRIu64 ": on purpose all packets left "
			 "%.1f us late",
			 number, (double)impairments->shift_ns / 1e3);
	if (!impairments->any)
		return;
	log_info("session %" PRIu64 ": on purpose %" PRIu64
		 " packets were lost, %" PRIu64 " doubled, %" PRIu64
		 " swapped with the next, %" PRIu64 " delayed",
		 number, counts->lost, counts->duplicated, counts->swapped,
		 counts->delayed);
	if (counts->crowded > 0)
		log_warning("session %" PRIu64 ": %" PRIu64 " more were to "
			    "wait, and left at once: %u wait already",
			    number, counts->crowded, IMPAIRMENTS_HELD);
}

static void retransmit_log(const struct retransmit_server *server,
			   uint64_t number)
{
	const struct retransmitter_counts *counts =
		&server->retransmitter.counts;
	const uint64_t overrun = retransmit_server_overrun(server);
	const uint64_t refused = counts->malformed + counts->strangers +
				 counts->foreign + counts->crowded + overrun;

	if (counts->requests + counts->notices > 0)
		log_info("session %" PRIu64 ": %" PRIu64
			 " requests were answered by %" PRIu64
			 " packets sent again; %" PRIu64
			 " asked for were not remembered, %" PRIu64
			 " had no room; the trader went on without any %" PRIu64
			 " times",
			 number, counts->requests, server->sent,
			 counts->unknown, server->dropped, counts->notices);
	if (refused > 0)
		log_warning("session %" PRIu64 ": %" PRIu64
			    " requests were not answered: %" PRIu64
			    " of strangers, %" PRIu64 " of other sessions, "
			    "%" PRIu64 " malformed, %" PRIu64
			    " for too many waited, %" PRIu64 " unread",
			    number, refused, counts->strangers, counts->foreign,
			    counts->malformed, counts->crowded, overrun);
}

void session_summary_log(const struct session_summary *summary)
{
	const struct marketdata_server *server = summary->marketdata;
	const struct marketdata_counts *counts = &server->line.counts;
	const struct datagram_source_counts *lines =
		&server->session.reader.source.counts;
	const uint64_t number = summary->number;
	double seconds = seconds_of(counts);
	char p50[LAG_TEXT_MAX], p99[LAG_TEXT_MAX];

	log_info("session %" PRIu64 " with %s ended: %s; %" PRIu64
		 " packets, %" PRIu64 " bytes in %.3f s, %.0f packets/s; "
		 "%" PRIu64 " orders, %" PRIu64 " rejects",
		 number, summary->peer, summary->why, counts->packets,
		 counts->bytes, seconds,
		 seconds > 0 ? (double)counts->packets / seconds : 0.0,
		 summary->orders, summary->rejects);
	log_info("session %" PRIu64 ": the kernel refused %" PRIu64
		 " sends, %" PRIu64 " packets dropped",
		 number, counts->refused, counts->dropped);
	feed_summary_log(lines, number);
	if (server->session.config->pace.kind == PACE_FILE &&
	    lines->untimed > 0)
		log_warning("session %" PRIu64 ": %" PRIu64 " packets had no "
			    "time of their own for --pace file",
			    number, lines->untimed);
	if (server->session.config->pace.kind != PACE_MAX)
		log_info("session %" PRIu64 ": sent later than intended by "
			 "p50 %s us, p99 %s us, max %.1f us",
			 number, lag_text(&server->line.lag, 0.5, p50),
			 lag_text(&server->line.lag, 0.99, p99),
			 (double)server->line.lag.max_ns / 1e3);
	if (summary->refused > 0)
		log_info("session %" PRIu64 ": %" PRIu64
			 " further connections were refused",
			 number, summary->refused);
	if (counts->oversized > 0)
		log_warning("session %" PRIu64 ": %" PRIu64
			    " datagrams were too long and left out",
			    number, counts->oversized);
	if (server->line.link.downs > 0)
		log_warning("session %" PRIu64
			    ": nothing could be sent %" PRIu64
			    " times, %.3f s in all, for the link was down",
			    number, server->line.link.downs,
			    (double)server->line.link.down_ns / 1e9);
	impaired_log(&server->line.impairments, number);
	retransmit_log(summary->retransmit, number);
	if (counts->rows_lost > 0)
		log_warning("--send-times: %" PRIu64 " rows are missing: the "
			    "disk was too slow",
			    counts->rows_lost);
}

static json_t *count(uint64_t n)
{
	return json_integer((json_int_t)n);
}

static json_t *tally(
	const struct datagram_source_tally texts[DATAGRAM_SOURCE_TEXTS])
{
	json_t *object = json_object();

	for (size_t i = 0; i < DATAGRAM_SOURCE_TEXTS && texts[i].text; i++)
		json_object_set_new(object, texts[i].text,
				    count(texts[i].count));
	return object;
}

static json_t *feed(const struct datagram_source_counts *lines)
{
	return json_pack(
		"{s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}",
		"lines", count(feed_summary_lines(lines)), "made_packets",
		count(lines->lines), "skipped", count(lines->skipped), "bad",
		count(lines->bad), "overlong", count(lines->overlong), "blank",
		count(lines->blank), "levels_left_out", count(lines->left_out),
		"snapshots_lost", count(lines->snapshots_lost), "untimed",
		count(lines->untimed), "dialects", tally(lines->dialects),
		"kinds", tally(lines->kinds), "faults", tally(lines->faults),
		"remarks", tally(lines->remarks));
}

static json_t *impaired(const struct impairments *impairments)
{
	const struct impairments_counts *counts = &impairments->counts;

	return json_pack(
		"{s:o,s:o,s:o,s:o,s:o,s:o}", "lost", count(counts->lost),
		"duplicated", count(counts->duplicated), "swapped",
		count(counts->swapped), "delayed", count(counts->delayed),
		"crowded", count(counts->crowded), "all_late_ns",
		count(impairments->shift_ns));
}

static json_t *retransmit(const struct retransmit_server *server)
{
	const struct retransmitter_counts *counts =
		&server->retransmitter.counts;

	return json_pack(
		"{s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "requests",
		count(counts->requests), "sent", count(server->sent), "dropped",
		count(server->dropped), "unknown", count(counts->unknown),
		"notices", count(counts->notices), "malformed",
		count(counts->malformed), "strangers", count(counts->strangers),
		"foreign", count(counts->foreign), "repeated",
		count(counts->repeated), "crowded", count(counts->crowded),
		"overrun", count(retransmit_server_overrun(server)));
}

int session_summary_write(const struct session_summary *summary, FILE *file)
{
	const struct marketdata_server *server = summary->marketdata;
	const struct marketdata_counts *counts = &server->line.counts;
	json_t *line = json_pack(
		"{s:o,s:s,s:s,s:o,s:o,s:o,s:o,s:o,s:f,s:o,s:o,s:o,s:o,s:o,s:o}",
		"session", count(summary->number), "peer", summary->peer,
		"ended", summary->why, "orders", count(summary->orders),
		"rejects", count(summary->rejects), "connections_refused",
		count(summary->refused), "packets", count(counts->packets),
		"bytes", count(counts->bytes), "seconds", seconds_of(counts),
		"sends_refused", count(counts->refused), "packets_dropped",
		count(counts->dropped), "packets_oversized",
		count(counts->oversized), "link_downs",
		count(server->line.link.downs), "link_down_ns",
		count(server->line.link.down_ns), "feed",
		feed(&server->session.reader.source.counts));
	int err = 0;

	if (!line)
		return -ENOMEM;
	if (server->line.impairments.any || server->line.impairments.shift_ns)
		json_object_set_new(line, "impaired",
				    impaired(&server->line.impairments));
	if (summary->retransmit->fd >= 0)
		json_object_set_new(line, "retransmit",
				    retransmit(summary->retransmit));
	errno = 0;
	if (json_dumpf(line, file, JSON_COMPACT) < 0 ||
	    fputc('\n', file) == EOF || fflush(file) == EOF)
		err = errno ? -errno : -EIO;
	json_decref(line);
	return err;
}

int session_summary_fault(uint64_t failed, uint64_t sessions)
{
	if (failed == 0)
		return 0;
	log_error("%" PRIu64 " of %" PRIu64 " sessions could not publish the "
		  "feed to its end, or nothing of it, or lost a snapshot",
		  failed, sessions);
	return -ENODATA;
}
