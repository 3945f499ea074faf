/* SPDX-License-Identifier: MIT */
/*
 * The market data server: one publish path, open from start to end, and per
 * session the feed, read ahead by a thread and sent by the caller's loop
 * when it is due. Never blocks. A link that goes down ends nothing: what is due
 * meanwhile is sent late, or dropped if it says so (on_full).
 */
#ifndef EXCHANGE_MARKETDATA_SERVER_H
#define EXCHANGE_MARKETDATA_SERVER_H

#include <netinet/in.h>
#include <poll.h>

#include "exchange/exchange_state.h"
#include "exchange/file_pace.h"
#include "exchange/impairments.h"
#include "exchange/lag.h"
#include "exchange/marketdata_reader.h"
#include "exchange/pace.h"
#include "exchange/retransmitter.h"
#include "exchange/send_times.h"
#include "publish/publish_link.h"

/* What to do with a datagram that the kernel has no room for. */
enum marketdata_on_full { MARKETDATA_RETRY, MARKETDATA_DROP };

struct marketdata_config {
	const char *feed;
	const char *send; /* "PATH[:key=value,...]" */
	struct publish_path_config to;
	line_format_function *format;
	struct pace_config pace;
	struct impairments_config impairments;
	uint64_t seed;
	bool loop;
	unsigned int on_full; /* enum marketdata_on_full */
	/* File; NULL: none. What a publish path sends in one call is taken
	 * to leave evenly between the call's begin and its end. */
	const char *send_times;
};

struct marketdata_counts {
	uint64_t packets;
	uint64_t bytes;
	uint64_t refused;   /* sends that the kernel had no room for */
	uint64_t dropped;   /* datagrams given up for it */
	uint64_t oversized; /* datagrams too long for the way they were to go */
	uint64_t rows_lost; /* of send_times: the disk was too slow */
	uint64_t first_ns;  /* monotonic: of the first and last one sent */
	uint64_t last_ns;
};

struct marketdata_server {
	const struct marketdata_config *config;
	uint16_t tag; /* of the next session: market_data_session_tag(); 0:
			 untold */
	struct retransmitter *keeper; /* remembers what is due; NULL: none */
	struct publish_link link;
	struct marketdata_reader reader;
	struct send_times send_times;

	/* Of a session: */
	bool publishing;
	bool live; /* a line that is no snapshot was reached */
	bool ended;
	struct file_pace file_pace;
	uint32_t end_sequence;
	uint64_t end_due_ns; /* of the next end-of-feed datagram */
	struct pace pace;
	uint64_t start_ns; /* monotonic; 0: before the first datagram */
	uint64_t start_wall_ns;
	uint64_t retry_ns; /* no send before; 0: none was refused */
	bool wait_room;	   /* until the path's fd is writable */
	bool wait_reader;  /* until the reader has more */
	uint64_t at;	   /* place in the ring, behind `next` */
	uint64_t consumed; /* behind what is in the burst, lost or held */
	const struct marketdata_record *next; /* taken and not yet due */
	size_t next_len;
	uint64_t next_due_ns; /* monotonic */
	struct marketdata_counts counts;
	struct impairments impairments;
	struct lag lag;

	/* Being sent: */
	unsigned int burst_sent, burst_count;
	uint64_t burst_after[PUBLISH_PATH_BURST_MAX]; /* consumed with each */
	uint64_t burst_due_ns[PUBLISH_PATH_BURST_MAX];
	uint32_t burst_sequence[PUBLISH_PATH_BURST_MAX];
	struct iovec burst_bytes[PUBLISH_PATH_BURST_MAX];
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
