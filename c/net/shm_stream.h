/* SPDX-License-Identifier: MIT */
/*
 * A stream of bytes each way between two processes of one host: a ring of each
 * end's own (net/shm_ring.h), which the other end maps to read. No message is
 * lost, as those of market data are: an end says in its own ring's head how
 * many it has taken, and there is room for as many as a ring has slots. So each
 * end writes its own memory alone, and believes nothing of the other's: what is
 * read there is read once, then checked.
 *
 * An end that sleeps waits by poll(2), for fd: a Unix socket, whose end is the
 * other process's end, however it came, and of which a packet says that there
 * is something in the ring. It asks for one before it sleeps; one that spins
 * never asks, and the other end makes no system call.
 *
 * Who connects says hello, with its ring; who accepts answers, with its own;
 * then who connects says hello once more, and may be sent to.
 */
#ifndef NET_SHM_STREAM_H
#define NET_SHM_STREAM_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "net/shm_ring.h"
#include "net/shm_socket.h"

struct shm_stream_config {
	const char *who; /* for messages; must outlive it */
	uint32_t slots;	 /* of our own ring */
	bool sleeps;	 /* it waits by poll(2) */
	/* Where the rings are; NULL: in memory of their own. Of a region's
	 * ends neither sleeps, and there is one connection at a time: who
	 * comes next waits for the last one's end. */
	struct shm_region *region;
	/* Of who connects: the address where a tap listens (t2t-wiretap
	 * --ring), which is told of our ring before anything is sent; NULL:
	 * none. */
	const char *tap;
	/* As on a network: of who connects, the other end's; of who accepts,
	 * our own; the address may be INADDR_ANY there. */
	struct sockaddr_in address;
};

struct shm_stream {
	const struct shm_stream_config *config;
	struct shm_writer out;
	struct shm_reader in;
	uint64_t given;	       /* of out's messages: taken, as last seen */
	uint64_t (*now)(void); /* stamps for the tap; NULL: there is none */
	int fd, tap;
	int over;	    /* 0, or the negative errno of all that follows */
	uint32_t answered;  /* asks of the other end */
	unsigned int looks; /* for something to take, in vain, in a row */
	uint64_t asked;	    /* when its socket was, by clock_counter() */
	bool other_sleeps;
	unsigned int hellos; /* that have come, to who accepts */
	/* As on a network. */
	struct sockaddr_in own, other;
	/* Of a message that was taken and had no room. */
	uint32_t begin, end;
	uint8_t held[SHM_RING_MESSAGE_MAX];
};

/*
 * Connect to who listens at the path or "@NAME", which is tried again for
 * timeout_ms while nobody does, or until *stop (may be NULL). 0; -EINTR,
 * silent; or another negative errno, logged. config must outlive the stream.
 */
int shm_stream_connect(struct shm_stream *stream,
		       const struct shm_stream_config *config, const char *path,
		       unsigned int timeout_ms, const volatile int *stop);

/* The next one who has come. other_port: what its end is to be called, host
 * order. 0; -EAGAIN: nobody; or another negative errno, logged. */
int shm_stream_accept(struct shm_stream *stream,
		      const struct shm_stream_config *config,
		      const struct shm_listener *listener, uint16_t other_port);

/* Of who accepts, when fd is readable: 1 once both rings are there; 0: not
 * yet; or a negative errno: -EPIPE: it has gone; -EPROTO, logged. */
int shm_stream_greet(struct shm_stream *stream);

/* Of who accepts: has shm_stream_greet() said 1? */
static inline bool shm_stream_is_met(const struct shm_stream *stream)
{
	return stream->hellos == 2;
}

/* HOT. As many of bytes[0..len) as there is room for: how many; 0; or a
 * negative errno: -EPIPE: the other end is gone, -EPROTO: it has broken its
 * ring. One that is gone may be found only once there is no room. */
ssize_t shm_stream_send(struct shm_stream *stream, const uint8_t *bytes,
			size_t len);

/* Wait for room, at most timeout_ms. 0 or as shm_stream_send(). */
int shm_stream_wait(struct shm_stream *stream, unsigned int timeout_ms);

/* Take at most len bytes (1 and more), a message at a time: what else has come
 * is found at once, and looking for it would cost a miss of the cache before
 * the first is handled. How many; 0: none now, and an end that sleeps has asked
 * to be woken; or a negative errno, once all is taken: -EPIPE or -EPROTO. */
ssize_t shm_stream_receive(struct shm_stream *stream, uint8_t *bytes,
			   size_t len);

/* Will poll(2) not tell of what is there to be taken? */
static inline bool shm_stream_is_behind(const struct shm_stream *stream)
{
	return stream->begin < stream->end || !stream->config->sleeps ||
	       shm_reader_has(&stream->in);
}

/* Is the other end there? 0, -EPIPE or -EPROTO. Takes nothing. */
int shm_stream_alive(struct shm_stream *stream);

/* Bytes that were sent and that the other end has not taken. */
uint64_t shm_stream_untaken(const struct shm_stream *stream);

/* Bytes that may be taken now; of a ring that is broken, some number. */
size_t shm_stream_unread(const struct shm_stream *stream);

void shm_stream_close(struct shm_stream *stream);

#endif
