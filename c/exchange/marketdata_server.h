/* SPDX-License-Identifier: MIT */
/*
 * The market data server: one line or two, each a publish path, open from
 * start to end, and per session the feed, read ahead by a thread and sent by
 * the caller's loop when it is due: the same datagrams on each line. Never
 * blocks. A link that goes down ends nothing: what is due meanwhile is sent
 * late, or dropped if it says so (on_full). Nor does it hold up the other line:
 * once it is half the ring of what is read ahead behind, more is dropped.
 */
#ifndef EXCHANGE_MARKETDATA_SERVER_H
#define EXCHANGE_MARKETDATA_SERVER_H

#include <poll.h>

#include "exchange/marketdata_line.h"

struct marketdata_server {
	struct marketdata_session session;
	uint64_t released; /* of the ring, by all lines */
	unsigned int lines;
	struct marketdata_line line[MARKET_DATA_LINES_MAX];
};

/* 0 or a negative errno, logged. config must outlive the server. */
int marketdata_server_open(struct marketdata_server *server,
			   const struct marketdata_config *config);
/* 0, or -EIO if not all send times could be written. */
int marketdata_server_close(struct marketdata_server *server);

/* Of its publish paths, see publish_path_privileges(). */
uint64_t marketdata_server_privileges(const struct marketdata_server *server);

/* Where it publishes: "239.255.0.1:12345 through eth0 and ...". */
#define MARKETDATA_TEXT_MAX 128
const char *marketdata_text(const struct marketdata_config *config,
			    char text[static MARKETDATA_TEXT_MAX]);

/* What its lines counted, together: first_ns of the first that had any, last_ns
 * of the last. */
struct marketdata_counts marketdata_server_counts(
	const struct marketdata_server *server);

/* A session begins: what was counted in the one before is forgotten. */
void marketdata_server_forget(struct marketdata_server *server);

/* Begin to publish: open the feed, from its first line, sequence 0. 0 or a
 * negative errno, logged. */
int marketdata_server_start(struct marketdata_server *server);

/* End it: nothing is sent any more, the feed is closed. Counts and lags
 * stay. */
void marketdata_server_stop(struct marketdata_server *server);

/*
 * HOT. Send what is due, at most one burst a line. now_ns: monotonic. Returns
 * 1 with an event that the caller handles before it calls again (a live line
 * is announced before it is sent), else 0.
 */
int marketdata_server_publish(struct marketdata_server *server, uint64_t now_ns,
			      enum exchange_event *event);

/* When to call again, monotonic: 0 at once, UINT64_MAX when only what
 * marketdata_server_poll() asks for can change anything. */
uint64_t marketdata_server_due(const struct marketdata_server *server);

/* Descriptors to wait for: fds[0] for the reader, and for each line one for
 * room to send and one for news of the link; an fd of -1 is not waited for.
 * After the wait, woken() reads them. */
#define MARKETDATA_FDS (1 + 2 * MARKET_DATA_LINES_MAX)

void marketdata_server_poll(const struct marketdata_server *server,
			    struct pollfd fds[static MARKETDATA_FDS]);
void marketdata_server_woken(struct marketdata_server *server,
			     const struct pollfd fds[static MARKETDATA_FDS]);

#endif
