/* SPDX-License-Identifier: MIT */
#include "wiretap/analysis.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/atomic_file.h"
#include "base/log.h"
#include "wire/frame.h"
#include "wire/market_data.h"
#include "wire/pcapng.h"
#include "wiretap/frame_kind.h"
#include "wiretap/frame_window.h"
#include "wiretap/judge.h"
#include "wiretap/rdma_view.h"

/* How far apart datagrams of one frame number. */
#define MERGED_APART_MAX 1024

struct analysis {
	struct analysis_config config;
	struct frame_window window;
	struct rdma_view rdma;
	struct judge *judge;
	struct atomic_file samples; /* file: NULL without */
	bool vlan_known;
	bool clock_known;
	uint32_t clock; /* that stamped the first of our frames */
	bool vlan_sure; /* an order connection named it */
	struct analysis_result result;
	uint32_t server; /* of the first order connection; 0: not seen */
};

/* May a frame bear on an order? Else it is only counted. */
static bool analysis_decode(struct analysis *analysis,
			    const struct capture_frame *captured,
			    struct frame *frame, enum frame_result *seen)
{
	struct analysis_result *result = &analysis->result;

	if (!frame_link_known(captured->link)) {
		result->unknown_link_frames++;
		return false;
	}
	*seen = frame_decode_cut((enum frame_link)captured->link,
				 captured->bytes, captured->captured_len,
				 captured->wire_len, frame);
	switch (*seen) {
	case FRAME_OK:
		return frame_kind(&analysis->config, frame) != FRAME_KIND_OTHER;
	case FRAME_OTHER:
		result->other_frames++;
		return false;
	case FRAME_FRAGMENT:
		result->fragments++;
		/* What is no first fragment has no ports; a TCP segment's
		 * first tells enough. */
		return (frame->protocol == FRAME_UDP ||
			frame->known & FRAME_KNOWN_PORTS) &&
		       frame_kind_matters(&analysis->config, frame);
	case FRAME_TRUNCATED:
		result->truncated_frames++;
		return frame_kind_matters(&analysis->config, frame);
	case FRAME_MALFORMED:
		result->malformed_frames++;
		return frame_kind_matters(&analysis->config, frame);
	}
	return false;
}

/* A frame that is not whole, in its place. */
static void analysis_unseen(struct analysis *analysis,
			    const struct frame_window_entry *entry)
{
	struct analysis_result *result = &analysis->result;

	if (entry->frame.known & FRAME_KNOWN_ADDRESSES && analysis->vlan_sure &&
	    entry->frame.vlan != result->vlan)
		return;
	result->our_fragments += entry->seen == FRAME_FRAGMENT;
	result->our_truncated_frames += entry->seen == FRAME_TRUNCATED;
	result->our_malformed_frames += entry->seen == FRAME_MALFORMED;
	judge_doubt(analysis->judge);
}

/* Market data came first, of what proves to be another network. */
static int analysis_forget(struct analysis *analysis)
{
	struct analysis_result *result = &analysis->result;
	struct analysis_result fresh = {
		.frames = result->frames,
		.first_stamp_ns = result->first_stamp_ns,
		.last_stamp_ns = result->last_stamp_ns,
		.stamps_backwards = result->stamps_backwards,
		.unstamped_frames = result->unstamped_frames,
		.fragments = result->fragments,
		.truncated_frames = result->truncated_frames,
		.malformed_frames = result->malformed_frames,
		.our_fragments = result->our_fragments,
		.our_truncated_frames = result->our_truncated_frames,
		.our_malformed_frames = result->our_malformed_frames,
		.unknown_link_frames = result->unknown_link_frames,
		.other_frames = result->other_frames,
		.other_vlan_frames = result->packets + result->end_of_feed +
				     result->duplicates +
				     result->other_vlan_frames,
	};

	judge_close(analysis->judge);
	analysis->judge = NULL;
	analysis->clock_known = false;
	*result = fresh;
	return judge_open(&analysis->config, analysis->samples.file, result,
			  &analysis->judge);
}

/* 1: the frame is of our network, 0: of another. */
static int analysis_network(struct analysis *analysis,
			    const struct frame *frame)
{
	struct analysis_result *result = &analysis->result;
	bool orders = frame->protocol == FRAME_TCP;
	int rc = 0;

	if (!analysis->vlan_known || (orders && !analysis->vlan_sure)) {
		if (analysis->vlan_known && frame->vlan != result->vlan)
			rc = analysis_forget(analysis);
		analysis->vlan_known = true;
		analysis->vlan_sure = orders;
		result->vlan = frame->vlan;
		return rc < 0 ? rc : 1;
	}
	if (frame->vlan == result->vlan)
		return 1;
	result->other_vlan_frames++;
	result->other_vlan_orders |=
		orders && analysis->config.vlan == ANALYSIS_VLAN_AUTO;
	return 0;
}

