/* SPDX-License-Identifier: MIT */
#include "exchange/marketdata_server.h"

#include <poll.h>
#include <string.h>

int marketdata_server_open(struct marketdata_server *server,
			   const struct marketdata_config *config)
{
	struct marketdata_session *session = &server->session;
	int err;

	memset(server, 0, sizeof(*server));
	session->config = config;
	session->send_times.fd = server->line.link.follower.fd = -1;
	err = marketdata_reader_open(&session->reader, config->loop);
	if (!err)
		err = send_times_open(&session->send_times, config->send_times);
	if (!err)
		err = marketdata_line_open(&server->line, config);
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
	marketdata_line_close(&server->line);
	return err;
}

void marketdata_server_forget(struct marketdata_server *server)
{
	memset(&server->session.reader.source.counts, 0,
	       sizeof(server->session.reader.source.counts));
	marketdata_line_forget(&server->line);
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
	session->live = session->ended = false;
	session->file_pace = (struct file_pace){ 0 };
	session->start_ns = 0;
	marketdata_line_start(&server->line, session);
	return 0;
}

void marketdata_server_stop(struct marketdata_server *server)
{
	server->session.publishing = false;
	marketdata_reader_stop(&server->session.reader);
}

int marketdata_server_publish(struct marketdata_server *server, uint64_t now_ns,
			      enum exchange_event *event)
{
	return marketdata_line_publish(&server->line, &server->session, now_ns,
				       event);
}

uint64_t marketdata_server_due(const struct marketdata_server *server)
{
	return marketdata_line_due(&server->line, &server->session);
}

void marketdata_server_poll(const struct marketdata_server *server,
			    struct pollfd fds[static MARKETDATA_FDS])
{
	bool reader = server->session.publishing && server->line.wait_reader;
	bool room = server->session.publishing && server->line.wait_room;

	fds[0] = (struct pollfd){ .fd = reader ? server->session.reader.filled
					       : -1,
				  .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = room ? server->line.link.path->fd : -1,
				  .events = POLLOUT };
	fds[2] = (struct pollfd){ .fd = server->line.link.follower.fd,
				  .events = POLLIN };
}

void marketdata_server_woken(struct marketdata_server *server,
			     const struct pollfd fds[static MARKETDATA_FDS])
{
	if (fds[0].fd >= 0 && fds[0].revents) {
		marketdata_reader_woken(&server->session.reader);
		server->line.wait_reader = false;
	}
	if (fds[1].fd >= 0 && fds[1].revents)
		server->line.wait_room = false;
	if (fds[2].fd >= 0 && fds[2].revents)
		publish_link_follow(&server->line.link);
}
