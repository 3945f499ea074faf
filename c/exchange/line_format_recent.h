/* SPDX-License-Identifier: MIT */
/*
 * The last changes that had a number of the venue's. A snapshot that was asked
 * for comes later than it was true: what has changed since is made again
 * behind it.
 */
#ifndef EXCHANGE_LINE_FORMAT_RECENT_H
#define EXCHANGE_LINE_FORMAT_RECENT_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/market_data.h"

#define LINE_FORMAT_RECENT_MAX 4096 /* of all symbols together */

struct line_format_change {
	uint64_t update_id;
	struct market_data_message message;
};

/* All zero: none. */
struct line_format_recent {
	uint64_t count; /* that there ever were */
	struct line_format_change changes[LINE_FORMAT_RECENT_MAX];
};

/* HOT. */
void line_format_recent_add(struct line_format_recent *recent,
			    uint64_t update_id,
			    const struct market_data_message *message);

/* The next change of the symbol behind update_id; *cursor begins with 0.
 * False when there is none. */
bool line_format_recent_next(const struct line_format_recent *recent,
			     uint16_t symbol_id, uint64_t update_id,
			     uint64_t *cursor,
			     struct market_data_message *message);

/* Are all changes of the symbol behind update_id still there? False when that
 * can't be told. */
bool line_format_recent_whole(const struct line_format_recent *recent,
			      uint16_t symbol_id, uint64_t update_id);

#endif
