/* SPDX-License-Identifier: MIT */
/*
 * A stream of bytes each way over a reliable connection of RDMA (RC): what is
 * sent at once is a message of one packet, of RDMA_STREAM_PIECE_MAX bytes at
 * most. An end offers so many messages' room; who finds none waits (RNR), as
 * for a window that is closed. What the other device has acknowledged lies in
 * its program's memory.
 *
 * By RDMA_STREAM_WRITE who connects writes with immediate into memory that the
 * other end has offered: message n, which is the immediate's number, into slot
 * n modulo slots. Of those slots there are more than it has offered room and
 * the writer may have under way: none is written twice before it was taken.
 *
 * Who connects says in the request's private data, and who accepts in the
 * reply's, what struct rdma_hello has. rdma_cm(7); InfiniBand Architecture
 * Specification, Volume 1, 9.7 and 12.6; Annexes A11 (addresses) and A17
 * (RoCEv2).
 */
#ifndef NET_RDMA_STREAM_H
#define NET_RDMA_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RDMA_STREAM_PIECE_MAX 1024
#define RDMA_STREAM_SLOTS_MIN 16
#define RDMA_STREAM_SLOTS_MAX 4096

enum rdma_stream_how { RDMA_STREAM_SEND, RDMA_STREAM_WRITE };

#define RDMA_HELLO_LEN 24

/* Host order; as bytes in network order, behind magic and version. */
struct rdma_hello {
	uint8_t how;	  /* enum rdma_stream_how; of who connects */
	uint16_t slots;	  /* to be written to; of who accepts, 0: none */
	uint16_t ahead;	  /* at most so many writes under way */
	uint32_t key;	  /* of that memory */
	uint64_t address; /* of it */
};

void rdma_hello_write(const struct rdma_hello *hello,
		      uint8_t bytes[static RDMA_HELLO_LEN]);

/* Longer ones are allowed. 0; -EPROTO: it is none, or another version's. */
int rdma_hello_read(const uint8_t *bytes, size_t len, struct rdma_hello *hello);

#ifdef HAVE_RDMA

#include <netinet/in.h>
#include <sys/types.h>

#include "net/rdma_events.h"
#include "net/rdma_queue.h"

struct rdma_stream_config {
	const char *who; /* for messages; must outlive it */
	uint32_t slots;	 /* of each way */
	uint32_t inline_len;
	bool sleeps;		    /* it waits by poll(2) */
	enum rdma_stream_how how;   /* of who connects */
	struct sockaddr_in address; /* of who accepts */
	uint64_t keepalive_ns;	    /* a word after so long a silence */
};

struct rdma_stream_message {
	const uint8_t *bytes;
	uint32_t len, slot;
};

struct rdma_stream {
	struct rdma_stream_config config;
	const struct rdma_library *rdma;
	struct rdma_event_channel *channel;
	struct rdma_cm_id *id;
	struct rdma_queue queue;
	int fd;	    /* of who accepts: readable when there may be something */
	int over;   /* 0, or the negative errno of all that follows */
	bool met;   /* both ends are ready */
	bool armed; /* poll(2) will tell */
	uint32_t piece_len; /* the longest message */
	uint32_t limit;	    /* messages under way at most */
	uint64_t looked_ns, spoke_ns;
	/* What is written to: the other end's; and ours. */
	struct rdma_hello target;
	uint32_t sent; /* messages */
	uint8_t *landing;
	struct ibv_mr *landing_region;
	uint32_t landing_slots;
	uint32_t landed; /* messages that were written there */
	/* What has come and was not taken: a ring of slots places. */
	struct rdma_stream_message *come;
	uint32_t first, count;
	uint32_t taken; /* bytes of the first of them */
	size_t unread;	/* bytes of all of them */
	/* As on a network. */
	struct sockaddr_in own, other;
};

struct rdma_listener {
	const struct rdma_library *rdma;
	struct rdma_event_channel *channel;
	struct rdma_cm_id *id;
};

/*
 * Connect, and try again for timeout_ms while nobody listens there, or until
 * *stop (may be NULL). 0; -EINTR, silent; or another negative errno, logged.
 */
int rdma_stream_connect(struct rdma_stream *stream,
			const struct rdma_stream_config *config,
			const struct sockaddr_in *peer, unsigned int timeout_ms,
			const volatile int *stop);

/* Listen on the address. 0, or a negative errno, logged; what poll(2) waits
 * for is channel->fd. */
int rdma_stream_listen(struct rdma_listener *listener, const char *who,
		       const struct sockaddr_in *address, int backlog);
void rdma_stream_unlisten(struct rdma_listener *listener);

/* The next one who has asked. 0; -EAGAIN: nobody; or another negative errno,
 * logged. */
int rdma_stream_accept(struct rdma_stream *stream,
		       const struct rdma_stream_config *config,
		       struct rdma_listener *listener);

/* Of who accepts, when fd is readable: 1 once the other end is ready; 0: not
 * yet; or a negative errno: it has gone. */
int rdma_stream_greet(struct rdma_stream *stream);

/* HOT. As many of bytes[0..len) as one message has, or 0: there is no room; or
 * a negative errno: -EPIPE: the other end is gone, -ETIMEDOUT: nobody
 * acknowledges any more. */
ssize_t rdma_stream_send(struct rdma_stream *stream, const uint8_t *bytes,
			 size_t len);

/* Take at most len bytes (1 and more) of a message. How many; 0: none now, and
 * poll(2) will tell of more; or a negative errno once all is taken, as
 * rdma_stream_send(); -EPROTO: what was written is none of a message. */
ssize_t rdma_stream_receive(struct rdma_stream *stream, uint8_t *bytes,
			    size_t len);

/* Is the other end there? 0 or a negative errno. Takes nothing, and says a
 * word now and then so that a machine that vanished is noticed. */
int rdma_stream_alive(struct rdma_stream *stream);

/* Has it ended, and is all taken? As rdma_stream_alive(). */
int rdma_stream_ended(struct rdma_stream *stream);

/* Will poll(2) not tell of what is there to be taken? */
bool rdma_stream_is_behind(struct rdma_stream *stream);

/* Bytes that may be taken now. */
size_t rdma_stream_unread(struct rdma_stream *stream);

/* Bytes that were sent and that the other device has not acknowledged. */
uint64_t rdma_stream_unacknowledged(struct rdma_stream *stream);

void rdma_stream_close(struct rdma_stream *stream);

#endif

#endif
