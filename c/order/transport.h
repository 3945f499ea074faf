/* SPDX-License-Identifier: MIT */
/*
 * Transports: how the bytes of an order leave, and the answers arrive, on a
 * connected stream socket or on a connection of the transport's own.
 */
#ifndef ORDER_TRANSPORT_H
#define ORDER_TRANSPORT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "base/registry.h"
#include "wire/tls_record.h"

struct transport_ops;
struct frame_port;
struct order_end;

#define TRANSPORT_BYTES_MAX 16384 /* of one order */

struct transport {
	const struct transport_ops *ops;
	int fd; /* the connection; -1: there is none, or not the kernel's */
	struct frame_port *carrier; /* of the socket's frames, scanned in each
				       wait; NULL: it needs none */
	bool connected;		    /* by transport_connect(): closes with it */
	bool listens; /* by transport_listen(): fd is what poll(2) waits for */
	bool closed;  /* the peer acknowledges nothing: no order goes */
	size_t rest_len;	  /* of an order of which a part has gone out */
	uint64_t taken;		  /* bytes of orders that were taken */
	uint64_t acknowledged;	  /* of them, as last seen */
	uint64_t acknowledged_ns; /* when that changed; monotonic */
	uint64_t looked_ns;	  /* when it was last asked; monotonic */
	char *text;
	uint8_t rest[TRANSPORT_BYTES_MAX];
};

/* The connection that is wanted. */
struct transport_config {
	struct sockaddr_in peer;
	unsigned int timeout_ms;   /* how long to try while it refuses */
	const volatile int *stop;  /* set by a signal: give up; may be NULL */
	struct frame_port *frames; /* of the receive path; NULL: it has none */
};

/* Open "NAME[:key=value,...]" on a connected, blocking stream socket, which
 * stays the caller's. 0, or -EINVAL or -EOPNOTSUPP, logged; the latter too for
 * a kind that makes its connection itself. */
int transport_open(const char *text, int fd, struct transport **transport);

/* Connect, then open. 0, or as transport_open() and socket_connect(): -EINTR,
 * silent, when *stop was set. The connection is closed with the transport. */
int transport_connect(const char *text, const struct transport_config *config,
		      struct transport **transport);

/* Where the exchange's end waits for connections. */
struct transport_place {
	struct sockaddr_in address;
	int backlog;
	bool spins; /* who is connected is looked at over and over, without
		       poll(2) */
};

/* The exchange's end: listen there, as "NAME[:key=value,...]" does. 0, or
 * -EINVAL, -EOPNOTSUPP (of a kind without such an end) or another negative
 * errno, logged. */
int transport_listen(const char *text, const struct transport_place *place,
		     struct transport **transport);

/* Accept, without waiting. 0; -EAGAIN, silent, when nobody waits; or another
 * negative errno, logged. The end is closed before the transport. */
int transport_accept(struct transport *transport, struct order_end **end);

/* Take what the peer has sent, without waiting: how many bytes, at most len; 0
 * when there are none now; -EPIPE when it has closed the connection and all
 * was taken, or another negative errno; silent. To be called now and then:
 * what is left of an order goes on its way. */
ssize_t transport_receive(struct transport *transport, uint8_t *bytes,
			  size_t len);

/* From now on the kernel seals what is sent, and a message is a record. All
 * must have gone that was to go before. 0, or a negative errno with *why. */
int transport_seal(struct transport *transport,
		   const struct tls_direction *seals, const char **why);

/* A record of another type than application data, on such a transport: 0, or a
 * negative errno: it has not gone. */
int transport_record(struct transport *transport, enum tls_content type,
		     const uint8_t *bytes, size_t len);

/* Has the peer ended the connection? 0; -EPIPE when it closed it, or another
 * negative errno; silent. Takes none of its bytes. Else as
 * transport_receive(). */
int transport_alive(struct transport *transport);

/* Our end's port, host order; 0: there is no connection. */
uint16_t transport_port(const struct transport *transport);

/* Is its window closed, or is it gone without a word: has it acknowledged
 * nothing for a second of what was sent? Orders are refused (-EAGAIN) until it
 * does. As the last send, receive or transport_alive() found it. */
static inline bool transport_is_closed(const struct transport *transport)
{
	return transport->closed;
}

/* Bytes that were taken and that the peer has not acknowledged: they are not
 * delivered, as far as anyone here knows. Also when the connection is over.
 * tcp(7), SIOCOUTQ. */
uint64_t transport_unacknowledged(struct transport *transport);

/* Wait until the peer has acknowledged all, at most timeout_ms. What is left
 * then, as transport_unacknowledged(). */
uint64_t transport_settle(struct transport *transport, unsigned int timeout_ms);

void transport_close(struct transport *transport); /* NULL is allowed */

const char *transport_name(const struct transport *transport);

/* All of them, built or not: "--transport help". */
extern const struct registry transports;

#endif
