/* SPDX-License-Identifier: MIT */
/*
 * Options of a socket that an experiment turns, each kept as the kernel has it
 * unless it is asked for; what is set is read back. socket(7), tcp(7), ip(7).
 *
 * A backend has a struct socket_options among its members, and rows made by
 * SOCKET_OPTION() for those that make sense for it.
 */
#ifndef NET_SOCKET_OPTIONS_H
#define NET_SOCKET_OPTIONS_H

#include "base/option.h"

enum socket_option_name {
	SOCKET_RCVLOWAT,
	SOCKET_SNDLOWAT,
	SOCKET_SNDBUF,
	SOCKET_BUSY_POLL,
	SOCKET_PREFER_BUSY_POLL,
	SOCKET_INCOMING_CPU,
	SOCKET_TOS,
	SOCKET_PRIORITY, /* after TOS, which sets it too */
	SOCKET_NODELAY,
	SOCKET_QUICKACK,
	SOCKET_NOTSENT_LOWAT,
	SOCKET_OPTIONS_ALL,
};

/* Zeroed: all are kept. */
struct socket_options {
	struct socket_choice {
		int value;
		int set; /* 0: kept */
	} wanted[SOCKET_OPTIONS_ALL];
};

/* "keep", "on", "off", or a number; of a row of OPTION_PARSED. */
int socket_options_parse(const char *text, void *target, const char **why);

/* what: who asks, for the log ("--receive spin"). 0 or a negative errno,
 * logged; -EOPNOTSUPP when this kernel can't set it. */
int socket_options_apply(int fd, const struct socket_options *options,
			 const char *what);

#define SOCKET_OPTION(text, who, member, index, unit, about)          \
	{                                                             \
		.name = text, .value = unit, .initial = "keep",       \
		.type = OPTION_PARSED, .parse = socket_options_parse, \
		.offset = offsetof(who, member.wanted) +              \
			  (index) * sizeof(struct socket_choice),     \
		.help = about                                         \
	}

#endif
