/* SPDX-License-Identifier: MIT */
#include "wiretap/judge.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "trader/session.h"
#include "wire/market_data.h"
#include "wiretap/analysis_note.h"
#include "wiretap/order_bytes.h"
#include "wiretap/order_stream.h"
#include "wiretap/pairing.h"
#include "wiretap/sight.h"

#define LATENCIES_KEPT (UINT32_C(1) << 21) /* of each kind: 16 MiB */
/* A datagram's second sight comes within this; so does an answer. */
#define SIGHT_MAX_NS  CLOCK_NS_PER_S
#define ANSWER_MAX_NS CLOCK_NS_PER_S

struct judge {
	const struct analysis_config *config;
	struct analysis_result *result;
	FILE *samples;
	struct strategy strategy;
	struct order_stream stream;
	struct pairing pairing;
	struct session session;
	uint64_t connection; /* the session's, 0: not known */
	bool doubtful;	     /* the session */
	uint64_t unreadable; /* the last connection that was counted so */
	bool feed_ended;
	uint64_t last_ns;
	struct sight *sights; /* SIGHTS_MAX of them */
	struct latencies wire_to_wire;
	struct latencies deciding_message;
	struct latencies back_to_back;
	uint64_t warmed_up; /* pairs left out so far */
};

static int judge_matched(void *context, const struct pairing_trigger *trigger,
			 uint64_t order_ns)
{
	struct judge *judge = context;
	int rc;

	if (judge->warmed_up < judge->config->warm_up) {
		judge->warmed_up++;
		return 0;
	}
	rc = latencies_add(&judge->wire_to_wire, order_ns - trigger->stamp_ns);
	/* Without a line rate the two are the same. */
	if (rc == 0 && judge->config->line_rate > 0)
		rc = latencies_add(&judge->deciding_message,
				   order_ns - trigger->message_ns);
	if (rc < 0 || !judge->samples)
		return rc;
	if (fprintf(judge->samples,
		    "%" PRIu32 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 "\n",
		    trigger->sequence, trigger->stamp_ns, order_ns,
		    order_ns - trigger->stamp_ns) >= 0)
		return 0;
	log_error("--samples %s: %s", judge->config->samples,
		  log_strerror(-errno));
	return -EIO;
}

static void judge_fault(void *context, const struct pairing_trigger *trigger,
			const struct pairing_seen *seen)
{
	analysis_note_fault(((struct judge *)context)->result, trigger, seen);
}

static int judge_order(void *context,
		       const struct order_stream_connection *connection,
		       const struct order *order, uint64_t stamp_ns)
{
	struct judge *judge = context;

	if (!judge->connection)
		judge->connection = connection->number;
	if (connection->number != judge->connection) {
		judge->result->stray_orders++;
		judge->doubtful = true;
		return 0;
	}
	return pairing_order(&judge->pairing, order, stamp_ns);
}

/* Of a connection that was seen to its end. */
static void judge_gone(void *context,
		       const struct order_stream_connection *connection)
{
	struct judge *judge = context;

	if (connection->number != judge->connection)
		return;
	judge->doubtful |=
		connection->lost_bytes > 0 || !connection->start_known;
	judge->result->guessed_starts += !connection->start_known;
	judge->doubtful |= connection->unreadable;
	if (connection->unreadable && connection->number != judge->unreadable) {
		judge->unreadable = connection->number;
		judge->result->unreadable_connections++;
	}
	if (order_stream_partial_len(connection) > 0 && !connection->fin_seen) {
		judge->doubtful = true;
		judge->result->half_orders++;
	}
}

