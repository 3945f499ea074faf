/* SPDX-License-Identifier: MIT */
/*
 * How processes of one host find each other's rings: a Unix socket of packets,
 * over which a ring's memory is handed (SCM_RIGHTS), by and to the same user
 * alone (SO_PEERCRED), and whose end is the other process's end, however it
 * came. unix(7).
 *
 * An address is a path, or "@NAME": abstract, which leaves nothing behind but
 * is not seen from another network namespace. A path may be longer than a Unix
 * address has room for; what a killed process has left there is removed.
 *
 * Or it is "ADDR:PORT", of programs on two machines that share a region of
 * memory (net/shm_region.h): a TCP connection, over which nothing can be handed
 * but the word which area a ring is in. Whoever reaches that port may come. A
 * machine that vanishes is noticed after SHM_SOCKET_GONE_S.
 */
#ifndef NET_SHM_SOCKET_H
#define NET_SHM_SOCKET_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

/* Where exchange and trader of one network namespace meet, unless told. */
#define SHM_SOCKET_DATA	  "@t2t-market-data"
#define SHM_SOCKET_ORDERS "@t2t-orders"

#define SHM_SOCKET_MAX	  64 /* of the last part of a path, or of a NAME */
#define SHM_SOCKET_GONE_S 15

struct shm_region;
struct shm_reader;
struct shm_writer;

enum shm_hello_kind {
	SHM_HELLO_ANY,	    /* of who receives: either of */
	SHM_HELLO_DATA = 1, /* market data: one ring */
	SHM_HELLO_ORDERS,   /* an order connection: a ring each way */
};

/* The first packet either way; it carries a ring, or does not. */
struct shm_hello {
	uint64_t magic; /* SHM_RING_MAGIC */
	uint32_t version;
	uint32_t kind; /* enum shm_hello_kind */
	/* As on a network: who writes, and to whom; network order. */
	struct sockaddr_in from, to;
	uint64_t next;	 /* the first message that its reader gets */
	uint64_t first;	 /* as struct shm_ring_head has it */
	uint32_t sleeps; /* it wants to be woken */
	uint32_t area;	 /* enum shm_area: where its ring is */
};

/* An open listener. */
struct shm_listener {
	const char *who;     /* for messages: "--send shm" */
	const char *address; /* its owner's text */
	int fd;
	int folder; /* of a path; -1: abstract, or of a network */
	bool is_network;
};

/* Listen there, for this user alone. 0 or a negative errno, logged: -EADDRINUSE
 * when somebody does. who and address must outlive it. */
int shm_socket_listen(struct shm_listener *listener, const char *who,
		      const char *address);
/* Takes the path away. */
void shm_socket_unlisten(struct shm_listener *listener);

/* The next one who has come: a descriptor, non-blocking; -EAGAIN when there is
 * none, or another negative errno. Another user's is closed at once, and
 * logged: -EACCES. */
int shm_socket_accept(const struct shm_listener *listener);

/* Who listens there. A descriptor that waits up to timeout_ms for each hello;
 * or a negative errno, logged but for -ENOENT and -ECONNREFUSED: nobody
 * listens. -EACCES: another user does. */
int shm_socket_connect(const char *who, const char *address,
		       unsigned int timeout_ms);

/* Send a hello with a ring's memory (-1: none); magic and version are set. 0 or
 * a negative errno, silent. */
int shm_hello_send(int fd, struct shm_hello *hello, int memory);

/* Receive one. 0, with a descriptor of the caller's (-1: none came); -EAGAIN;
 * -EPIPE: the other end was closed; -EPROTO: no hello of this version and
 * kind; -EMFILE: as many files are open as may be; silent. */
int shm_hello_receive(int fd, enum shm_hello_kind kind, struct shm_hello *hello,
		      int *memory);

/* Where the ring is that a hello tells of. */
void shm_hello_tell(struct shm_hello *hello, const struct shm_writer *writer);

/* Map it, from hello->next on. memory: what came with the hello; region: NULL:
 * this end has none. 0 or a negative errno, silent (shm_hello_fault()):
 * -EPROTO: no ring came; -EXDEV: one end has a region, and the other does not;
 * or as shm_reader_open() and shm_reader_open_in(). */
int shm_hello_map(const struct shm_hello *hello, int memory,
		  const struct shm_region *region, struct shm_reader *reader);

/* Why, in words. */
const char *shm_hello_fault(int err);

/* Tell the tap at its address of a ring: a descriptor, to be kept while the
 * ring is written; or a negative errno, logged. */
int shm_tap_tell(const char *who, const char *address,
		 const struct shm_hello *hello, int memory);

/* Is the process at the other end gone? Takes nothing of what it has sent. */
bool shm_socket_ended(int fd);

#endif
