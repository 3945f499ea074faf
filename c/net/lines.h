/* SPDX-License-Identifier: MIT */
/* One line of market data or two, as --group and --interface name them: of
 * address_parse_groups() and interface_parse_names(). */
#ifndef NET_LINES_H
#define NET_LINES_H

#include <net/if.h>
#include <netinet/in.h>

#include "wire/market_data.h"

/* How many there are: a group's port is 0 where there is none. */
static inline unsigned int lines_count(
	const struct sockaddr_in groups[static MARKET_DATA_LINES_MAX])
{
	return groups[1].sin_port ? 2 : 1;
}

/* The interface of a line, by its number from 0: one that is named alone is for
 * both; "": none is named. */
static inline const char *lines_interface(
	const char interfaces[static MARKET_DATA_LINES_MAX][IFNAMSIZ],
	unsigned int line)
{
	return interfaces[*interfaces[line] ? line : 0];
}

/* Can they be? -EINVAL, logged, where there are more interfaces than groups, or
 * two lines of which each datagram is the other's. */
int lines_check(const struct sockaddr_in groups[static MARKET_DATA_LINES_MAX],
		const char interfaces[static MARKET_DATA_LINES_MAX][IFNAMSIZ]);

#endif
