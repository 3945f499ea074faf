/* SPDX-License-Identifier: MIT */
#include "exchange/marketdata_line.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "net/address.h"
#include "net/network_error.h"

#define END_EVERY_NS 100000000 /* one that is lost is not the last */

int marketdata_line_open(struct marketdata_line *line,
			 const struct marketdata_config *config,
			 unsigned int number)
{
	int err;

	memset(line, 0, sizeof(*line));
	line->link.follower.fd = -1;
	line->number = number;
	err = impairments_open(&line->impairments,
			       &config->impairments[number]);
	if (!err)
		err = publish_link_open(&line->link, config->send,
					&config->to[number]);
	return err;
}

void marketdata_line_close(struct marketdata_line *line)
{
	impairments_close(&line->impairments);
	publish_link_close(&line->link);
}

void marketdata_line_forget(struct marketdata_line *line)
{
	memset(&line->counts, 0, sizeof(line->counts));
	memset(&line->lag, 0, sizeof(line->lag));
	memset(&line->impairments.counts, 0, sizeof(line->impairments.counts));
	line->link.downs = line->link.down_since_ns ? 1 : 0;
	line->link.down_ns = 0;
}

void marketdata_line_start(struct marketdata_line *line,
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

static void clock_start(struct marketdata_session *session, uint64_t now_ns)
{
	session->start_ns = now_ns;
	session->start_wall_ns =
		clock_realtime_ns() - (clock_monotonic_ns() - now_ns);
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
		clock_start(session, now_ns);
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

static void burst_add(struct marketdata_line *line, const uint8_t *bytes,
		      size_t len, uint32_t sequence, uint64_t due_ns)
{
	unsigned int n = line->burst_count++;

	line->burst_bytes[n].iov_base = (void *)(uintptr_t)bytes;
	line->burst_bytes[n].iov_len = len;
	line->burst_after[n] = line->consumed;
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
	burst_add(line, record->bytes, line->next_len, record->sequence,
		  due_ns);
	if (fate == IMPAIRMENTS_DUPLICATE)
		burst_add(line, record->bytes, line->next_len, record->sequence,
			  due_ns);
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
			  held->due_ns);
	return held;
}

/* Make a burst of what is due. Returns 1 when an event comes first. */
static int burst_gather(struct marketdata_line *line,
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

/* Note when burst[first..last) was to leave and left, in a call that began and
 * ended then. */
static void sends_note(struct marketdata_line *line,
		       struct marketdata_session *session, unsigned int first,
		       unsigned int last, uint64_t begin_ns, uint64_t end_ns)
{
	uint64_t wall_ns = session->start_wall_ns - session->start_ns;
	bool is_paced = session->config->pace.kind != PACE_MAX;
	bool times = session->send_times.file && line->number == 0;
	struct send_time rows[PUBLISH_PATH_BURST_MAX];

	for (unsigned int i = first; i < last; i++) {
		/* One call hands them over one behind the other. */
		uint64_t sent_ns = begin_ns + (end_ns - begin_ns) *
						      (i - first) /
						      (last - first);
		uint64_t due_ns = is_paced ? line->burst_due_ns[i] : sent_ns;

		line->counts.bytes += line->burst_bytes[i].iov_len;
		lag_add(&line->lag, sent_ns - due_ns);
		if (!times)
			continue;
		rows[i - first] = (struct send_time){
			.sequence = line->burst_sequence[i],
			.intended_ns = wall_ns + due_ns,
			.sent_ns = wall_ns + sent_ns,
		};
	}
	line->counts.packets += last - first;
	if (line->counts.first_ns == 0)
		line->counts.first_ns = begin_ns;
	line->counts.last_ns = end_ns;
	if (times &&
	    send_times_put(&session->send_times, rows, last - first) < 0)
		line->counts.rows_lost += last - first;
}

/* No room: EAGAIN of the socket's buffer, ENOBUFS of the interface's queue,
 * ENETDOWN of a link that is down. A path that stopped short hides the reason:
 * asking again will tell. */
static uint64_t refused_wait_ns(int err)
{
	return err == -ENETDOWN ? PUBLISH_LINK_DOWN_NS : PUBLISH_LINK_BUSY_NS;
}

static void send_refused(struct marketdata_line *line,
			 struct marketdata_session *session, int err,
			 uint64_t now_ns)
{
	line->counts.refused++;
	if (session->config->on_full == MARKETDATA_DROP) {
		line->counts.dropped++;
		line->burst_sent++;
	} else if (err == -EAGAIN) {
		line->wait_room = true;
	} else {
		line->retry_ns = now_ns + refused_wait_ns(err);
	}
}

/* It will be as long the next time: it is left out. */
static void oversized_skip(struct marketdata_line *line)
{
	size_t len = line->burst_bytes[line->burst_sent].iov_len;

	if (line->counts.oversized++ == 0)
		log_error("a datagram of %zu bytes is not sent: it is longer "
			  "than the interface's MTU allows; further ones are "
			  "only counted",
			  len);
	line->burst_sent++;
}

static int send_failed(const struct marketdata_line *line, int err)
{
	char group[ADDRESS_TEXT_MAX];

	log_error("can't send to %s: %s",
		  address_format(&line->link.config.group, group),
		  log_strerror(err));
	return err;
}

/* Send the burst, or what is left of it. 0 or a negative errno. */
static int burst_send(struct marketdata_line *line,
		      struct marketdata_session *session)
{
	unsigned int first = line->burst_sent;
	uint64_t now_ns = clock_monotonic_ns();
	int n = publish_link_send(&line->link, line->burst_bytes + first,
				  line->burst_count - first);

	line->retry_ns = 0; /* it may go now */
	if (n > 0) {
		line->burst_sent += (unsigned int)n;
		sends_note(line, session, first, line->burst_sent, now_ns,
			   n > 1 ? clock_monotonic_ns() : now_ns);
	} else if (n == -EMSGSIZE) {
		oversized_skip(line);
	} else if (network_error(n) == NETWORK_STANDS) {
		return send_failed(line, n);
	} else if (n != -EINTR) {
		send_refused(line, session, n, now_ns);
	}
	if (line->burst_sent > first)
		line->released = line->burst_after[line->burst_sent - 1];
	return 0;
}

/* Say that the feed is over; again and again, under one number. */
static int end_send(struct marketdata_line *line,
		    struct marketdata_session *session, uint64_t now_ns)
{
	const struct market_data_header header = {
		.sequence = session->end_sequence,
		.flags = market_data_tag_flags(session->tag) |
			 MARKET_DATA_END_OF_FEED,
	};
	uint8_t datagram[sizeof(header)];
	const struct iovec bytes = { .iov_base = datagram,
				     .iov_len = sizeof(datagram) };
	int err;

	if (now_ns < line->end_due_ns)
		return 0;
	market_data_write_header(datagram, &header);
	err = publish_link_send(&line->link, &bytes, 1);
	if (err < 0) {
		if (network_error(err) == NETWORK_STANDS)
			return send_failed(line, err);
		line->counts.refused += err != -EINTR;
		line->end_due_ns = now_ns + refused_wait_ns(err);
		return 0;
	}
	line->end_due_ns = now_ns + END_EVERY_NS;
	return 0;
}

static void reader_wait(struct marketdata_line *line,
			struct marketdata_session *session)
{
	line->wait_reader = marketdata_reader_wait(&session->reader, line->at);
	/* Nobody wakes the others now either. */
	session->came |= !line->wait_reader;
}

int marketdata_line_publish(struct marketdata_line *line,
			    struct marketdata_session *session, uint64_t now_ns,
			    enum exchange_event *event)
{
	int err = 0;

	if (line->wait_reader &&
	    impairments_next_ns(&line->impairments) <= now_ns)
		line->wait_reader = false;
	if (!session->publishing || line->wait_room || line->wait_reader ||
	    now_ns < line->retry_ns)
		return 0;
	if (line->ended) {
		err = end_send(line, session, now_ns);
	} else {
		if (line->burst_sent == line->burst_count &&
		    burst_gather(line, session, now_ns, event))
			return 1;
		if (line->burst_sent < line->burst_count)
			err = burst_send(line, session);
		else if (!line->next && !line->ended)
			reader_wait(line, session);
	}
	if (err) {
		session->publishing = false;
		*event = EXCHANGE_FEED_FAILED;
		return 1;
	}
	return 0;
}

void marketdata_line_give_up(struct marketdata_line *line,
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
			burst_gather(line, session, due_ns, &event);
		line->counts.dropped += line->burst_count - line->burst_sent;
		line->burst_sent = line->burst_count;
		line->released = line->consumed;
	} while (line->released < until && line->released > before &&
		 !line->ended);
}

uint64_t marketdata_line_due(const struct marketdata_line *line,
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
