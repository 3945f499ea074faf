/* SPDX-License-Identifier: MIT */
/*
 * The client's end of whatever carries the messages, as a table of operations:
 * a channel, a stream, datagrams. A file each.
 */
#ifndef ECHO_ECHO_LINK_H
#define ECHO_ECHO_LINK_H

#include "echo/echo.h"
#include "order/order_connection.h"

struct echo_link {
	const struct echo_link_ops *ops;
	const struct echo_config *config;
	size_t size; /* of a message; not while one is on its way */
	bool lossy;  /* what does not come back is lost, and no fault */
	int fd;	     /* readable when something has come; -1: look */

	/* Of the message that is sent, and of the one that comes back. */
	uint64_t sending, coming;
	size_t sent, came;	      /* bytes of it, or orders */
	uint64_t bytes_out, bytes_in; /* on the connection, in all */

	struct order_connection connection; /* of a channel; of a stream the
					       transport alone */
	int out_fd;			    /* of datagrams */
	uint8_t out[ECHO_SIZE_MAX], in[ECHO_SIZE_MAX];
	const char *why; /* the last error, in words; NULL: errno's */
};

struct echo_link_ops {
	/* Connect, and shake hands. 0 or a negative errno, logged. */
	int (*open)(struct echo_link *link);

	/* Go on sending message number `sending`. 1: it has gone, as far as
	 * this process is concerned; 0: not all of it has, call again; or a
	 * negative errno. Never waits. */
	int (*send)(struct echo_link *link);

	/* Take what has come. 1: the message *number is back whole; 0: none is;
	 * a negative errno: the connection is over, or what came back is not
	 * what was sent (-EBADMSG). Never waits. */
	int (*receive)(struct echo_link *link, uint64_t now_ns,
		       uint64_t *number);

	void (*close)(struct echo_link *link);
};

extern const struct echo_link_ops echo_channel_ops;
extern const struct echo_link_ops echo_stream_ops;
extern const struct echo_link_ops echo_datagram_ops;

/* As the config says. 0 or a negative errno, logged. The link is large: not
 * for the stack. */
int echo_link_open(struct echo_link *link, const struct echo_config *config);
void echo_link_close(struct echo_link *link);

/* As many of bytes[0..len) as there is room for, without waiting: how many, or
 * a negative errno. Of a link with a transport. */
ssize_t echo_link_put(struct echo_link *link, const uint8_t *bytes, size_t len);

/* The other way. */
ssize_t echo_link_get(struct echo_link *link, uint8_t *bytes, size_t len);

#endif