/* Does another datagram lie behind the messages of the first? */
static bool is_merged(const uint8_t *bytes, size_t len)
{
	struct market_data_header header, next;
	size_t first_len;

	if (market_data_decode(bytes, len, &header))
		return false;
	first_len = market_data_len(header.message_count);
	if (market_data_decode(bytes + first_len, len - first_len, &next))
		return false;
	return (next.message_count > 0 ||
		next.flags & MARKET_DATA_END_OF_FEED) &&
	       next.sequence - header.sequence + MERGED_APART_MAX <=
		       2 * MERGED_APART_MAX;
}

static int analysis_market_data(struct analysis *analysis,
				const struct frame_window_entry *entry,
				unsigned int source)
{
	const uint8_t *bytes = entry->frame.payload;
	size_t left = entry->frame.payload_len, len;
	int rc = 0;

	if (entry->gso_size > 0 && entry->gso_size < left) {
		analysis->result.split_frames++;
		for (; left > 0 && rc == 0; bytes += len, left -= len) {
			len = left < entry->gso_size ? left : entry->gso_size;
			rc = judge_datagram(analysis->judge, bytes, len, source,
					    entry->stamp_ns);
		}
		return rc;
	}
	if (is_merged(bytes, left)) {
		analysis->result.merged_frames++;
		judge_doubt(analysis->judge);
	}
	return judge_datagram(analysis->judge, bytes, left, source,
			      entry->stamp_ns);
}

/* Is a datagram of somebody else than who publishes, or to somebody else? */
static bool is_stranger(struct analysis *analysis, uint32_t exchange)
{
	const uint32_t source = analysis->config.source;

	if (source == ANALYSIS_SOURCE_ANY)
		return false;
	return source ? exchange != source
		      : analysis->server && exchange != analysis->server;
}

/* Whom the first order connection leads to. */
static void server_learn(struct analysis *analysis, const struct frame *frame)
{
	if (!analysis->server)
		analysis->server =
			frame->destination_port == analysis->config.order_port
				? frame->destination
				: frame->source;
}

/* A latency is the difference of two stamps of one clock. */
static void analysis_clock(struct analysis *analysis,
			   const struct frame_window_entry *entry)
{
	struct analysis_result *result = &analysis->result;

	if (!analysis->clock_known)
		analysis->clock = entry->clock;
	analysis->clock_known = true;
	if (entry->frame.protocol == FRAME_TCP)
		result->order_clock = entry->clock;
	else
		result->data_clock = entry->clock;
	if (pcapng_clock_is_one(entry->clock, analysis->clock))
		return;
	result->mixed_clocks++;
	judge_doubt(analysis->judge);
}

/* Somebody else asked, or was answered. */
static bool is_beside(struct analysis *analysis, uint32_t address,
		      uint16_t port)
{
	const bool beside = !judge_is_trader(analysis->judge, address, port);

	analysis->result.beside += beside;
	return beside;
}

/* A frame that is whole, of our network. */
static int analysis_whole(struct analysis *analysis,
			  const struct frame_window_entry *entry)
{
	const struct frame *frame = &entry->frame;
	const enum frame_kind kind = frame_kind(&analysis->config, frame);

	switch (kind) {
	case FRAME_KIND_ORDERS:
		server_learn(analysis, frame);
		analysis_clock(analysis, entry);
		return judge_segment(analysis->judge, frame, entry->stamp_ns);
	case FRAME_KIND_REQUEST:
		if (is_stranger(analysis, frame->destination) ||
		    is_beside(analysis, frame->source, frame->source_port))
			return 0;
		return judge_request(analysis->judge, frame->payload,
				     frame->payload_len, entry->stamp_ns);
	case FRAME_KIND_RDMA:
	case FRAME_KIND_OTHER:
		return 0;
	case FRAME_KIND_LINE_A:
	case FRAME_KIND_LINE_B:
	case FRAME_KIND_ANSWER:
		break;
	}
	if (is_stranger(analysis, frame->source)) {
		analysis->result.strangers++;
		return 0;
	}
	if (kind == FRAME_KIND_ANSWER &&
	    is_beside(analysis, frame->destination, frame->destination_port))
		return 0;
	analysis_clock(analysis, entry);
	return analysis_market_data(analysis, entry, kind);
}

static int analysis_ours(struct analysis *analysis,
			 const struct frame_window_entry *entry)
{
	const int rc = analysis_network(analysis, &entry->frame);

	return rc <= 0 ? rc : analysis_whole(analysis, entry);
}

/* As the segment or datagram that it would have been. */
static int analysis_rdma(struct analysis *analysis,
			 const struct frame_window_entry *entry)
{
	struct frame_window_entry made = *entry;
	const int rc =
		rdma_view_frame(&analysis->rdma, &entry->frame, &made.frame);

	if (rc < 0) {
		made.seen = FRAME_MALFORMED;
		analysis->result.malformed_frames++;
		analysis_unseen(analysis, &made);
		return 0;
	}
	if (rc == 0 ||
	    frame_kind(&analysis->config, &made.frame) == FRAME_KIND_OTHER)
		return 0;
	return analysis_ours(analysis, &made);
}

