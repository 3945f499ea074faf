/* SPDX-License-Identifier: MIT */
/*
 * The exchange's end of an order connection, whatever carries it: a TCP socket,
 * or what a transport has in its place. Never waits. Who listens is
 * transport_listen()'s.
 */
#ifndef ORDER_ORDER_END_H
#define ORDER_ORDER_END_H

#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct order_end_ops;

struct order_end {
	const struct order_end_ops *ops;
	int fd; /* for poll(2): its end is the connection's (POLLRDHUP, POLLHUP,
		   POLLERR); POLLIN: there may be something */
	struct sockaddr_in peer; /* its port tells sessions apart */
};

struct order_end_keepalive {
	unsigned int idle_s, interval_s, probes; /* idle_s 0: none */
};

struct order_end_ops {
	/* What has to be said before there are bytes: 1 once it is over, 0: fd
	 * tells when to go on; or a negative errno. NULL: nothing. */
	int (*greet)(struct order_end *end);

	/* Take at most len bytes (1 and more). How many; 0: none now; -EPIPE:
	 * the peer has closed it, and all is taken; or another negative
	 * errno. */
	ssize_t (*receive)(struct order_end *end, uint8_t *bytes, size_t len);

	/* How many bytes went; 0: there is no room; or a negative errno. */
	ssize_t (*send)(struct order_end *end, const uint8_t *bytes,
			size_t len);

	/* Is there something to take that poll(2) does not tell of? NULL: it
	 * tells all. */
	bool (*is_behind)(const struct order_end *end);

	/* Bytes that may be taken now. */
	size_t (*unread)(const struct order_end *end);

	/* ... at most, as long as nothing is taken. */
	size_t (*room)(const struct order_end *end);

	/* Has it ended, and is all taken? 0 or a negative errno. NULL: poll(2)
	 * tells; else it is asked a few times a second. */
	int (*ended)(struct order_end *end);

	/* Why it has ended: a negative errno. */
	int (*fault)(const struct order_end *end);

	/* Notice a peer that is dead. NULL: that is noticed anyway. */
	void (*keepalive)(struct order_end *end,
			  const struct order_end_keepalive *keepalive);

	/* Does POLLOUT tell of room? Else look again. */
	bool tells_room;

	/* What the peer was told last it may read still. Frees the end. */
	void (*close)(struct order_end *end);
};

/* A socket that was accepted, and is the end's from now on. NULL: no memory,
 * and it is closed. */
struct order_end *order_end_socket(int fd, const struct sockaddr_in *peer);

static inline int order_end_greet(struct order_end *end)
{
	return end->ops->greet ? end->ops->greet(end) : 1;
}

static inline bool order_end_is_behind(const struct order_end *end)
{
	return end->ops->is_behind && end->ops->is_behind(end);
}

static inline void order_end_close(struct order_end *end)
{
	end->ops->close(end);
}

#endif
