/* SPDX-License-Identifier: MIT */
#include "measure/analysis.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/whole_file.h"
#include "measure/order_stream.h"
#include "measure/pairing.h"
#include "wire/frame.h"
#include "wire/market_data.h"

#define LATENCIES_KEPT (UINT32_C(1) << 21) /* of each kind: 16 MiB */
#define SEEN_COUNT     65536 /* datagrams remembered; a power of two */
/* A datagram's second sight comes within this. */
#define SIGHT_MAX_NS CLOCK_NS_PER_S

struct seen {
	uint64_t stamp_ns;
	uint32_t session;	/* 0: nothing is remembered */
	uint32_t sequence : 31; /* its low bits suffice */
	uint32_t again : 1;
};

struct analysis {
	struct analysis_config config;
	struct strategy strategy;
	struct order_stream stream;
	struct pairing pairing;
	struct market_data_sequence sequence;
	bool connection_changed; /* since the last market data */
	bool connected;		 /* a connection was seen to open */
	struct seen *seen;	 /* by sequence */
	struct latencies wire_to_wire;
	struct latencies deciding_message;
	struct latencies back_to_back;
	struct whole_file samples; /* file: NULL without */
	uint64_t warmed_up;	   /* pairs left out so far */
	struct analysis_result result;
};

static int analysis_sample(struct analysis *analysis,
			   const struct pairing_trigger *trigger,
			   uint64_t order_ns)
{
	if (analysis->samples.file &&
	    fprintf(analysis->samples.file,
		    "%" PRIu32 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 "\n",
		    trigger->sequence, trigger->stamp_ns, order_ns,
		    order_ns - trigger->stamp_ns) < 0) {
		log_error("--samples %s: %s", analysis->config.samples,
			  log_reason(-errno));
		return -EIO;
	}
	return 0;
}

static int analysis_order(void *context, const struct order *order,
			  uint64_t stamp_ns)
{
	struct analysis *analysis = context;
	struct pairing_trigger trigger;
	int rc;

	if (pairing_order(&analysis->pairing, order, stamp_ns, &trigger) !=
	    PAIRING_MATCHED)
		return 0;
	if (analysis->warmed_up < analysis->config.warm_up) {
		analysis->warmed_up++;
		return 0;
	}
	rc = latencies_add(&analysis->wire_to_wire,
			   stamp_ns - trigger.stamp_ns);
	/* Without a line rate the two are the same. */
	if (rc == 0 && analysis->config.line_rate > 0)
		rc = latencies_add(&analysis->deciding_message,
				   stamp_ns - trigger.message_ns);
	return rc < 0 ? rc : analysis_sample(analysis, &trigger, stamp_ns);
}

/* Does a datagram that lies behind begin a new session, rather than being
 * late or seen again? */
static bool analysis_starts_over(const struct analysis *analysis,
				 uint32_t sequence, uint64_t stamp_ns,
				 bool seen)
{
	const struct seen *first = &analysis->seen[sequence % SEEN_COUNT];
	bool recent = seen && stamp_ns - first->stamp_ns < SIGHT_MAX_NS;

	if (analysis->connection_changed)
		return sequence == 0 || !recent;
	return sequence == 0 && !recent;
}

static int analysis_begin_session(struct analysis *analysis)
{
	int rc = order_stream_settle(&analysis->stream);

	pairing_end(&analysis->pairing);
	strategy_reset(&analysis->strategy);
	analysis->result.sessions++;
	/* Whoever saw the connection open should have seen number 0. */
	analysis->sequence = (struct market_data_sequence){
		.started = analysis->connected,
	};
	return rc;
}

static int analysis_seen_again(struct analysis *analysis, struct seen *first,
			       uint64_t stamp_ns)
{
	analysis->result.duplicates++;
	if (!analysis->config.back_to_back || first->again ||
	    stamp_ns < first->stamp_ns)
		return 0;
	first->again = 1;
	return latencies_add(&analysis->back_to_back,
			     stamp_ns - first->stamp_ns);
}

