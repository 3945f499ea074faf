/* SPDX-License-Identifier: MIT */
/*
 * Market data and order segments, in the order of their stamps, judged: the
 * datagrams go through the trading rule, which tells the orders that must
 * follow; those seen on the session's order connection are paired with them.
 *
 * A session begins with the connection that the exchange has taken and the
 * first datagram behind it; where there is no connection to see, with the
 * sequence numbers that start over. Its books are empty then. A datagram seen
 * twice is applied once.
 */
#ifndef WIRETAP_JUDGE_H
#define WIRETAP_JUDGE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "wire/frame.h"
#include "wiretap/analysis_result.h"

struct judge;

/* Both pointers stay the caller's. samples: pairs go there; NULL: nowhere. 0
 * or a negative errno. */
int judge_open(const struct analysis_config *config, FILE *samples,
	       struct analysis_result *result, struct judge **out);
void judge_close(struct judge *judge); /* NULL is allowed */

/* Each 0 or a negative errno: -ENOMEM, or -EIO of samples. source: as
 * trader/recovery.h has them. A request is what the trader said to the
 * exchange's retransmitter, or its notice. */
int judge_datagram(struct judge *judge, const uint8_t *bytes, size_t len,
		   unsigned int source, uint64_t stamp_ns);
int judge_request(struct judge *judge, const uint8_t *bytes, size_t len,
		  uint64_t stamp_ns);
int judge_segment(struct judge *judge, const struct frame *frame,
		  uint64_t stamp_ns);

/* Is that the other end of the running session's order connection? Who asks
 * from elsewhere is not the trader. True where it is not known. */
bool judge_is_trader(struct judge *judge, uint32_t address, uint16_t port);

/* Something of the running session was not seen whole: what it shows as
 * faults may be the capture's. */
void judge_doubt(struct judge *judge);

/* The capture is over; the result's counts are filled in. */
int judge_end(struct judge *judge);

#endif
