/* SPDX-License-Identifier: MIT */
/*
 * Who reads a ring of market data: a thread that waits at the ring's address,
 * hands its memory to those who come, and knows who of them sleeps on it. A
 * tap (t2t-wiretap --ring) is told of the ring before anybody can read.
 */
#ifndef NET_SHM_READERS_H
#define NET_SHM_READERS_H

#include <pthread.h>

#include "base/log.h"
#include "net/shm_ring.h"
#include "net/shm_socket.h"

#define SHM_READERS_MAX 64

struct shm_readers {
	const struct shm_writer *writer;
	struct shm_hello hello; /* of the ring */
	struct shm_listener listener;
	_Atomic unsigned int sleepers;
	int tap; /* -1: none */
	int stop;
	pthread_t thread;
	struct log_repeats refusals;
	unsigned int count;
	struct {
		int fd;
		bool told, sleeps;
	} reader[SHM_READERS_MAX];
};

/* from, to: the addresses that messages would have on a network. tap: an
 * address, or NULL. 0 or a negative errno, logged. address must outlive it. */
int shm_readers_open(struct shm_readers *readers,
		     const struct shm_writer *writer, const char *who,
		     const char *address, const char *tap,
		     const struct shm_hello *hello);
void shm_readers_close(struct shm_readers *readers);

#endif
