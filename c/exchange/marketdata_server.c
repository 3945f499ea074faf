/* SPDX-License-Identifier: MIT */
#include "exchange/marketdata_server.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/address.h"
#include "net/network_error.h"

#define END_EVERY_NS 100000000 /* one that is lost is not the last */

int marketdata_server_open(struct marketdata_server *server,
			   const struct marketdata_config *config)
{
	int err;

	memset(server, 0, sizeof(*server));
	server->config = config;
	server->send_times.fd = server->link.follower.fd = -1;
	err = marketdata_reader_open(&server->reader, config->loop);
	if (!err)
		err = impairments_open(&server->impairments,
				       &config->impairments);
	if (!err)
		err = send_times_open(&server->send_times, config->send_times);
	if (!err)
		err = publish_link_open(&server->link, config->send,
					&config->to);
	if (err)
		marketdata_server_close(server);
	return err;
}

int marketdata_server_close(struct marketdata_server *server)
{
	int err;

	marketdata_server_stop(server);
	marketdata_reader_close(&server->reader);
	impairments_close(&server->impairments);
	err = send_times_close(&server->send_times);
	publish_link_close(&server->link);
	return err;
}

void marketdata_server_forget(struct marketdata_server *server)
{
	memset(&server->counts, 0, sizeof(server->counts));
	memset(&server->reader.source.counts, 0,
	       sizeof(server->reader.source.counts));
	memset(&server->lag, 0, sizeof(server->lag));
	memset(&server->impairments.counts, 0,
	       sizeof(server->impairments.counts));
	server->link.downs = server->link.down_since_ns ? 1 : 0;
	server->link.down_ns = 0;
}

int marketdata_server_start(struct marketdata_server *server)
{
	const struct marketdata_config *config = server->config;
	int err;

	server->reader.tag = server->tag;
	err = marketdata_reader_start(&server->reader, config->feed,
				      config->format);
	if (err)
		return err;
	server->publishing = true;
	server->live = server->ended = false;
	server->file_pace = (struct file_pace){ 0 };
	server->start_ns = server->retry_ns = 0;
	server->wait_room = server->wait_reader = false;
	server->at = server->consumed = spsc_begin(&server->reader.ring);
	server->next = NULL;
	server->burst_sent = server->burst_count = 0;
	pace_start(&server->pace, &config->pace, config->seed);
	/* Of gaps that are drawn, too, but not of the same numbers. */
	impairments_start(&server->impairments, ~config->seed);
	return 0;
}

void marketdata_server_stop(struct marketdata_server *server)
{
	server->publishing = false;
	marketdata_reader_stop(&server->reader);
}

static void clock_start(struct marketdata_server *server, uint64_t now_ns)
{
	server->start_ns = now_ns;
	server->start_wall_ns =
		clock_realtime_ns() - (clock_monotonic_ns() - now_ns);
}

/* Take the next record from the ring. False when there is none. */
static bool next_take(struct marketdata_server *server, uint64_t now_ns)
{
	const uint64_t before_ns = server->pace.file_ns;
	size_t len;

	server->next = spsc_next(&server->reader.ring, &server->at, &len);
	if (!server->next)
		return false;
	if (server->start_ns == 0)
		clock_start(server, now_ns);
	server->next_len = len - sizeof(*server->next);
	server->next_due_ns =
		server->next_len == 0
			? 0 /* a mark: due as soon as it is reached */
			: server->start_ns + server->impairments.shift_ns +
				  pace_next(&server->pace,
					    server->next->time_ns,
					    server->next->flags &
						    MARKETDATA_RECORD_SNAPSHOT);
	if (server->config->pace.kind == PACE_FILE && server->next_len > 0)
		file_pace_tell(&server->file_pace, server->next->sequence,
			       server->next->time_ns,
			       server->next->flags & MARKETDATA_RECORD_SNAPSHOT,
			       server->pace.file_ns - before_ns);
	return true;
}