/* 1: the datagram is to be applied. 0: it is not. */
static int analysis_follow(struct analysis *analysis,
			   const struct market_data_header *header,
			   uint64_t stamp_ns)
{
	struct analysis_result *result = &analysis->result;
	uint32_t sequence = header->sequence;
	uint32_t low_bits = sequence & INT32_MAX;
	struct seen *seen = &analysis->seen[sequence % SEEN_COUNT];
	bool again = seen->session > 0 &&
		     seen->session == (uint32_t)result->sessions &&
		     seen->sequence == low_bits;
	uint32_t ahead = sequence - analysis->sequence.expected;
	int rc = 0;

	if (result->sessions == 0) {
		result->joined_mid_session =
			!analysis->connected && sequence > 0;
		rc = analysis_begin_session(analysis);
	} else if (ahead > INT32_MAX &&
		   analysis_starts_over(analysis, sequence, stamp_ns, again)) {
		rc = analysis_begin_session(analysis);
		again = false;
	}
	if (rc < 0)
		return rc;
	analysis->connection_changed = false;
	if (again)
		return analysis_seen_again(analysis, seen, stamp_ns);
	ahead = sequence - analysis->sequence.expected;
	switch (market_data_follow(&analysis->sequence, sequence)) {
	case MARKET_DATA_GAP:
		result->gaps++;
		result->lost_packets += ahead;
		break;
	case MARKET_DATA_DUPLICATE:
		result->reordered++;
		return 0;
	case MARKET_DATA_IN_ORDER:
		break;
	}
	*seen = (struct seen){
		.stamp_ns = stamp_ns,
		.session = (uint32_t)result->sessions,
		.sequence = low_bits,
	};
	return 1;
}

/* How long before its frame's last byte a message's last byte came. */
static uint64_t analysis_lead_ns(const struct analysis *analysis,
				 size_t bytes_behind)
{
	if (analysis->config.line_rate == 0)
		return 0;
	return bytes_behind * 8 * CLOCK_NS_PER_S / analysis->config.line_rate;
}

