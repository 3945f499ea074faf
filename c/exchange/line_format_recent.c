/* SPDX-License-Identifier: MIT */
#include "exchange/line_format_recent.h"

static uint64_t first_kept(const struct line_format_recent *recent)
{
	return recent->count > LINE_FORMAT_RECENT_MAX
		       ? recent->count - LINE_FORMAT_RECENT_MAX
		       : 0;
}

static const struct line_format_change *change_at(
	const struct line_format_recent *recent, uint64_t at)
{
	return &recent->changes[at % LINE_FORMAT_RECENT_MAX];
}

void line_format_recent_add(struct line_format_recent *recent,
			    uint64_t update_id,
			    const struct market_data_message *message)
{
	struct line_format_change *change =
		&recent->changes[recent->count++ % LINE_FORMAT_RECENT_MAX];

	change->update_id = update_id;
	change->message = *message;
}

bool line_format_recent_next(const struct line_format_recent *recent,
			     uint16_t symbol_id, uint64_t update_id,
			     uint64_t *cursor,
			     struct market_data_message *message)
{
	uint64_t at = first_kept(recent);

	for (at = *cursor > at ? *cursor : at; at < recent->count; at++) {
		const struct line_format_change *change = change_at(recent, at);

		if (change->message.symbol_id != symbol_id ||
		    change->update_id <= update_id)
			continue;
		*message = change->message;
		*cursor = at + 1;
		return true;
	}
	*cursor = recent->count;
	return false;
}

bool line_format_recent_whole(const struct line_format_recent *recent,
			      uint16_t symbol_id, uint64_t update_id)
{
	uint64_t at = first_kept(recent);

	if (at == 0)
		return true;
	/* The numbers of a symbol rise. */
	for (; at < recent->count; at++)
		if (change_at(recent, at)->message.symbol_id == symbol_id)
			return change_at(recent, at)->update_id <= update_id;
	return false;
}
