/* SPDX-License-Identifier: MIT */
/*
 * What a line of the market data server has to send now: what the reader has
 * read ahead, by its pace and as impairments let it, in bursts. Pure: records
 * and times go in, what is to leave, to be told or waited for comes out. No
 * socket is touched and no clock read; that is marketdata_line's.
 */
#ifndef EXCHANGE_MARKETDATA_BURST_H
#define EXCHANGE_MARKETDATA_BURST_H

#include "exchange/marketdata_session.h"

enum marketdata_turn {
	MARKETDATA_REST, /* until marketdata_burst_due() */
	MARKETDATA_TELL, /* the event; then the next turn */
	MARKETDATA_SEND, /* the burst, from burst_sent on */
	MARKETDATA_END,	 /* what marketdata_burst_end() has */
	MARKETDATA_READ, /* wait for the reader: wait_reader */
};

/* The session begins: the reader has started. */
void marketdata_burst_start(struct marketdata_line *line,
			    struct marketdata_session *session);

/* HOT. What the line has to do at now_ns (monotonic). */
enum marketdata_turn marketdata_burst_turn(struct marketdata_line *line,
					   struct marketdata_session *session,
					   uint64_t now_ns,
					   enum exchange_event *event);

/* HOT. So many more of the burst have left, or are not to: at least one. */
void marketdata_burst_sent(struct marketdata_line *line, unsigned int count);

/* The next of the burst was refused: a negative errno. */
void marketdata_burst_refused(struct marketdata_line *line,
			      const struct marketdata_session *session, int err,
			      uint64_t now_ns);

/* Write the datagram that says that the feed is over; its length. */
size_t marketdata_burst_end(struct marketdata_line *line,
			    const struct marketdata_session *session,
			    uint64_t now_ns,
			    uint8_t bytes[static MARKET_DATA_DATAGRAM_MAX]);
void marketdata_burst_end_refused(struct marketdata_line *line, int err,
				  uint64_t now_ns);

/* Give up what is due within its first `bytes` of the ring, as if the kernel
 * had no room for it: it is counted as dropped. Only what another line has
 * reached already. */
void marketdata_burst_give_up(struct marketdata_line *line,
			      struct marketdata_session *session,
			      uint64_t now_ns, uint64_t bytes);

/* As marketdata_server_due(). */
uint64_t marketdata_burst_due(const struct marketdata_line *line,
			      const struct marketdata_session *session);

#endif
