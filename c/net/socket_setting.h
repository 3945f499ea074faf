/* SPDX-License-Identifier: MIT */
/* For the sockets of net/socket.h: opened, and with options that have the value
 * requested, or else it is a failure. */
#ifndef NET_SOCKET_SETTING_H
#define NET_SOCKET_SETTING_H

#include <netinet/in.h>
#include <stddef.h>

struct socket_setting {
	int level;
	int option;
	int wanted;
	const char *name;
};

/* Set each and read it back. 0, or a negative errno, logged with the name. */
int socket_settings_apply(int fd, const struct socket_setting *settings,
			  size_t count);

/* A socket of IPv4, close-on-exec, of this type and its SOCK_ flags; or a
 * negative errno, logged. */
int socket_open(int type);

/* Logs errno as "can't WHAT ADDRESS:PORT: reason" and returns it negative. */
int socket_fault(const char *what, const struct sockaddr_in *address);

#endif