/* A mark was reached; all before it is sent. */
static int mark_handle(struct marketdata_server *server, uint64_t now_ns,
		       enum exchange_event *event)
{
	uint32_t flags = server->next->flags;

	*event = EXCHANGE_END_OF_FEED;
	if (flags & MARKETDATA_RECORD_FAILED)
		*event = EXCHANGE_FEED_FAILED;
	if (flags & MARKETDATA_RECORD_END) {
		server->ended = true;
		server->end_sequence = server->next->sequence;
		server->end_due_ns = now_ns;
	}
	server->next = NULL;
	server->consumed = server->at;
	marketdata_reader_release(&server->reader, server->at);
	return 1;
}

static void burst_add(struct marketdata_server *server, const uint8_t *bytes,
		      size_t len, uint32_t sequence, uint64_t due_ns)
{
	unsigned int n = server->burst_count++;

	server->burst_bytes[n].iov_base = (void *)(uintptr_t)bytes;
	server->burst_bytes[n].iov_len = len;
	server->burst_after[n] = server->consumed;
	server->burst_due_ns[n] = due_ns;
	server->burst_sequence[n] = sequence;
}

/* `next`, which is due: into the burst, as the line lets it. */
static void next_use(struct marketdata_server *server, uint64_t now_ns)
{
	const struct marketdata_record *record = server->next;
	bool is_paced = server->config->pace.kind != PACE_MAX;
	uint64_t due_ns = is_paced ? server->next_due_ns : now_ns;
	enum impairments_fate fate = IMPAIRMENTS_PASS;

	server->next = NULL;
	server->consumed = server->at;
	if (server->keeper)
		retransmitter_keep(server->keeper, record->sequence,
				   record->bytes, server->next_len);
	if (server->impairments.any)
		fate = impairments_take(&server->impairments, record->bytes,
					server->next_len, record->sequence,
					due_ns);
	if (fate == IMPAIRMENTS_LOSE || fate == IMPAIRMENTS_HOLD)
		return;
	burst_add(server, record->bytes, server->next_len, record->sequence,
		  due_ns);
	if (fate == IMPAIRMENTS_DUPLICATE)
		burst_add(server, record->bytes, server->next_len,
			  record->sequence, due_ns);
	if (server->impairments.any)
		impairments_passed(&server->impairments, due_ns);
}

/* What was held and is due. False when there is none. */
static bool held_use(struct marketdata_server *server, uint64_t now_ns)
{
	const struct impairments_held *held =
		server->impairments.any
			? impairments_due(&server->impairments, now_ns)
			: NULL;

	if (held)
		burst_add(server, held->bytes, held->len, held->sequence,
			  held->due_ns);
	return held;
}

/* Make a burst of what is due. Returns 1 when an event comes first. */
static int burst_gather(struct marketdata_server *server, uint64_t now_ns,
			enum exchange_event *event)
{
	/* One that is doubled takes two places. */
	const unsigned int room =
		PUBLISH_PATH_BURST_MAX - server->impairments.any;

	server->burst_sent = server->burst_count = 0;
	impairments_sent(&server->impairments);
	while (server->burst_count < room) {
		if (held_use(server, now_ns))
			continue;
		if (!server->next && !next_take(server, now_ns))
			break;
		if (server->next_len == 0) {
			/* Before a mark all that waits leaves. */
			impairments_passed(&server->impairments, now_ns);
			if (held_use(server, now_ns))
				continue;
			if (server->burst_count > 0 ||
			    impairments_next_ns(&server->impairments) !=
				    UINT64_MAX)
				break;
			return mark_handle(server, now_ns, event);
		}
		if (server->next_due_ns > now_ns)
			break;
		if (!server->live &&
		    !(server->next->flags & MARKETDATA_RECORD_SNAPSHOT)) {
			if (server->burst_count > 0)
				break;
			server->live = true;
			*event = EXCHANGE_LIVE_LINE;
			return 1;
		}
		next_use(server, now_ns);
	}
	/* All of it was lost, or is held. */
	if (server->burst_count == 0 && server->impairments.any)
		marketdata_reader_release(&server->reader, server->consumed);
	return 0;
}

