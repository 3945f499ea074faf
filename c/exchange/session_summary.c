/* SPDX-License-Identifier: MIT */
#include "exchange/session_summary.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>

#include "base/log.h"
#include "exchange/feed_summary.h"
#include "net/address.h"

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

/* whose: "session 3", or "session 3: line A" of two. */
static void impaired_log(const struct impairments *impairments,
			 const char *whose)
{
	const struct impairments_counts *counts = &impairments->counts;

	if (impairments->shift_ns > 0)
		log_info("%s: on purpose all packets left %.1f us late", whose,
			 (double)impairments->shift_ns / 1e3);
	if (!impairments->any)
		return;
	log_info("%s: on purpose %" PRIu64 " packets were lost, %" PRIu64
		 " doubled, %" PRIu64 " swapped with the next, %" PRIu64
		 " delayed",
		 whose, counts->lost, counts->duplicated, counts->swapped,
		 counts->delayed);
	if (counts->crowded > 0)
		log_warning("%s: %" PRIu64 " more were to wait, and left at "
			    "once: %u wait already",
			    whose, counts->crowded, IMPAIRMENTS_HELD);
}

static void lag_log(const struct lag *lag, const char *whose)
{
	char p50[LAG_TEXT_MAX], p99[LAG_TEXT_MAX];

	log_info("%s: sent later than intended by p50 %s us, p99 %s us, max "
		 "%.1f us",
		 whose, lag_text(lag, 0.5, p50), lag_text(lag, 0.99, p99),
		 (double)lag->max_ns / 1e3);
}

/* What concerns a line as such. */
static void line_log(const struct marketdata_line *line,
		     const struct marketdata_server *server, const char *whose)
{
	if (server->session.config->pace.kind != PACE_MAX)
		lag_log(&line->lag, whose);
	if (line->counts.oversized > 0)
		log_warning("%s: %" PRIu64 " datagrams were too long and left "
			    "out",
			    whose, line->counts.oversized);
	if (line->link.downs > 0)
		log_warning("%s: nothing could be sent %" PRIu64
			    " times, %.3f s in all, for the link was down",
			    whose, line->link.downs,
			    (double)line->link.down_ns / 1e9);
	impaired_log(&line->impairments, whose);
}

