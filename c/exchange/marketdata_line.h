/* SPDX-License-Identifier: MIT */
/*
 * One line of the market data server: what is published, as it leaves for one
 * group. It has a place of its own in what the reader has read ahead, its own
 * publish path, burst and impairments; what is due when is the same on each
 * line, since each draws it from the same seed. What all lines share is told
 * and kept by the one that reaches it first. Never blocks.
 */
#ifndef EXCHANGE_MARKETDATA_LINE_H
#define EXCHANGE_MARKETDATA_LINE_H

#include "exchange/marketdata_session.h"

/* The line of that number, from 0. 0 or a negative errno, logged. config must
 * outlive the line. On failure, too, the line is to be closed. */
int marketdata_line_open(struct marketdata_line *line,
			 const struct marketdata_config *config,
			 unsigned int number);
void marketdata_line_close(struct marketdata_line *line);

/* What was counted is forgotten. */
void marketdata_line_forget(struct marketdata_line *line);

/* HOT. As marketdata_server_publish(). */
int marketdata_line_publish(struct marketdata_line *line,
			    struct marketdata_session *session, uint64_t now_ns,
			    enum exchange_event *event);

#endif