/* Note when burst[first..last) was to leave and left, in a call that began and
 * ended then. */
static void sends_note(struct marketdata_server *server, unsigned int first,
		       unsigned int last, uint64_t begin_ns, uint64_t end_ns)
{
	uint64_t wall_ns = server->start_wall_ns - server->start_ns;
	bool is_paced = server->config->pace.kind != PACE_MAX;
	struct send_time rows[PUBLISH_PATH_BURST_MAX];

	for (unsigned int i = first; i < last; i++) {
		/* One call hands them over one behind the other. */
		uint64_t sent_ns = begin_ns + (end_ns - begin_ns) *
						      (i - first) /
						      (last - first);
		uint64_t due_ns = is_paced ? server->burst_due_ns[i] : sent_ns;

		server->counts.bytes += server->burst_bytes[i].iov_len;
		lag_add(&server->lag, sent_ns - due_ns);
		if (!server->send_times.file)
			continue;
		rows[i - first] = (struct send_time){
			.sequence = server->burst_sequence[i],
			.intended_ns = wall_ns + due_ns,
			.sent_ns = wall_ns + sent_ns,
		};
	}
	server->counts.packets += last - first;
	if (server->counts.first_ns == 0)
		server->counts.first_ns = begin_ns;
	server->counts.last_ns = end_ns;
	if (server->send_times.file &&
	    send_times_put(&server->send_times, rows, last - first) < 0)
		server->counts.rows_lost += last - first;
}

/* No room: EAGAIN of the socket's buffer, ENOBUFS of the interface's queue,
 * ENETDOWN of a link that is down. A path that stopped short hides the reason:
 * asking again will tell. */
static uint64_t refused_wait_ns(int err)
{
	return err == -ENETDOWN ? PUBLISH_LINK_DOWN_NS : PUBLISH_LINK_BUSY_NS;
}

static void send_refused(struct marketdata_server *server, int err,
			 uint64_t now_ns)
{
	server->counts.refused++;
	if (server->config->on_full == MARKETDATA_DROP) {
		server->counts.dropped++;
		server->burst_sent++;
	} else if (err == -EAGAIN) {
		server->wait_room = true;
	} else {
		server->retry_ns = now_ns + refused_wait_ns(err);
	}
}

/* It will be as long the next time: it is left out. */
static void oversized_skip(struct marketdata_server *server)
{
	size_t len = server->burst_bytes[server->burst_sent].iov_len;

	if (server->counts.oversized++ == 0)
		log_error("a datagram of %zu bytes is not sent: it is longer "
			  "than the interface's MTU allows; further ones are "
			  "only counted",
			  len);
	server->burst_sent++;
}

static int send_failed(const struct marketdata_server *server, int err)
{
	char group[ADDRESS_TEXT_MAX];

	log_error("can't send to %s: %s",
		  address_format(&server->config->to.group, group),
		  log_strerror(err));
	return err;
}

/* Send the burst, or what is left of it. 0 or a negative errno. */
static int burst_send(struct marketdata_server *server)
{
	unsigned int first = server->burst_sent;
	uint64_t now_ns = clock_monotonic_ns();
	int n = publish_link_send(&server->link, server->burst_bytes + first,
				  server->burst_count - first);

	server->retry_ns = 0; /* it may go now */
	if (n > 0) {
		server->burst_sent += (unsigned int)n;
		sends_note(server, first, server->burst_sent, now_ns,
			   n > 1 ? clock_monotonic_ns() : now_ns);
	} else if (n == -EMSGSIZE) {
		oversized_skip(server);
	} else if (network_error(n) == NETWORK_STANDS) {
		return send_failed(server, n);
	} else if (n != -EINTR) {
		send_refused(server, n, now_ns);
	}
	if (server->burst_sent > first)
		marketdata_reader_release(
			&server->reader,
			server->burst_after[server->burst_sent - 1]);
	return 0;
}

