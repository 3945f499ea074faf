/* SPDX-License-Identifier: MIT */
#include "net/socket_options.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/log.h"
#include "net/socket.h"

#ifndef SO_PREFER_BUSY_POLL
#define SO_PREFER_BUSY_POLL 69
#endif

static const struct {
	int level;
	int option;
	const char *name;
} table[SOCKET_OPTIONS_ALL] = {
	[SOCKET_RCVLOWAT] = { SOL_SOCKET, SO_RCVLOWAT, "SO_RCVLOWAT" },
	[SOCKET_SNDLOWAT] = { SOL_SOCKET, SO_SNDLOWAT, "SO_SNDLOWAT" },
	[SOCKET_SNDBUF] = { SOL_SOCKET, SO_SNDBUF, "SO_SNDBUF" },
	[SOCKET_BUSY_POLL] = { SOL_SOCKET, SO_BUSY_POLL, "SO_BUSY_POLL" },
	[SOCKET_PREFER_BUSY_POLL] = { SOL_SOCKET, SO_PREFER_BUSY_POLL,
				      "SO_PREFER_BUSY_POLL" },
	[SOCKET_INCOMING_CPU] = { SOL_SOCKET, SO_INCOMING_CPU,
				  "SO_INCOMING_CPU" },
	[SOCKET_PRIORITY] = { SOL_SOCKET, SO_PRIORITY, "SO_PRIORITY" },
	[SOCKET_TOS] = { IPPROTO_IP, IP_TOS, "IP_TOS" },
	[SOCKET_NODELAY] = { IPPROTO_TCP, TCP_NODELAY, "TCP_NODELAY" },
	[SOCKET_QUICKACK] = { IPPROTO_TCP, TCP_QUICKACK, "TCP_QUICKACK" },
	[SOCKET_NOTSENT_LOWAT] = { IPPROTO_TCP, TCP_NOTSENT_LOWAT,
				   "TCP_NOTSENT_LOWAT" },
};

int socket_options_parse(const char *text, void *target, const char **why)
{
	struct socket_choice *choice = target;
	char *end;
	long value;

	choice->set = strcmp(text, "keep") != 0;
	if (!choice->set)
		return 0;
	choice->value = !strcmp(text, "on");
	if (choice->value || !strcmp(text, "off"))
		return 0;
	value = strtol(text, &end, 10);
	if (!*text || *end || value < 0 || value > INT_MAX) {
		*why = "wanted: a number, on, off or keep";
		return -EINVAL;
	}
	choice->value = (int)value;
	return 0;
}

static int apply_one(int fd, enum socket_option_name name, int wanted,
		     const char *what)
{
	int found, err;

	err = socket_option(fd, table[name].level, table[name].option, wanted,
			    &found);
	if (err) {
		log_error("%s: can't set %s to %d: %s", what, table[name].name,
			  wanted, log_reason(err));
		return err == -ENOPROTOOPT ? -EOPNOTSUPP : err;
	}
	/* The kernel doubles it, for what it keeps beside the bytes. */
	if (name == SOCKET_SNDBUF)
		found /= 2;
	if (found != wanted) {
		log_error("%s: asked for %s %d, the kernel made it %d", what,
			  table[name].name, wanted, found);
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
			err = apply_one(fd, i, options->wanted[i].value, what);
		if (err)
			return err;
	}
	return 0;
}
