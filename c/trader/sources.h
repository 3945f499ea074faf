/* SPDX-License-Identifier: MIT */
/*
 * Where a trader's datagrams come from: market data on one line or two, each by
 * a receive path of its own, and the answers of the exchange's retransmitter,
 * by a UDP socket that takes no one else's. Who has one line and asks for
 * nothing polls that alone: receive_poll(sources->line[0], ...).
 */
#ifndef TRADER_SOURCES_H
#define TRADER_SOURCES_H

#include <stdbool.h>

#include "receive/receive_ops.h"
#include "wire/market_data.h"
#include "wire/retransmit.h"

/* As bits of sources_wait(), behind those of the lines. */
#define SOURCES_ANSWERS (1U << MARKET_DATA_LINES_MAX)
#define SOURCES_ALL	((1U << (MARKET_DATA_LINES_MAX + 1)) - 1)

/* So long a wait lasts at most, as a path's own does. */
#define SOURCES_WAIT_NS 100000000

/* The longest answer; a longer one is no datagram of the exchange's. */
#define SOURCES_ANSWER_MAX 2048

struct sources {
	struct receive *line[MARKET_DATA_LINES_MAX];
	unsigned int lines;
	bool sleeps; /* a line's poll does */

	int answers; /* the socket; -1: nobody is asked */
	struct sockaddr_in asked;
	bool unreachable_told;
	uint64_t requests;  /* that left here, without notices */
	uint64_t unsent;    /* requests and notices that did not */
	uint64_t unwelcome; /* answers that are none, for their length */
	uint8_t answer[SOURCES_ANSWER_MAX];
};

/*
 * Open the path ("PATH[:key=value,...]") once for each line. 0 or a negative
 * errno, as receive_open(): -EINVAL also where two lines are asked of what an
 * interface has one of; logged.
 */
int sources_open(struct sources *sources, const char *path,
		 const struct receive_config *line, unsigned int lines);

/* The socket to ask by, instead of the last session's: from our end of the
 * order connection, address (0.0.0.0: whatever the routing table says) and
 * port, so that the exchange knows who asks and serves him first; where that
 * port is taken, from another one. To the retransmitter, whose datagrams alone
 * it takes; nobody need be there. 0 or a negative errno, logged. */
int sources_answers_open(struct sources *sources, const struct sockaddr_in *own,
			 const struct sockaddr_in *retransmitter);

void sources_close(struct sources *sources);

/*
 * HOT. Sleep until a line has something, or where answers is set the
 * retransmitter, for timeout_ns and SOURCES_WAIT_NS at most: bits of what may
 * be polled (1 << line, SOURCES_ANSWERS); 0: nothing came. A negative errno
 * when a path is broken. All that the last polls yielded is given back.
 */
int sources_wait(struct sources *sources, bool answers, uint64_t timeout_ns);

/* HOT. The next answer; it lies in sources->answer until the next call. False:
 * there is none just now. */
bool sources_answer(struct sources *sources, struct packet *packet);

/* Send a request, or a notice. What can't be sent is counted, and told once:
 * the retransmitter may be gone and come back. */
void sources_ask(struct sources *sources,
		 const struct retransmit_request *request);

/* Of all lines together, as those of a path; alive: the line that is gone in
 * *gone. */
uint64_t sources_drops(struct sources *sources);
uint64_t sources_strangers(const struct sources *sources);
int sources_alive(struct sources *sources, unsigned int *gone);

#endif
