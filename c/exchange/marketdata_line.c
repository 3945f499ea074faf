/* SPDX-License-Identifier: MIT */
#include "exchange/marketdata_line.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "exchange/marketdata_burst.h"
#include "net/address.h"
#include "net/network_error.h"

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

/* Of one instant of the session, for all of it: the clocks drift. */
static uint64_t wall_less_monotonic(struct marketdata_session *session)
{
	if (session->start_wall_ns == 0)
		session->start_wall_ns =
			clock_realtime_ns() -
			(clock_monotonic_ns() - session->start_ns);
	return session->start_wall_ns - session->start_ns;
}

/* Note when burst[first..last) was to leave and left, in a call that began and
 * ended then. */
static void sends_note(struct marketdata_line *line,
		       struct marketdata_session *session, unsigned int first,
		       unsigned int last, uint64_t begin_ns, uint64_t end_ns)
{
	uint64_t wall_ns = 0;
	bool is_paced = session->config->pace.kind != PACE_MAX;
	bool times = session->send_times.file && line->number == 0;
	struct send_time rows[PUBLISH_PATH_BURST_MAX];

	if (times)
		wall_ns = wall_less_monotonic(session);
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

/* It will be as long the next time: it is left out. */
static void oversized_skip(struct marketdata_line *line)
{
	size_t len = line->burst_bytes[line->burst_sent].iov_len;

	if (line->counts.oversized++ == 0)
		log_error("a datagram of %zu bytes is not sent: it is longer "
			  "than the interface's MTU allows; further ones are "
			  "only counted",
			  len);
	marketdata_burst_sent(line, 1);
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
		marketdata_burst_sent(line, (unsigned int)n);
		sends_note(line, session, first, line->burst_sent, now_ns,
			   n > 1 ? clock_monotonic_ns() : now_ns);
	} else if (n == -EMSGSIZE) {
		oversized_skip(line);
	} else if (network_error(n) == NETWORK_STANDS) {
		return send_failed(line, n);
	} else if (n != -EINTR) {
		marketdata_burst_refused(line, session, n, now_ns);
	}
	return 0;
}

/* Say that the feed is over. 0 or a negative errno. */
static int end_send(struct marketdata_line *line,
		    struct marketdata_session *session, uint64_t now_ns)
{
	uint8_t datagram[MARKET_DATA_DATAGRAM_MAX];
	const struct iovec bytes = {
		.iov_base = datagram,
		.iov_len =
			marketdata_burst_end(line, session, now_ns, datagram),
	};
	int err = publish_link_send(&line->link, &bytes, 1);

	if (err >= 0)
		return 0;
	if (network_error(err) == NETWORK_STANDS)
		return send_failed(line, err);
	marketdata_burst_end_refused(line, err, now_ns);
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

	switch (marketdata_burst_turn(line, session, now_ns, event)) {
	case MARKETDATA_REST:
		break;
	case MARKETDATA_TELL:
		return 1;
	case MARKETDATA_SEND:
		err = burst_send(line, session);
		break;
	case MARKETDATA_END:
		err = end_send(line, session, now_ns);
		break;
	case MARKETDATA_READ:
		reader_wait(line, session);
		break;
	}
	if (!err)
		return 0;
	session->publishing = false;
	*event = EXCHANGE_FEED_FAILED;
	return 1;
}
