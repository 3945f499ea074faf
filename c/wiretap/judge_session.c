/* SPDX-License-Identifier: MIT */
#include "wiretap/judge_session.h"

#include "wiretap/order_bytes.h"

/* A datagram's second sight comes within this; so does an answer. */
#define SIGHT_MAX_NS  CLOCK_NS_PER_S
#define ANSWER_MAX_NS CLOCK_NS_PER_S

void judge_session_gone(void *context,
			const struct order_stream_connection *connection)
{
	struct judge *judge = context;

	/* At the capture's end its session has looked at it. */
	if (connection->number != judge->connection || judge->over)
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

/* What of the numbers is open at the end. */
static void judge_settle(struct judge *judge)
{
	struct recovery *recovery = &judge->recovery;
	const uint64_t races = recovery->counts.raced - judge->races;

	/* Neither came nor told to be given up. */
	if (recovery->busy) {
		judge->result->open_gaps++;
		judge->doubtful = true;
	}
	judge->races += races;
	judge->doubtful |= races > 0;
	recovery_settle(recovery,
			recovery->session.expected - judge->feed_ended);
}

int judge_session_end(struct judge *judge)
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
		judge_session_gone(judge, connection);
	}
	if (!judge->connection && judge->pairing.session.triggers > 0) {
		judge->result->sessions_without_connection++;
		judge->doubtful = true;
	}
	/* Nothing in order came behind it: it may be the capture that lacks
	 * what was before. */
	if (judge->recovery.session.witnesses > 0) {
		judge->result->gaps++;
		judge->result->open_gaps++;
		judge->doubtful = true;
		judge->feed_ended |= judge->recovery.session.doubted_end;
		judge->recovery.session.witnesses = 0;
	}
	judge_settle(judge);
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
	struct session *session = &judge->recovery.session;
	int rc = judge->result->sessions > 0 ? judge_session_end(judge) : 0;

	strategy_reset(&judge->strategy);
	judge->result->sessions++;
	if (connection) {
		judge->connection = connection->number;
		connection->served = true;
	} else if (judge->result->sessions > 1) {
		judge->connection = 0;
	}
	/* Whoever saw the connection open should have seen number 0. */
	recovery_begin(&judge->recovery,
		       connection && judge_is_tagged(connection, tag) ? tag
								      : 0);
	session->tag_bits = market_data_tag_flags(session->tag);
	session->started = connection && connection->start_known;
	judge->logon_from_ns = connection ? connection->syn_ns : 0;
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

/* The connection whose session has this tag and is yet to come. They are served
 * in the order in which their handshakes ended, not in that of their SYNs. */
static struct order_stream_connection *judge_find_tagged(struct judge *judge,
							 uint16_t tag)
{
	struct order_stream_connection *next = NULL;
	uint64_t after = 0;

	while ((next = order_stream_established(&judge->stream, after)) &&
	       (next->served || !judge_is_tagged(next, tag)))
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

	if ((!tag && !judge->recovery.session.tag) ||
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
	const uint16_t tag = market_data_tag(header->flags);
	const struct sight *seen = &judge->sights[sequence % SIGHTS_MAX];
	uint32_t ahead = sequence - judge->recovery.session.expected;
	struct order_stream_connection *next;

	/* A number half the way round has the low bits of a near one. */
	*again = ahead + INT32_MAX / 2 <= INT32_MAX && seen->session > 0 &&
		 seen->session == (uint32_t)result->sessions &&
		 seen->sequence == (sequence & INT32_MAX);
	if (result->sessions > 0 && ahead <= INT32_MAX)
		return 0;
	next = tag ? judge_find_tagged(judge, tag)
		   : order_stream_established(
			     &judge->stream,
			     result->sessions ? judge->connection : 0);
	if (result->sessions == 0) {
		result->joined_mid_session =
			sequence > 0 && !(next && next->start_known);
		judge->doubtful |= result->joined_mid_session;
	} else if (!judge_starts_over(judge, next, sequence, stamp_ns,
				      *again)) {
		return 0;
	}
	*again = false;
	return judge_begin_session(judge, next, tag);
}

int judge_session_find(struct judge *judge,
		       const struct market_data_header *header,
		       uint64_t stamp_ns, bool *again)
{
	const uint16_t tag = market_data_tag(header->flags);
	int rc = judge_read_tag(judge, tag);

	judge->result->untagged |= rc == 0 && tag == 0;
	return rc ? rc : judge_find_session(judge, header, stamp_ns, again);
}
