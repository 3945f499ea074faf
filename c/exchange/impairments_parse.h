/* SPDX-License-Identifier: MIT */
/*
 * What the exchange's options say of impairments: a value for all lines, or
 * for some by their letters, "1%", "A:1%", "A:1%,B:0.5%". For OPTION_PARSED;
 * targets are struct impairments_config[MARKET_DATA_LINES_MAX]. A line that is
 * not named where another is has none. 0, or -EINVAL with *why.
 */
#ifndef EXCHANGE_IMPAIRMENTS_PARSE_H
#define EXCHANGE_IMPAIRMENTS_PARSE_H

#include "exchange/impairments.h"

/* A value is a share: "1%", "0.5%", "0.01". */
int impairments_parse_lose(const char *text, void *target, const char **why);
int impairments_parse_duplicate(const char *text, void *target,
				const char **why);
int impairments_parse_swap(const char *text, void *target, const char **why);

/* A value is "[SHARE:]US": without a share all packets are late. */
int impairments_parse_delay(const char *text, void *target, const char **why);

/* Of so many lines: do they leave anything as it is? -EINVAL, logged, where the
 * shares of one are more than all, or one is named that isn't there. */
int impairments_check(const struct impairments_config configs[],
		      unsigned int lines);

#endif
