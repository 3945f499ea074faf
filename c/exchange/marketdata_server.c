/* SPDX-License-Identifier: MIT */
#include "exchange/marketdata_server.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "exchange/marketdata_burst.h"
#include "net/address.h"

/* A line whose link is down may be so far behind the other. */
#define BEHIND_MAX (MARKETDATA_READER_RING / 2)

int marketdata_server_open(struct marketdata_server *server,
			   const struct marketdata_config *config)
{
	struct marketdata_session *session = &server->session;
	int err;

	memset(server, 0, sizeof(*server));
	session->config = config;
	session->send_times.fd = -1;
	err = marketdata_reader_open(&session->reader, config->loop);
	if (!err)
		err = send_times_open(&session->send_times, config->send_times);
	while (!err && server->lines < config->lines) {
		err = marketdata_line_open(&server->line[server->lines], config,
					   server->lines);
		server->lines++;
	}
	if (err)
		marketdata_server_close(server);
	return err;
}

int marketdata_server_close(struct marketdata_server *server)
{
	int err;

	marketdata_server_stop(server);
	marketdata_reader_close(&server->session.reader);
	err = send_times_close(&server->session.send_times);
	for (unsigned int i = 0; i < server->lines; i++)
		marketdata_line_close(&server->line[i]);
	return err;
}

uint64_t marketdata_server_privileges(const struct marketdata_server *server)
{
	uint64_t privileges = 0;

	for (unsigned int i = 0; i < server->lines; i++)
		privileges |=
			publish_path_privileges(server->line[i].link.path);
	return privileges;
}

const char *marketdata_text(const struct marketdata_config *config,
			    char text[static MARKETDATA_TEXT_MAX])
{
	size_t len = 0;

	for (unsigned int i = 0; i < config->lines; i++) {
		const struct publish_path_config *to = &config->to[i];
		char group[ADDRESS_TEXT_MAX];

		len += (size_t)snprintf(text + len, MARKETDATA_TEXT_MAX - len,
					"%s%s through %s", i ? " and " : "",
					address_format(&to->group, group),
					to->interface ? to->interface->name
						      : "the routing table's "
							"choice");
	}
	return text;
}

struct marketdata_counts marketdata_server_counts(
	const struct marketdata_server *server)
{
	struct marketdata_counts sum = { 0 };

	for (unsigned int i = 0; i < server->lines; i++) {
		const struct marketdata_counts *counts =
			&server->line[i].counts;

		sum.packets += counts->packets;
		sum.bytes += counts->bytes;
		sum.refused += counts->refused;
		sum.dropped += counts->dropped;
		sum.oversized += counts->oversized;
		sum.rows_lost += counts->rows_lost;
		if (!sum.first_ns ||
		    (counts->first_ns && counts->first_ns < sum.first_ns))
			sum.first_ns = counts->first_ns;
		if (counts->last_ns > sum.last_ns)
			sum.last_ns = counts->last_ns;
	}
	return sum;
}

void marketdata_server_forget(struct marketdata_server *server)
{
	memset(&server->session.reader.source.counts, 0,
	       sizeof(server->session.reader.source.counts));
	for (unsigned int i = 0; i < server->lines; i++)
		marketdata_line_forget(&server->line[i]);
}

int marketdata_server_start(struct marketdata_server *server)
{
	struct marketdata_session *session = &server->session;
	int err;

	session->reader.tag = session->tag;
	err = marketdata_reader_start(&session->reader, session->config->feed,
				      session->config->format);
	if (err)
		return err;
	session->publishing = true;
	session->live = session->ended = session->came = false;
	session->file_pace = (struct file_pace){ 0 };
	session->start_ns = session->start_wall_ns = 0;
	session->taken = session->reached = server->released =
		spsc_begin(&session->reader.ring);
	for (unsigned int i = 0; i < server->lines; i++)
		marketdata_burst_start(&server->line[i], session);
	return 0;
}

void marketdata_server_stop(struct marketdata_server *server)
{
	server->session.publishing = false;
	marketdata_reader_stop(&server->session.reader);
}

/* The reader may write where no line has anything left to send. */
static void release(struct marketdata_server *server)
{
	uint64_t least = server->line[0].released;

	for (unsigned int i = 1; i < server->lines; i++)
		if (server->line[i].released < least)
			least = server->line[i].released;
	if (least == server->released)
		return;
	server->released = least;
	marketdata_reader_release(&server->session.reader, least);
}

/* What one line did may concern the others. */
static void lines_settle(struct marketdata_server *server, uint64_t now_ns)
{
	for (unsigned int i = 0; i < server->lines; i++) {
		struct marketdata_line *line = &server->line[i];
		uint64_t behind = server->session.reached - line->released;

		if (line->link.down_since_ns && behind > BEHIND_MAX)
			marketdata_burst_give_up(line, &server->session, now_ns,
						 behind - BEHIND_MAX);
		if (server->session.came)
			line->wait_reader = false;
	}
	server->session.came = false;
}

int marketdata_server_publish(struct marketdata_server *server, uint64_t now_ns,
			      enum exchange_event *event)
{
	int told = 0;

	for (unsigned int i = 0; !told && i < server->lines; i++) {
		told = marketdata_line_publish(&server->line[i],
					       &server->session, now_ns, event);
		if (server->lines > 1)
			lines_settle(server, now_ns);
		release(server);
	}
	return told;
}

uint64_t marketdata_server_due(const struct marketdata_server *server)
{
	uint64_t due_ns = UINT64_MAX;

	for (unsigned int i = 0; i < server->lines; i++)
		due_ns = clock_sooner(due_ns,
				      marketdata_burst_due(&server->line[i],
							   &server->session));
	return due_ns;
}

void marketdata_server_poll(const struct marketdata_server *server,
			    struct pollfd fds[static MARKETDATA_FDS])
{
	const struct marketdata_session *session = &server->session;

	for (unsigned int i = 0; i < 1 + 2 * server->lines; i++)
		fds[i] = (struct pollfd){ .fd = -1 };
	for (unsigned int i = 0; i < server->lines; i++) {
		const struct marketdata_line *line = &server->line[i];
		bool room = session->publishing && line->wait_room;

		if (session->publishing && line->wait_reader)
			fds[0] = (struct pollfd){ .fd = session->reader.filled,
						  .events = POLLIN };
		fds[1 + 2 * i] =
			(struct pollfd){ .fd = room ? line->link.path->fd : -1,
					 .events = POLLOUT };
		fds[2 + 2 * i] = (struct pollfd){ .fd = line->link.follower.fd,
						  .events = POLLIN };
	}
}

void marketdata_server_woken(struct marketdata_server *server,
			     const struct pollfd fds[static MARKETDATA_FDS])
{
	const bool filled = fds[0].fd >= 0 && fds[0].revents;

	if (filled)
		marketdata_reader_woken(&server->session.reader);
	for (unsigned int i = 0; i < server->lines; i++) {
		struct marketdata_line *line = &server->line[i];
		const struct pollfd *room = &fds[1 + 2 * i];
		const struct pollfd *news = &fds[2 + 2 * i];

		if (filled)
			line->wait_reader = false;
		if (room->fd >= 0 && room->revents)
			line->wait_room = false;
		if (news->fd >= 0 && news->revents)
			publish_link_follow(&line->link);
	}
}