/* Say that the feed is over; again and again, under one number. */
static int end_send(struct marketdata_server *server, uint64_t now_ns)
{
	const struct market_data_header header = {
		.sequence = server->end_sequence,
		.flags = market_data_tag_flags(server->tag) |
			 MARKET_DATA_END_OF_FEED,
	};
	uint8_t datagram[sizeof(header)];
	const struct iovec bytes = { .iov_base = datagram,
				     .iov_len = sizeof(datagram) };
	int err;

	if (now_ns < server->end_due_ns)
		return 0;
	market_data_write_header(datagram, &header);
	err = publish_link_send(&server->link, &bytes, 1);
	if (err < 0) {
		if (network_error(err) == NETWORK_STANDS)
			return send_failed(server, err);
		server->counts.refused += err != -EINTR;
		server->end_due_ns = now_ns + refused_wait_ns(err);
		return 0;
	}
	server->end_due_ns = now_ns + END_EVERY_NS;
	return 0;
}

int marketdata_server_publish(struct marketdata_server *server, uint64_t now_ns,
			      enum exchange_event *event)
{
	int err = 0;

	if (server->wait_reader &&
	    impairments_next_ns(&server->impairments) <= now_ns)
		server->wait_reader = false;
	if (!server->publishing || server->wait_room || server->wait_reader ||
	    now_ns < server->retry_ns)
		return 0;
	if (server->ended) {
		err = end_send(server, now_ns);
	} else {
		if (server->burst_sent == server->burst_count &&
		    burst_gather(server, now_ns, event))
			return 1;
		if (server->burst_sent < server->burst_count)
			err = burst_send(server);
		else if (!server->next)
			server->wait_reader = marketdata_reader_wait(
				&server->reader, server->at);
	}
	if (err) {
		server->publishing = false;
		*event = EXCHANGE_FEED_FAILED;
		return 1;
	}
	return 0;
}

uint64_t marketdata_server_due(const struct marketdata_server *server)
{
	const uint64_t held_ns = impairments_next_ns(&server->impairments);

	if (!server->publishing || server->wait_room)
		return UINT64_MAX;
	if (server->wait_reader)
		return held_ns;
	if (server->retry_ns)
		return server->retry_ns;
	if (server->ended)
		return server->end_due_ns;
	if (server->burst_sent < server->burst_count || !server->next)
		return 0;
	/* A mark waits for what is held. */
	if (server->next_len == 0 && held_ns != UINT64_MAX)
		return held_ns;
	return held_ns < server->next_due_ns ? held_ns : server->next_due_ns;
}

void marketdata_server_poll(const struct marketdata_server *server,
			    struct pollfd fds[static MARKETDATA_FDS])
{
	bool reader = server->publishing && server->wait_reader;
	bool room = server->publishing && server->wait_room;

	fds[0] = (struct pollfd){ .fd = reader ? server->reader.filled : -1,
				  .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = room ? server->link.path->fd : -1,
				  .events = POLLOUT };
	fds[2] = (struct pollfd){ .fd = server->link.follower.fd,
				  .events = POLLIN };
}

void marketdata_server_woken(struct marketdata_server *server,
			     const struct pollfd fds[static MARKETDATA_FDS])
{
	if (fds[0].fd >= 0 && fds[0].revents) {
		marketdata_reader_woken(&server->reader);
		server->wait_reader = false;
	}
	if (fds[1].fd >= 0 && fds[1].revents)
		server->wait_room = false;
	if (fds[2].fd >= 0 && fds[2].revents)
		publish_link_follow(&server->link);
}
