/* SPDX-License-Identifier: MIT */
/* What the trader says that it went on without, of the market data that were
 * sent to it: a socket's buffer ran over, or something on the way to it did. */
#ifndef WIRETAP_LACKED_H
#define WIRETAP_LACKED_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/market_data.h"

struct lacked;

/* Of what t2t-trader --json said. *lacked is NULL where it lacked nothing. 0 or
 * a negative errno, logged. */
int lacked_read(const char *path, struct lacked **lacked);
void lacked_free(struct lacked *lacked); /* NULL is allowed */

/* How many; *all: it told of each of them which it was. */
uint64_t lacked_packets(const struct lacked *lacked, bool *all);

/* Is it a datagram of these? */
bool lacked_has(const struct lacked *lacked,
		const struct market_data_header *header);

#endif
