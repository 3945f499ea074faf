/* SPDX-License-Identifier: MIT */
#include "net/socket_options.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "base/log.h"
#include "net/socket.h"

/* The kernel doubles a buffer, for what it keeps beside the bytes. */
#define TABLE_ROW(id, text, level_, option_, ...)               \
	[SOCKET_##id] = { .level = (level_),                    \
			  .option = (option_),                  \
			  .name = #option_,                     \
			  .doubled = (level_) == SOL_SOCKET &&  \
				     ((option_) == SO_SNDBUF || \
				      (option_) == SO_RCVBUF) }
const struct option_socket socket_options[SOCKET_OPTIONS_ALL] = {
	SOCKET_OPTIONS(TABLE_ROW)
};

static int apply_one(int fd, const struct option_socket *option, int wanted,
		     const char *what)
{
	int found, err;

	err = socket_option(fd, option->level, option->option, wanted, &found);
	if (err) {
		log_error("%s: can't set %s to %d: %s", what, option->name,
			  wanted, log_strerror(err));
		return err == -ENOPROTOOPT ? -EOPNOTSUPP : err;
	}
	if (option->doubled)
		found /= 2;
	if (found != wanted) {
		log_error("%s: %s: requested %d, got %d", what, option->name,
			  wanted, found);
		return -ERANGE;
	}
	return 0;
}

int socket_options_apply(int fd, const struct socket_options *options,
			 const char *what)
{
	for (int i = 0; i < SOCKET_OPTIONS_ALL; i++) {
		int err = 0;

		if (options->wanted[i].set)
			err = apply_one(fd, &socket_options[i],
					options->wanted[i].value, what);
		if (err)
			return err;
	}
	return 0;
}