static int analysis_each(void *context, const struct frame_window_entry *entry)
{
	struct analysis *analysis = context;

	if (entry->seen != FRAME_OK) {
		analysis_unseen(analysis, entry);
		return 0;
	}
	if (frame_kind(&analysis->config, &entry->frame) == FRAME_KIND_RDMA)
		return analysis_rdma(analysis, entry);
	return analysis_ours(analysis, entry);
}

/* Memory is the one thing that ran out below without a word. */
static int analysis_check(const struct analysis *analysis, int rc)
{
	if (rc == -ENOMEM)
		log_error("frame %" PRIu64 ": no memory",
			  analysis->result.frames);
	return rc;
}

int analysis_frame(struct analysis *analysis,
		   const struct capture_frame *captured)
{
	struct analysis_result *result = &analysis->result;
	uint64_t stamp_ns = captured->stamp_ns;
	enum frame_result seen;
	struct frame frame;

	/* What has no stamp comes when it comes. */
	if (stamp_ns == 0) {
		result->unstamped_frames++;
		stamp_ns = result->last_stamp_ns;
	}
	if (result->frames++ == 0)
		result->first_stamp_ns = stamp_ns;
	else if (stamp_ns < result->last_stamp_ns)
		result->stamps_backwards++;
	result->last_stamp_ns = stamp_ns;
	if (!analysis_decode(analysis, captured, &frame, &seen))
		return 0;
	return analysis_check(analysis,
			      frame_window_add(&analysis->window, stamp_ns,
					       &frame, captured->gso_size,
					       captured->clock, seen));
}

static int analysis_open_samples(struct analysis *analysis)
{
	const char *path = analysis->config.samples;
	int rc;

	if (!path)
		return 0;
	rc = atomic_file_open(&analysis->samples, path);
	/* What can't be written shows when it is closed. */
	if (!rc)
		fputs(analysis->config.measure == ANALYSIS_MEASURE_LOGON
			      ? "session,syn_ns,data_ns,latency_ns\n"
			      : "sequence,trigger_ns,order_ns,latency_ns\n",
		      analysis->samples.file);
	return rc;
}

/* rc: a negative errno drops them. rc, or another one. */
static int analysis_close_samples(struct analysis *analysis, int rc)
{
	if (!analysis->samples.file)
		return rc;
	rc = atomic_file_close(&analysis->samples, rc);
	analysis->samples.file = NULL;
	return rc;
}

int analysis_open(const struct analysis_config *config, struct analysis **out)
{
	struct analysis *analysis = calloc(1, sizeof(*analysis));
	int rc = -ENOMEM;

	if (!analysis)
		goto no_memory;
	analysis->config = *config;
	if (config->vlan != ANALYSIS_VLAN_AUTO) {
		analysis->vlan_known = analysis->vlan_sure = true;
		analysis->result.vlan = config->vlan;
	}
	rc = frame_window_open(
		&analysis->window,
		&(struct frame_window_config){ .each = analysis_each,
					       .context = analysis });
	if (rc < 0)
		goto free_analysis;
	rc = analysis_open_samples(analysis);
	if (rc < 0)
		goto close_window;
	rc = judge_open(&analysis->config, analysis->samples.file,
			&analysis->result, &analysis->judge);
	if (rc < 0)
		goto close_samples;
	*out = analysis;
	return 0;

close_samples:
	analysis_close_samples(analysis, -ECANCELED);
close_window:
	frame_window_close(&analysis->window);
free_analysis:
	free(analysis);
no_memory:
	if (rc == -ENOMEM)
		log_error("no memory for the analysis");
	return rc;
}

void analysis_close(struct analysis *analysis)
{
	if (!analysis)
		return;
	analysis_close_samples(analysis, -ECANCELED);
	judge_close(analysis->judge);
	frame_window_close(&analysis->window);
	free(analysis);
}

int analysis_end(struct analysis *analysis, struct analysis_result *result)
{
	int rc = frame_window_end(&analysis->window), end_rc;

	analysis->result.unsorted = analysis->window.unsorted;
	if (analysis->judge) {
		end_rc = judge_end(analysis->judge);
		rc = rc < 0 ? rc : end_rc;
	}
	rc = analysis_close_samples(analysis, analysis_check(analysis, rc));
	*result = analysis->result;
	return rc;
}

int analysis_run(const struct analysis_config *config, const char *path,
		 struct analysis_result *result)
{
	struct capture_frame frame;
	struct capture_file *file;
	struct analysis *analysis;
	int rc, end_rc;

	*result = (struct analysis_result){ 0 };
	rc = capture_file_open(path, &file);
	if (rc < 0)
		return rc;
	rc = analysis_open(config, &analysis);
	if (rc < 0)
		goto close_file;
	for (rc = 0; rc == 0;) {
		rc = capture_file_next(file, &frame);
		if (rc <= 0)
			break;
		rc = analysis_frame(analysis, &frame);
	}
	/* Of half a capture there are half the samples. */
	if (rc < 0)
		analysis_close_samples(analysis, rc);
	end_rc = analysis_end(analysis, result);
	result->dropped = capture_file_dropped(file);
	rc = rc < 0 ? rc : end_rc;
	analysis_close(analysis);
close_file:
	capture_file_close(file);
	return rc;
}
