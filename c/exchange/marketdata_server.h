/* SPDX-License-Identifier: MIT */
/*
 * The market data server: one publish path, open from start to end, and per
 * session the feed, read ahead by a thread and sent by the caller's loop
 * when it is due. Never blocks. A link that goes down ends nothing: what is due
 * meanwhile is sent late, or dropped if it says so (on_full).
 */
#ifndef EXCHANGE_MARKETDATA_SERVER_H
#define EXCHANGE_MARKETDATA_SERVER_H

#include <poll.h>

#include "exchange/marketdata_line.h"

struct marketdata_server {
	struct marketdata_session session;
	struct marketdata_line line;
};

/* 0 or a negative errno, logged. config must outlive the server. */
int marketdata_server_open(struct marketdata_server *server,
			   const struct marketdata_config *config);
/* 0, or -EIO if not all send times could be written. */
int marketdata_server_close(struct marketdata_server *server);

/* A session begins: what was counted in the one before is forgotten. */
void marketdata_server_forget(struct marketdata_server *server);

/* Begin to publish: open the feed, from its first line, sequence 0. 0 or a
 * negative errno, logged. */
int marketdata_server_start(struct marketdata_server *server);

/* End it: nothing is sent any more, the feed is closed. Counts and lags
 * stay. */
void marketdata_server_stop(struct marketdata_server *server);

/*
 * HOT. Send what is due, at most one burst. now_ns: monotonic. Returns 1 with
 * an event that the caller handles before it calls again (a live line is
 * announced before it is sent), else 0.
 */
int marketdata_server_publish(struct marketdata_server *server, uint64_t now_ns,
			      enum exchange_event *event);

/* When to call again, monotonic: 0 at once, UINT64_MAX when only what
 * marketdata_server_poll() asks for can change anything. */
uint64_t marketdata_server_due(const struct marketdata_server *server);

/* Descriptors to wait for: fds[0] for the reader, fds[1] for room to send,
 * fds[2] for news of the link; an fd of -1 is not waited for. After the wait,
 * woken() reads them. */
#define MARKETDATA_FDS 3

void marketdata_server_poll(const struct marketdata_server *server,
			    struct pollfd fds[static MARKETDATA_FDS]);
void marketdata_server_woken(struct marketdata_server *server,
			     const struct pollfd fds[static MARKETDATA_FDS]);

#endif