static int judge_end_session(struct judge *judge)
{
	struct order_stream_connection *connection =
		order_stream_find(&judge->stream, judge->connection);
	struct pairing_ending ending = { .open_since_ns = UINT64_MAX };
	int rc = 0, end_rc;

	if (connection) {
		rc = order_bytes_settle(&judge->stream, connection);
		if (!order_stream_ended(connection))
			ending.open_since_ns =
				judge->last_ns > ANSWER_MAX_NS
					? judge->last_ns - ANSWER_MAX_NS
					: 0;
		judge_gone(judge, connection);
	}
	if (!judge->connection && judge->pairing.session.triggers > 0) {
		judge->result->sessions_without_connection++;
		judge->doubtful = true;
	}
	/* Nothing in order came behind it: it may be the capture that lacks
	 * what was before. */
	if (judge->session.witnesses > 0) {
		judge->result->gaps++;
		judge->doubtful = true;
		judge->feed_ended |= judge->session.doubted_end;
		judge->session.witnesses = 0;
	}
	ending.doubtful = judge->doubtful;
	ending.feed_ended = judge->feed_ended;
	end_rc = pairing_end(&judge->pairing, &ending);
	judge->doubtful = judge->feed_ended = false;
	return rc < 0 ? rc : end_rc;
}

static bool judge_is_tagged(const struct order_stream_connection *connection,
			    uint16_t tag)
{
	return market_data_session_tag(connection->client_port) == tag;
}

/* tag: of its first datagram; 0: untold. */
static int judge_begin_session(struct judge *judge,
			       struct order_stream_connection *connection,
			       uint16_t tag)
{
	int rc = judge->result->sessions > 0 ? judge_end_session(judge) : 0;

	strategy_reset(&judge->strategy);
	judge->result->sessions++;
	if (connection)
		judge->connection = connection->number;
	else if (judge->result->sessions > 1)
		judge->connection = 0;
	/* Whoever saw the connection open should have seen number 0. */
	session_begin(&judge->session,
		      connection && judge_is_tagged(connection, tag) ? tag : 0,
		      0);
	judge->session.tag_bits = market_data_tag_flags(judge->session.tag);
	judge->session.started = connection && connection->start_known;
	return rc;
}

/* Does a datagram that lies behind begin a new session, rather than being
 * late or seen again? */
static bool judge_starts_over(struct judge *judge,
			      const struct order_stream_connection *next,
			      uint32_t sequence, uint64_t stamp_ns, bool again)
{
	const struct sight *first = &judge->sights[sequence % SIGHTS_MAX];
	const struct order_stream_connection *connection =
		order_stream_find(&judge->stream, judge->connection);
	bool recent = again && (stamp_ns < first->stamp_ns ||
				stamp_ns - first->stamp_ns < SIGHT_MAX_NS);

	if (!next)
		return sequence == 0 && !recent &&
		       (!connection || order_stream_ended(connection));
	if (!connection || order_stream_ended(connection))
		return sequence == 0 || !recent;
	/* The exchange serves one at a time: the other one waits, unless the
	 * end of this one was not captured. */
	if (sequence > 0 || recent)
		return false;
	judge->result->unended_sessions++;
	judge->doubtful = true;
	return true;
}

static int judge_seen_again(struct judge *judge, struct sight *first,
			    uint32_t hash, uint64_t stamp_ns)
{
	judge->result->duplicates++;
	if (hash != first->hash) {
		judge->result->conflicting++;
		judge->doubtful = true;
	}
	if (!judge->config->back_to_back || first->again ||
	    stamp_ns < first->stamp_ns)
		return 0;
	first->again = 1;
	return latencies_add(&judge->back_to_back, stamp_ns - first->stamp_ns);
}

/* The connection behind the session's own whose session has this tag. */
static struct order_stream_connection *judge_find_tagged(struct judge *judge,
							 uint16_t tag)
{
	struct order_stream_connection *next = NULL;
	uint64_t after = judge->result->sessions ? judge->connection : 0;

	while ((next = order_stream_established(&judge->stream, after)) &&
	       !judge_is_tagged(next, tag))
		after = next->number;
	return next;
}

/* By its tag a datagram is of the running session, or may be (0), or of another
 * (1), unless that begins. */
