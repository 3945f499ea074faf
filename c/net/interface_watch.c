/* SPDX-License-Identifier: MIT */
#include "net/interface_watch.h"

#include <errno.h>

int interface_watch_open(struct interface_watch *watch, const char *name)
{
	const struct in_addr nobody = { .s_addr = INADDR_ANY };

	watch->gone = false;
	return follower_open(&watch->follower, name, nobody);
}

void interface_watch_close(struct interface_watch *watch)
{
	follower_close(&watch->follower);
}

int interface_watch_look(struct interface_watch *watch)
{
	if (!watch->gone && watch->follower.fd >= 0) {
		int changes = follower_follow(&watch->follower);

		watch->gone = changes == -ENODEV ||
			      (changes > 0 && changes & FOLLOWER_ANEW);
	}
	return watch->gone ? -ENODEV : 0;
}