static int analysis_apply(struct analysis *analysis, const struct frame *frame,
			  const struct market_data_header *header,
			  uint64_t stamp_ns)
{
	bool snapshot = header->flags & MARKET_DATA_SNAPSHOT;
	struct market_data_message message;
	struct pairing_trigger trigger = {
		.sequence = header->sequence,
		.stamp_ns = stamp_ns,
	};
	uint64_t lead_ns;
	int rc;

	for (unsigned int i = 0; i < header->message_count; i++) {
		message = market_data_read(frame->payload, i);
		if (!strategy_update(&analysis->strategy, &message, snapshot,
				     &trigger.order))
			continue;
		lead_ns = analysis_lead_ns(
			analysis, frame->payload_len - market_data_len(i + 1));
		trigger.message_ns = stamp_ns - lead_ns;
		rc = pairing_expect(&analysis->pairing, &trigger);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int analysis_market_data(struct analysis *analysis,
				const struct frame *frame, uint64_t stamp_ns)
{
	struct analysis_result *result = &analysis->result;
	struct market_data_header header;
	int rc;

	if (market_data_decode(frame->payload, frame->payload_len, &header)) {
		result->bad_datagrams++;
		return 0;
	}
	rc = analysis_follow(analysis, &header, stamp_ns);
	if (rc <= 0)
		return rc;
	if (header.flags & MARKET_DATA_END_OF_FEED)
		result->end_of_feed++;
	if (header.flags & MARKET_DATA_END_OF_FEED && header.message_count == 0)
		return 0;
	result->packets++;
	result->messages += header.message_count;
	result->snapshots += (header.flags & MARKET_DATA_SNAPSHOT) != 0;
	result->multi_message_packets += header.message_count > 1;
	return analysis_apply(analysis, frame, &header, stamp_ns);
}

static int analysis_tcp(struct analysis *analysis, const struct frame *frame,
			uint64_t stamp_ns)
{
	int rc = order_stream_frame(&analysis->stream, frame, stamp_ns);

	if (rc <= 0)
		return rc;
	analysis->connection_changed = true;
	analysis->connected |= frame->tcp_flags & FRAME_TCP_SYN;
	return 0;
}

static bool analysis_is_market_data(const struct analysis *analysis,
				    const struct frame *frame)
{
	const struct sockaddr_in *group = &analysis->config.group;

	return frame->protocol == FRAME_UDP &&
	       frame->destination == ntohl(group->sin_addr.s_addr) &&
	       frame->destination_port == ntohs(group->sin_port);
}

/* A frame whose payload is of interest, else the reason is counted. */
static bool analysis_decode(struct analysis *analysis,
			    const struct capture_frame *captured,
			    struct frame *frame)
{
	struct analysis_result *result = &analysis->result;

	if (!frame_link_known(captured->link)) {
		result->unknown_link_frames++;
		return false;
	}
	switch (frame_decode((enum frame_link)captured->link, captured->bytes,
			     captured->captured_len, frame)) {
	case FRAME_OK:
		return true;
	case FRAME_OTHER:
		return false;
	case FRAME_FRAGMENT:
		result->fragments++;
		return false;
	case FRAME_TRUNCATED:
		result->truncated_frames++;
		return false;
	case FRAME_MALFORMED:
		result->malformed_frames++;
		return false;
	}
	return false;
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
	struct frame frame;
	int rc = 0;

	if (result->frames++ == 0)
		result->first_stamp_ns = stamp_ns;
	else if (stamp_ns < result->last_stamp_ns)
		result->stamps_backwards++;
	result->last_stamp_ns = stamp_ns;
	if (!analysis_decode(analysis, captured, &frame))
		return 0;
	if (frame.protocol == FRAME_TCP)
		rc = analysis_tcp(analysis, &frame, stamp_ns);
	else if (analysis_is_market_data(analysis, &frame))
		rc = analysis_market_data(analysis, &frame, stamp_ns);
	return analysis_check(analysis, rc);
}

static int analysis_open_samples(struct analysis *analysis)
{
	const char *path = analysis->config.samples;
	int rc;

	if (!path)
		return 0;
	rc = whole_file_open(&analysis->samples, path);
	/* What can't be written shows when it is closed. */
	if (!rc)
		fputs("sequence,trigger_ns,order_ns,latency_ns\n",
		      analysis->samples.file);
	return rc;
}

/* rc: a negative errno drops them. rc, or another one. */
static int analysis_close_samples(struct analysis *analysis, int rc)
{
	if (!analysis->samples.file)
		return rc;
	rc = whole_file_close(&analysis->samples, rc);
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
	latencies_open(&analysis->wire_to_wire, LATENCIES_KEPT);
	latencies_open(&analysis->deciding_message, LATENCIES_KEPT);
	latencies_open(&analysis->back_to_back, LATENCIES_KEPT);
	order_stream_open(&analysis->stream,
			  &(struct order_stream_config){
				  .port = (uint16_t)config->order_port,
				  .each = analysis_order,
				  .context = analysis });
	analysis->seen = calloc(SEEN_COUNT, sizeof(*analysis->seen));
	if (!analysis->seen)
		goto free_analysis;
	if (strategy_open(&analysis->strategy, &config->strategy) < 0)
		goto free_seen;
	if (pairing_open(&analysis->pairing) < 0)
		goto close_strategy;
	rc = analysis_open_samples(analysis);
	if (rc < 0)
		goto close_pairing;
	*out = analysis;
	return 0;

close_pairing:
	pairing_close(&analysis->pairing);
close_strategy:
	strategy_close(&analysis->strategy);
free_seen:
	free(analysis->seen);
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
	latencies_close(&analysis->wire_to_wire);
	latencies_close(&analysis->deciding_message);
	latencies_close(&analysis->back_to_back);
	order_stream_close(&analysis->stream);
	pairing_close(&analysis->pairing);
	strategy_close(&analysis->strategy);
	free(analysis->seen);
	free(analysis);
}

int analysis_end(struct analysis *analysis, struct analysis_result *result)
{
	const struct order_stream *stream = &analysis->stream;
	const struct pairing *pairing = &analysis->pairing;
	int rc = analysis_check(analysis, order_stream_end(&analysis->stream));

	rc = analysis_close_samples(analysis, rc);
	pairing_end(&analysis->pairing);
	*result = analysis->result;
	result->bad_messages = analysis->strategy.bad;
	result->no_opposite = analysis->strategy.no_opposite;
	result->triggers = pairing->triggers;
	result->orders = pairing->orders;
	result->matched = pairing->matched;
	result->missing = pairing->missing;
	result->extra = pairing->extra;
	result->wrong = pairing->wrong;
	result->connections = stream->connects;
	result->retransmissions = stream->retransmissions;
	result->out_of_order = stream->out_of_order;
	result->lost_order_bytes = stream->lost_bytes;
	result->partial_orders = stream->partial_orders;
	result->wire_to_wire = latencies_summary(&analysis->wire_to_wire);
	result->deciding_message =
		analysis->config.line_rate > 0
			? latencies_summary(&analysis->deciding_message)
			: result->wire_to_wire;
	result->back_to_back = latencies_summary(&analysis->back_to_back);
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
	rc = rc < 0 ? rc : end_rc;
	analysis_close(analysis);
close_file:
	capture_file_close(file);
	return rc;
}