static void lines_log(const struct marketdata_server *server, uint64_t number)
{
	char whose[48];

	for (unsigned int i = 0; i < server->lines; i++) {
		const struct marketdata_counts *counts =
			&server->line[i].counts;

		snprintf(whose, sizeof(whose), "session %" PRIu64, number);
		if (server->lines > 1) {
			snprintf(whose, sizeof(whose),
				 "session %" PRIu64 ": line %c", number,
				 (char)('A' + i));
			log_info("%s: %" PRIu64 " packets, %" PRIu64
				 " sends refused, %" PRIu64 " packets dropped",
				 whose, counts->packets, counts->refused,
				 counts->dropped);
		}
		line_log(&server->line[i], server, whose);
	}
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
	const struct marketdata_counts counts =
		marketdata_server_counts(server);
	const struct datagram_source_counts *lines =
		&server->session.reader.source.counts;
	const uint64_t number = summary->number;
	double seconds = seconds_of(&counts);

	log_info("session %" PRIu64 " with %s ended: %s; %" PRIu64
		 " packets, %" PRIu64 " bytes in %.3f s, %.0f packets/s; "
		 "%" PRIu64 " orders, %" PRIu64 " rejects",
		 number, summary->peer, summary->why, counts.packets,
		 counts.bytes, seconds,
		 seconds > 0 ? (double)counts.packets / seconds : 0.0,
		 summary->orders, summary->rejects);
	log_info("session %" PRIu64 ": the kernel refused %" PRIu64
		 " sends, %" PRIu64 " packets dropped",
		 number, counts.refused, counts.dropped);
	feed_summary_log(lines, number);
	if (server->session.config->pace.kind == PACE_FILE &&
	    lines->untimed > 0)
		log_warning("session %" PRIu64 ": %" PRIu64 " packets had no "
			    "time of their own for --pace file",
			    number, lines->untimed);
	if (summary->refused > 0)
		log_info("session %" PRIu64 ": %" PRIu64
			 " further connections were refused",
			 number, summary->refused);
	lines_log(server, number);
	retransmit_log(summary->retransmit, number);
	if (counts.rows_lost > 0)
		log_warning("--send-times: %" PRIu64 " rows are missing: the "
			    "disk was too slow",
			    counts.rows_lost);
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

/* Of those lines together; NULL: they do nothing to packets. */
static json_t *impaired(const struct marketdata_line *lines, unsigned int n)
{
	struct impairments_counts sum = { 0 };
	uint64_t shift_ns = 0;
	bool any = false;

	for (unsigned int i = 0; i < n; i++) {
		const struct impairments *line = &lines[i].impairments;

		any |= line->any || line->shift_ns;
		sum.lost += line->counts.lost;
		sum.duplicated += line->counts.duplicated;
		sum.swapped += line->counts.swapped;
		sum.delayed += line->counts.delayed;
		sum.crowded += line->counts.crowded;
		if (line->shift_ns > shift_ns)
			shift_ns = line->shift_ns;
	}
	if (!any)
		return NULL;
	return json_pack("{s:o,s:o,s:o,s:o,s:o,s:o}", "lost", count(sum.lost),
			 "duplicated", count(sum.duplicated), "swapped",
			 count(sum.swapped), "delayed", count(sum.delayed),
			 "crowded", count(sum.crowded), "all_late_ns",
			 count(shift_ns));
}

static json_t *line_json(const struct marketdata_line *line)
{
	const struct marketdata_counts *counts = &line->counts;
	char group[ADDRESS_TEXT_MAX];

	return json_pack(
		"{s:s,s:s*,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o*}", "group",
		address_format(&line->link.config.group, group), "interface",
		line->link.config.interface ? line->link.interface.name : NULL,
		"packets", count(counts->packets), "bytes",
		count(counts->bytes), "sends_refused", count(counts->refused),
		"packets_dropped", count(counts->dropped), "packets_oversized",
		count(counts->oversized), "link_downs", count(line->link.downs),
		"link_down_ns", count(line->link.down_ns), "impaired",
		impaired(line, 1));
}

static json_t *lines_json(const struct marketdata_server *server)
{
	json_t *lines = json_array();

	for (unsigned int i = 0; i < server->lines; i++)
		json_array_append_new(lines, line_json(&server->line[i]));
	return lines;
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
	const struct marketdata_counts counts =
		marketdata_server_counts(server);
	uint64_t downs = 0, down_ns = 0;
	json_t *line;
	int err = 0;

	for (unsigned int i = 0; i < server->lines; i++) {
		downs += server->line[i].link.downs;
		down_ns += server->line[i].link.down_ns;
	}
	line = json_pack(
		"{s:o,s:s,s:s,s:o,s:o,s:o,s:o,s:o,s:f,s:o,s:o,s:o,s:o,s:o,s:o,"
		"s:o*,s:o*}",
		"session", count(summary->number), "peer", summary->peer,
		"ended", summary->why, "orders", count(summary->orders),
		"rejects", count(summary->rejects), "connections_refused",
		count(summary->refused), "packets", count(counts.packets),
		"bytes", count(counts.bytes), "seconds", seconds_of(&counts),
		"sends_refused", count(counts.refused), "packets_dropped",
		count(counts.dropped), "packets_oversized",
		count(counts.oversized), "link_downs", count(downs),
		"link_down_ns", count(down_ns), "feed",
		feed(&server->session.reader.source.counts), "impaired",
		impaired(server->line, server->lines), "lines",
		server->lines > 1 ? lines_json(server) : NULL);
	if (!line)
		return -ENOMEM;
	if (summary->retransmit->fd[RETRANSMITTER_OTHERS] >= 0)
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
