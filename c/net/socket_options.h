/* SPDX-License-Identifier: MIT */
/*
 * Options of a socket that an experiment turns, each kept as the kernel has it
 * unless it is asked for; what is set is read back. socket(7), tcp(7), ip(7).
 *
 * A backend has a struct socket_options among its members, and rows made by
 * SOCKET_OPTION() from the lists that make sense for it.
 */
#ifndef NET_SOCKET_OPTIONS_H
#define NET_SOCKET_OPTIONS_H

#include "base/option.h"

/*
 * The one table: X(ID, name, level, option, value, min, max, what). A new
 * option is one row here, if getsockopt(2) gives back what was set; the enum,
 * the rows of paths and transports, t2t-probe and the experiments' compiler
 * follow from it.
 */

/* clang-format off */
/* Of TCP alone. IP_TOS sets SO_PRIORITY too, so it comes before it. */
#define SOCKET_OPTIONS_TCP(X)                                                  \
	X(TOS, "tos", IPPROTO_IP, IP_TOS, "N", 0, 255,                         \
	  "type of service on the wire"),                                      \
	X(NODELAY, "nodelay", IPPROTO_TCP, TCP_NODELAY, "on|off", 0, 1,        \
	  "send at once; the connection has it on"),                           \
	X(QUICKACK, "quickack", IPPROTO_TCP, TCP_QUICKACK, "on|off", 0, 1,     \
	  "no delayed ACK; the kernel may turn it back on"),                   \
	X(SNDBUF, "sndbuf", SOL_SOCKET, SO_SNDBUF, "BYTES", 4096, 1 << 30,     \
	  "the send buffer"),                                                  \
	X(SNDLOWAT, "sndlowat", SOL_SOCKET, SO_SNDLOWAT, "BYTES", 1, 1 << 30,  \
	  "read-only on Linux: refused"),                                      \
	X(NOTSENT_LOWAT, "notsent_lowat", IPPROTO_TCP, TCP_NOTSENT_LOWAT,      \
	  "BYTES", 1, 1 << 30, "writable below so many unsent bytes")

/* Of any socket. */
#define SOCKET_OPTIONS_ANY(X)                                                  \
	X(RCVLOWAT, "rcvlowat", SOL_SOCKET, SO_RCVLOWAT, "BYTES", 1, 1 << 30,  \
	  "least bytes to wake up for"),                                       \
	X(INCOMING_CPU, "incoming_cpu", SOL_SOCKET, SO_INCOMING_CPU, "CPU",    \
	  0, 4095, "SO_INCOMING_CPU"),                                 \
	X(PRIORITY, "priority", SOL_SOCKET, SO_PRIORITY, "N", 0, 15,           \
	  "SO_PRIORITY, for the qdisc")

/* Of any socket whose owner has no way of its own to poll the NIC. */
#define SOCKET_OPTIONS_BUSY(X)                                                 \
	X(BUSY_POLL, "busy_poll", SOL_SOCKET, SO_BUSY_POLL, "US", 0, 1000000,  \
	  "poll the NIC before sleeping"),                                     \
	X(PREFER_BUSY_POLL, "prefer_busy_poll", SOL_SOCKET,                    \
	  SO_PREFER_BUSY_POLL, "on|off", 0, 1, "no interrupts meanwhile")
/* clang-format on */

#define SOCKET_OPTIONS(X) \
	SOCKET_OPTIONS_TCP(X), SOCKET_OPTIONS_ANY(X), SOCKET_OPTIONS_BUSY(X)

#define SOCKET_OPTION_INDEX(id, ...) SOCKET_##id
/* In the order in which they are set. */
enum socket_option_name {
	SOCKET_OPTIONS(SOCKET_OPTION_INDEX),
	SOCKET_OPTIONS_ALL,
};

extern const struct option_socket socket_options[SOCKET_OPTIONS_ALL];

/* Zeroed: all are kept. */
struct socket_options {
	struct option_keep wanted[SOCKET_OPTIONS_ALL];
};

/* what: who asks, for the log ("--receive spin"). 0 or a negative errno,
 * logged; -EOPNOTSUPP when this kernel can't set it. */
int socket_options_apply(int fd, const struct socket_options *options,
			 const char *what);

/*
 * The row of one of them, whose target is in a member of who; by the list:
 *
 *	#define ROW(...) SOCKET_OPTION(struct path, tuning, __VA_ARGS__)
 *	static const struct option_row rows[] = {
 *		SOCKET_OPTIONS_ANY(ROW), OPTION_END };
 */
#define SOCKET_OPTION(who, member, id, name_, level, option, value_, min_, \
		      max_, about)                                         \
	{                                                                  \
		.name = (name_), .metavar = (value_), .def = "keep",       \
		.type = OPTION_KEEP, .min = (min_), .max = (max_),         \
		.offset = offsetof(who, member.wanted) +                   \
			  SOCKET_##id * sizeof(struct option_keep),        \
		.socket = &socket_options[SOCKET_##id], .help = (about)    \
	}

#endif