static int judge_read_tag(struct judge *judge, uint16_t tag)
{
	struct order_stream_connection *own =
		order_stream_find(&judge->stream, judge->connection);
	struct order_stream_connection *next;
	int rc;

	if ((!tag && !judge->session.tag) ||
	    (judge->result->sessions && own && judge_is_tagged(own, tag)))
		return 0;
	next = tag ? judge_find_tagged(judge, tag) : NULL;
	if (next) {
		rc = judge_begin_session(judge, next, tag);
		return rc < 0 ? rc : 0;
	}
	/* Without a connection to go by. */
	if (tag && !own &&
	    (judge->result->sessions ||
	     !order_stream_established(&judge->stream, 0)))
		return 0;
	judge->result->foreign++;
	return 1;
}

/* The session that a datagram belongs to; *again: it was seen in it. */
static int judge_find_session(struct judge *judge,
			      const struct market_data_header *header,
			      uint64_t stamp_ns, bool *again)
{
	struct analysis_result *result = judge->result;
	const uint32_t sequence = header->sequence;
	const struct sight *seen = &judge->sights[sequence % SIGHTS_MAX];
	uint32_t ahead = sequence - judge->session.expected;
	struct order_stream_connection *next;

	*again = seen->session > 0 &&
		 seen->session == (uint32_t)result->sessions &&
		 seen->sequence == (sequence & INT32_MAX);
	if (result->sessions > 0 && ahead <= INT32_MAX)
		return 0;
	next = order_stream_established(
		&judge->stream, result->sessions ? judge->connection : 0);
	if (result->sessions == 0) {
		result->joined_mid_session =
			sequence > 0 && !(next && next->start_known);
		judge->doubtful |= result->joined_mid_session;
	} else if (!judge_starts_over(judge, next, sequence, stamp_ns,
				      *again)) {
		return 0;
	}
	*again = false;
	return judge_begin_session(judge, next, market_data_tag(header->flags));
}

/* 1: the datagram is to be applied. 0: it is not. */
static int judge_follow(struct judge *judge,
			const struct market_data_header *header, uint32_t hash,
			uint64_t stamp_ns)
{
	struct analysis_result *result = judge->result;
	uint32_t sequence = header->sequence;
	struct sight *seen = &judge->sights[sequence % SIGHTS_MAX];
	bool again;
	int rc = judge_read_tag(judge, market_data_tag(header->flags));

	if (rc)
		return rc < 0 ? rc : 0;
	rc = judge_find_session(judge, header, stamp_ns, &again);
	if (rc < 0)
		return rc;
	if (again)
		return judge_seen_again(judge, seen, hash, stamp_ns);
	switch (session_take(&judge->session, header)) {
	case SESSION_GAP:
		result->gaps++;
		result->lost_packets += judge->session.lost;
		judge->doubtful = true;
		break;
	case SESSION_DUPLICATE:
		result->reordered++;
		judge->doubtful = true;
		return 0;
	case SESSION_FOREIGN:
		result->foreign++;
		return 0;
	case SESSION_DOUBTED:
		result->doubted++;
		return 0;
	case SESSION_IN_ORDER:
		break;
	}
	*seen = (struct sight){
		.stamp_ns = stamp_ns,
		.session = (uint32_t)result->sessions,
		.sequence = sequence & INT32_MAX,
		.hash = hash,
	};
	rc = pairing_data(&judge->pairing, stamp_ns);
	return rc < 0 ? rc : 1;
}

/* How long before its frame's last byte a message's last byte came. */
static uint64_t judge_lead_ns(const struct judge *judge, size_t bytes_behind)
{
	if (judge->config->line_rate == 0)
		return 0;
	return bytes_behind * 8 * CLOCK_NS_PER_S / judge->config->line_rate;
}

