/* SPDX-License-Identifier: MIT */
/* What the market data server is told, what its lines share in a session, and
 * what each has: for marketdata_burst, which says what is due, and
 * marketdata_line, which sends it. */
#ifndef EXCHANGE_MARKETDATA_SESSION_H
#define EXCHANGE_MARKETDATA_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "exchange/exchange_state.h"
#include "exchange/file_pace.h"
#include "exchange/impairments_parse.h"
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
	const char *send;   /* "PATH[:key=value,...]" */
	unsigned int lines; /* 1 to MARKET_DATA_LINES_MAX */
	struct publish_path_config to[MARKET_DATA_LINES_MAX];
	line_format_function *format;
	struct pace_config pace;
	struct impairments_config impairments[MARKET_DATA_LINES_MAX];
	/* The first line's impairments draw from it, the others' from what it
	 * draws. */
	uint64_t seed;
	bool loop;
	unsigned int on_full; /* enum marketdata_on_full */
	/* File, of the first line; NULL: none. What a publish path sends in
	 * one call is taken to leave evenly between the call's begin and its
	 * end. */
	const char *send_times;
};

struct marketdata_counts {
	uint64_t packets;
	uint64_t bytes;
	uint64_t refused;   /* sends that the kernel had no room for */
	uint64_t dropped;   /* datagrams given up for it, or for a link that
			       is down */
	uint64_t oversized; /* datagrams too long for the way they were to go */
	uint64_t rows_lost; /* of send_times: the disk was too slow */
	uint64_t first_ns;  /* monotonic: of the first and last one sent */
	uint64_t last_ns;
};

/* What the lines of a server share. */
struct marketdata_session {
	const struct marketdata_config *config;
	uint16_t tag;		      /* market_data_session_tag(); 0: untold */
	struct retransmitter *keeper; /* remembers what is due; NULL: none */
	struct marketdata_reader reader;
	struct send_times send_times;

	bool publishing;
	/* By the line that came first: */
	bool live;	/* a line of the feed that is no snapshot was reached */
	bool ended;	/* so was the end */
	uint64_t taken; /* from the ring, up to this place */
	uint64_t reached; /* what is due or told */
	bool came; /* a line that was about to wait for the reader need not */
	struct file_pace file_pace;
	uint32_t end_sequence;
	uint64_t start_ns;	/* monotonic; 0: before the first datagram */
	uint64_t start_wall_ns; /* the same instant; 0: not asked yet */
};

struct marketdata_line {
	unsigned int number; /* from 0 */
	struct publish_link link;

	/* Of a session: */
	struct pace pace;
	bool ended;
	uint64_t end_due_ns; /* of the next end-of-feed datagram */
	uint64_t retry_ns;   /* no send before; 0: none was refused */
	bool wait_room;	     /* until the path's fd is writable */
	bool wait_reader;    /* until the reader has more */
	uint64_t at;	     /* place in the ring, behind `next` */
	uint64_t consumed;   /* behind what is in the burst, lost or held */
	uint64_t released;   /* all before is needed no more */
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

#endif
