/* SPDX-License-Identifier: MIT */
#include "exchange/marketdata_burst.h"

#include <errno.h>

#include "base/random.h"

#define END_EVERY_NS 100000000 /* one that is lost is not the last */

void marketdata_burst_start(struct marketdata_line *line,
			    struct marketdata_session *session)
{
	const struct marketdata_config *config = session->config;
	/* Of gaps that are drawn, too, but not of the same numbers. */
	uint64_t seed = ~config->seed;

	/* Seeds that differ by a constant may draw one stream, shifted. */
	for (unsigned int i = 0; i < line->number; i++)
		seed = random_next(&seed);
	line->retry_ns = 0;
	line->wait_room = line->wait_reader = line->ended = false;
	line->at = line->consumed = line->released =
		spsc_begin(&session->reader.ring);
	line->next = NULL;
	line->burst_sent = line->burst_count = 0;
	pace_start(&line->pace, &config->pace, config->seed);
	impairments_start(&line->impairments, seed);
}

/* Take the next record from the ring. False when there is none. */
static bool next_take(struct marketdata_line *line,
		      struct marketdata_session *session, uint64_t now_ns)
{
	const uint64_t before_ns = line->pace.file_ns;
	size_t len;

	line->next = spsc_next(&session->reader.ring, &line->at, &len);
	if (!line->next)
		return false;
	if (session->start_ns == 0)
		session->start_ns = now_ns;
	line->next_len = len - sizeof(*line->next);
	line->next_due_ns =
		line->next_len == 0
			? 0 /* a mark: due as soon as it is reached */
			: session->start_ns + line->impairments.shift_ns +
				  pace_next(&line->pace, line->next->time_ns,
					    line->next->flags &
						    MARKETDATA_RECORD_SNAPSHOT);
	if (line->at <= session->taken)
		return true; /* another line was here */
	session->taken = line->at;
	if (session->config->pace.kind == PACE_FILE && line->next_len > 0)
		file_pace_tell(&session->file_pace, line->next->sequence,
			       line->next->time_ns,
			       line->next->flags & MARKETDATA_RECORD_SNAPSHOT,
			       line->pace.file_ns - before_ns);
	return true;
}

/* A mark was reached; all before it is sent. Returns 1 where this line is the
 * first there. */
static int mark_handle(struct marketdata_line *line,
		       struct marketdata_session *session, uint64_t now_ns,
		       enum exchange_event *event)
{
	const uint32_t flags = line->next->flags;
	const uint32_t sequence = line->next->sequence;

	line->next = NULL;
	line->consumed = line->released = line->at;
	if (flags & MARKETDATA_RECORD_END) {
		line->ended = true;
		line->end_due_ns = now_ns;
	}
	if (line->at <= session->reached)
		return 0;
	session->reached = line->at;
	*event = EXCHANGE_END_OF_FEED;
	if (flags & MARKETDATA_RECORD_FAILED)
		*event = EXCHANGE_FEED_FAILED;
	if (flags & MARKETDATA_RECORD_END) {
		session->ended = true;
		session->end_sequence = sequence;
	}
	return 1;
}

/* after: what is needed no more once it is sent. */
static void burst_add(struct marketdata_line *line, const uint8_t *bytes,
		      size_t len, uint32_t sequence, uint64_t due_ns,
		      uint64_t after)
{
	unsigned int n = line->burst_count++;

	line->burst_bytes[n].iov_base = (void *)(uintptr_t)bytes;
	line->burst_bytes[n].iov_len = len;
	line->burst_after[n] = after;
	line->burst_due_ns[n] = due_ns;
	line->burst_sequence[n] = sequence;
}

/* `next`, which is due: into the burst, as the line lets it. */
static void next_use(struct marketdata_line *line,
		     struct marketdata_session *session, uint64_t now_ns)
{
	const struct marketdata_record *record = line->next;
	bool is_paced = session->config->pace.kind != PACE_MAX;
	uint64_t due_ns = is_paced ? line->next_due_ns : now_ns;
	const uint64_t before = line->consumed;
	enum impairments_fate fate = IMPAIRMENTS_PASS;

	line->next = NULL;
	line->consumed = line->at;
	if (line->at > session->reached) {
		session->reached = line->at;
		if (session->keeper)
			retransmitter_keep(session->keeper, record->sequence,
					   record->bytes, line->next_len);
	}
	if (line->impairments.any)
		fate = impairments_take(&line->impairments, record->bytes,
					line->next_len, record->sequence,
					due_ns);
	if (fate == IMPAIRMENTS_LOSE || fate == IMPAIRMENTS_HOLD)
		return;
	/* Its bytes are where they were read: until the last copy is sent. */
	if (fate == IMPAIRMENTS_DUPLICATE)
		burst_add(line, record->bytes, line->next_len, record->sequence,
			  due_ns, before);
	burst_add(line, record->bytes, line->next_len, record->sequence, due_ns,
		  line->consumed);
	if (line->impairments.any)
		impairments_passed(&line->impairments, due_ns);
}

/* What was held and is due. False when there is none. */
static bool held_use(struct marketdata_line *line, uint64_t now_ns)
{
	const struct impairments_held *held =
		line->impairments.any
			? impairments_due(&line->impairments, now_ns)
			: NULL;

	if (held)
		burst_add(line, held->bytes, held->len, held->sequence,
			  held->due_ns, line->consumed);
	return held;
}