static int judge_apply(struct judge *judge, const uint8_t *bytes, size_t len,
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

	strategy_datagram(&judge->strategy, bytes, header);
	for (unsigned int i = 0; i < header->message_count; i++) {
		message = market_data_read(bytes, i);
		if (!strategy_update(&judge->strategy, &message, snapshot,
				     &trigger.order))
			continue;
		lead_ns = judge_lead_ns(judge, len - market_data_len(i + 1));
		trigger.message_ns = stamp_ns - lead_ns;
		rc = pairing_expect(&judge->pairing, &trigger);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int judge_datagram(struct judge *judge, const uint8_t *bytes, size_t len,
		   uint64_t stamp_ns)
{
	struct analysis_result *result = judge->result;
	struct market_data_header header;
	int rc;

	judge->last_ns = stamp_ns;
	if (market_data_decode(bytes, len, &header)) {
		result->bad_datagrams++;
		return 0;
	}
	rc = judge_follow(judge, &header, sight_hash(bytes, len), stamp_ns);
	if (rc <= 0)
		return rc;
	if (header.flags & MARKET_DATA_END_OF_FEED) {
		result->end_of_feed++;
		judge->feed_ended = true;
	}
	if (header.flags & MARKET_DATA_END_OF_FEED && header.message_count == 0)
		return 0;
	result->packets++;
	result->messages += header.message_count;
	result->snapshots += (header.flags & MARKET_DATA_SNAPSHOT) != 0;
	result->multi_message_packets += header.message_count > 1;
	return judge_apply(judge, bytes, len, &header, stamp_ns);
}

int judge_segment(struct judge *judge, const struct frame *frame,
		  uint64_t stamp_ns)
{
	judge->last_ns = stamp_ns;
	return order_stream_frame(&judge->stream, frame, stamp_ns);
}

void judge_doubt(struct judge *judge)
{
	judge->doubtful = true;
}

static void judge_count(struct judge *judge)
{
	struct analysis_result *result = judge->result;

	result->bad_messages = judge->strategy.bad;
	result->no_opposite = judge->strategy.no_opposite;
	analysis_note_pairing(result, &judge->pairing.total);
	result->early_sessions = judge->pairing.early_sessions;
	analysis_note_stream(result, &judge->stream);
	result->wire_to_wire = latencies_summary(&judge->wire_to_wire);
	result->deciding_message =
		judge->config->line_rate > 0
			? latencies_summary(&judge->deciding_message)
			: result->wire_to_wire;
	result->back_to_back = latencies_summary(&judge->back_to_back);
}

int judge_end(struct judge *judge)
{
	int rc = judge_end_session(judge), end_rc;

	end_rc = order_stream_end(&judge->stream);
	judge_count(judge);
	return rc < 0 ? rc : end_rc;
}

static void judge_clear(struct judge *judge)
{
	order_stream_open(&judge->stream,
			  &(struct order_stream_config){
				  .port = (uint16_t)judge->config->order_port,
				  .channel = judge->config->channel,
				  .each = judge_order,
				  .gone = judge_gone,
				  .context = judge });
	latencies_open(&judge->wire_to_wire, LATENCIES_KEPT);
	latencies_open(&judge->deciding_message, LATENCIES_KEPT);
	latencies_open(&judge->back_to_back, LATENCIES_KEPT);
}

int judge_open(const struct analysis_config *config, FILE *samples,
	       struct analysis_result *result, struct judge **out)
{
	struct judge *judge = calloc(1, sizeof(*judge));

	if (!judge)
		return -ENOMEM;
	judge->config = config;
	judge->samples = samples;
	judge->result = result;
	judge_clear(judge);
	judge->sights = calloc(SIGHTS_MAX, sizeof(*judge->sights));
	if (!judge->sights)
		goto free_judge;
	if (strategy_open(&judge->strategy, &config->strategy) < 0)
		goto free_sights;
	if (pairing_open(&judge->pairing,
			 &(struct pairing_config){ .matched = judge_matched,
						   .fault = judge_fault,
						   .context = judge }) < 0)
		goto close_strategy;
	*out = judge;
	return 0;

close_strategy:
	strategy_close(&judge->strategy);
free_sights:
	free(judge->sights);
free_judge:
	free(judge);
	return -ENOMEM;
}

void judge_close(struct judge *judge)
{
	if (!judge)
		return;
	pairing_close(&judge->pairing);
	strategy_close(&judge->strategy);
	order_stream_close(&judge->stream);
	latencies_close(&judge->wire_to_wire);
	latencies_close(&judge->deciding_message);
	latencies_close(&judge->back_to_back);
	free(judge->sights);
	free(judge);
}
