/* SPDX-License-Identifier: MIT */
#include "net/lines.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/log.h"

static bool is_same(const struct sockaddr_in *one,
		    const struct sockaddr_in *other)
{
	return one->sin_addr.s_addr == other->sin_addr.s_addr &&
	       one->sin_port == other->sin_port;
}

int lines_check(const struct sockaddr_in groups[static MARKET_DATA_LINES_MAX],
		const char interfaces[static MARKET_DATA_LINES_MAX][IFNAMSIZ])
{
	if (lines_count(groups) == 1) {
		if (!*interfaces[1])
			return 0;
		log_error("--interface: two of them need two groups, --group "
			  "ADDR:PORT,ADDR:PORT");
		return -EINVAL;
	}
	if (is_same(&groups[0], &groups[1]) &&
	    strcmp(lines_interface(interfaces, 0),
		   lines_interface(interfaces, 1)) == 0) {
		log_error("--group: both lines are one: name two groups, or "
			  "two interfaces");
		return -EINVAL;
	}
	return 0;
}
