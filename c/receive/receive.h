/* SPDX-License-Identifier: MIT */
/*
 * Receive paths, for those who use one. Every path yields UDP payloads of
 * one group and port, so the code above can't know which path it runs on.
 *
 *	struct receive *rx;
 *	err = receive_open("spin:rcvbuf=4m", &config, &rx);
 *	while ((n = receive_poll(rx, packets, 32)) >= 0)
 *		...
 *	receive_close(rx);
 */
#ifndef RECEIVE_RECEIVE_H
#define RECEIVE_RECEIVE_H

#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>

#include "base/registry.h"

struct receive_ops;
struct frame_port;

#define RECEIVE_BURST_MAX 64

struct packet {
	const uint8_t *data; /* valid until the next poll or the close */
	uint32_t len;
	uint64_t kernel_ns; /* kernel's receive stamp; 0: this path has none */
};

/* What a path is asked for by the program, whichever it is. */
struct receive_config {
	const char *interface; /* its name; NULL only for paths in memory, our
				  own or shared */
	struct sockaddr_in group;
	struct in_addr source; /* take this sender's datagrams alone; 0.0.0.0:
				  anyone's. Paths in memory don't mind it */
};

enum receive_caps {
	RECEIVE_MEMORY = 1 << 0,    /* no network at all: null, replay */
	RECEIVE_SLEEPS = 1 << 1,    /* poll() sleeps */
	RECEIVE_BYPASS = 1 << 2,    /* no kernel socket in the path */
	RECEIVE_EXCLUSIVE = 1 << 3, /* one an interface: a second one is
				       refused with -EBUSY, and kernel sockets
				       there don't get the group meanwhile */
	RECEIVE_FRAMES = 1 << 4,    /* sees frames: nothing of a datagram that
				    came in IP fragments */
	RECEIVE_SHARED = 1 << 5,    /* memory that the exchange of this host
				       writes: no interface */
	RECEIVE_MERGED = 1 << 6,    /* isn't told which frames are several
				       datagrams that their sender merged: such
				       ones come as one, too long a datagram */
};

struct receive {
	const struct receive_ops *ops;
	struct receive_config config;
	unsigned int caps; /* of ops, but what the options make of them */
	char *text;	   /* the options' text, which strings point into */
	uint64_t drops;	   /* by the kernel, once closed or asked */
	struct frame_port *frames; /* the path's, for a transport to send on;
				      NULL: it has none */
};

/*
 * Open "NAME[:key=value,...]". On return the group is joined: what is sent
 * from now on arrives. 0, or a negative errno: -EINVAL for an unknown name
 * or option, -EOPNOTSUPP when it was not built or the host lacks it; logged.
 */
int receive_open(const char *text, const struct receive_config *config,
		 struct receive **receive);

/* NULL is allowed. */
void receive_close(struct receive *receive);

/*
 * For who waits for more than this path: a descriptor that poll(2) finds
 * readable (POLLIN) once receive_poll() has something to yield, and would not
 * sleep for it. To be asked for anew before each wait, when all that the last
 * poll yielded is done with: it is given back. -EAGAIN: some of it lies here
 * already, poll instead of waiting; -EOPNOTSUPP: a path in memory has none.
 */
int receive_descriptor(struct receive *receive);

/* Datagrams lost to a full buffer so far, as the kernel counts them. */
uint64_t receive_drops(struct receive *receive);

/* Datagrams to the group and port that were not the source's, so far. None of
 * them was delivered; receive_close() tells how many there were. 0 where
 * anyone's are taken. Makes a system call. */
uint64_t receive_strangers(const struct receive *receive);

/* 0, or -ENODEV when the interface is gone (removed, its driver unloaded),
 * which most paths' poll can't tell from a quiet one. Where the interface is
 * the kernel's: one receive, on a descriptor that is held. */
int receive_alive(struct receive *receive);

/* What it takes to open the path once more, when its interface comes back:
 * bits as for privileges_drop(). */
uint64_t receive_privileges(const struct receive *receive);

const char *receive_name(const struct receive *receive);

/* The list behind "--receive help": name, capabilities, can it run here and
 * why not, its options. */
void receive_print_paths(FILE *out);

/* All paths, built or not. */
extern const struct registry receive_paths;

#endif