/* Make a burst of what is due. Returns 1 when an event comes first. */
static int gather(struct marketdata_line *line,
		  struct marketdata_session *session, uint64_t now_ns,
		  enum exchange_event *event)
{
	/* One that is doubled takes two places. */
	const unsigned int room =
		PUBLISH_PATH_BURST_MAX - line->impairments.any;

	line->burst_sent = line->burst_count = 0;
	impairments_sent(&line->impairments);
	while (line->burst_count < room) {
		if (held_use(line, now_ns))
			continue;
		if (!line->next && !next_take(line, session, now_ns))
			break;
		if (line->next_len == 0) {
			/* Before a mark all that waits leaves. */
			impairments_passed(&line->impairments, now_ns);
			if (held_use(line, now_ns))
				continue;
			if (line->burst_count > 0 ||
			    impairments_next_ns(&line->impairments) !=
				    UINT64_MAX)
				break;
			if (mark_handle(line, session, now_ns, event))
				return 1;
			if (line->ended)
				break;
			continue;
		}
		if (line->next_due_ns > now_ns)
			break;
		if (!session->live &&
		    !(line->next->flags & MARKETDATA_RECORD_SNAPSHOT)) {
			if (line->burst_count > 0)
				break;
			session->live = true;
			*event = EXCHANGE_LIVE_LINE;
			return 1;
		}
		next_use(line, session, now_ns);
	}
	/* All of it was lost, or is held. */
	if (line->burst_count == 0 && line->impairments.any)
		line->released = line->consumed;
	return 0;
}

enum marketdata_turn marketdata_burst_turn(struct marketdata_line *line,
					   struct marketdata_session *session,
					   uint64_t now_ns,
					   enum exchange_event *event)
{
	if (line->wait_reader &&
	    impairments_next_ns(&line->impairments) <= now_ns)
		line->wait_reader = false;
	if (!session->publishing || line->wait_room || line->wait_reader ||
	    now_ns < line->retry_ns)
		return MARKETDATA_REST;
	line->retry_ns = 0; /* what was refused may be given up by now */
	if (line->ended)
		return now_ns < line->end_due_ns ? MARKETDATA_REST
						 : MARKETDATA_END;
	if (line->burst_sent == line->burst_count &&
	    gather(line, session, now_ns, event))
		return MARKETDATA_TELL;
	if (line->burst_sent < line->burst_count)
		return MARKETDATA_SEND;
	return line->next || line->ended ? MARKETDATA_REST : MARKETDATA_READ;
}

void marketdata_burst_sent(struct marketdata_line *line, unsigned int count)
{
	line->burst_sent += count;
	line->released = line->burst_after[line->burst_sent - 1];
}

/* No room: EAGAIN of the socket's buffer, ENOBUFS of the interface's queue,
 * ENETDOWN of a link that is down. A path that stopped short hides the reason:
 * asking again will tell. */
static uint64_t refused_wait_ns(int err)
{
	return err == -ENETDOWN ? PUBLISH_LINK_DOWN_NS : PUBLISH_LINK_BUSY_NS;
}

void marketdata_burst_refused(struct marketdata_line *line,
			      const struct marketdata_session *session, int err,
			      uint64_t now_ns)
{
	line->counts.refused++;
	if (session->config->on_full == MARKETDATA_DROP) {
		line->counts.dropped++;
		marketdata_burst_sent(line, 1);
	} else if (err == -EAGAIN) {
		line->wait_room = true;
	} else {
		line->retry_ns = now_ns + refused_wait_ns(err);
	}
}

/* Again and again, under one number. */
size_t marketdata_burst_end(struct marketdata_line *line,
			    const struct marketdata_session *session,
			    uint64_t now_ns,
			    uint8_t bytes[static MARKET_DATA_DATAGRAM_MAX])
{
	const struct market_data_header header = {
		.sequence = session->end_sequence,
		.flags = market_data_tag_flags(session->tag) |
			 MARKET_DATA_END_OF_FEED,
	};

	market_data_write_header(bytes, &header);
	line->end_due_ns = now_ns + END_EVERY_NS;
	return sizeof(header);
}

void marketdata_burst_end_refused(struct marketdata_line *line, int err,
				  uint64_t now_ns)
{
	line->counts.refused += err != -EINTR;
	line->end_due_ns = now_ns + refused_wait_ns(err);
}

void marketdata_burst_give_up(struct marketdata_line *line,
			      struct marketdata_session *session,
			      uint64_t now_ns, uint64_t bytes)
{
	const uint64_t until = line->released + bytes;
	const uint64_t due_ns = now_ns + line->impairments.shift_ns;
	enum exchange_event event; /* none: another line has told it */
	uint64_t before;

	do {
		before = line->released;
		if (line->burst_sent == line->burst_count)
			gather(line, session, due_ns, &event);
		line->counts.dropped += line->burst_count - line->burst_sent;
		line->burst_sent = line->burst_count;
		line->released = line->consumed;
	} while (line->released < until && line->released > before &&
		 !line->ended);
}

uint64_t marketdata_burst_due(const struct marketdata_line *line,
			      const struct marketdata_session *session)
{
	const uint64_t held_ns = impairments_next_ns(&line->impairments);

	if (!session->publishing || line->wait_room)
		return UINT64_MAX;
	if (line->wait_reader)
		return held_ns;
	if (line->retry_ns)
		return line->retry_ns;
	if (line->ended)
		return line->end_due_ns;
	if (line->burst_sent < line->burst_count || !line->next)
		return 0;
	/* A mark waits for what is held. */
	if (line->next_len == 0 && held_ns != UINT64_MAX)
		return held_ns;
	return held_ns < line->next_due_ns ? held_ns : line->next_due_ns;
}
