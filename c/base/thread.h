/* SPDX-License-Identifier: MIT */
#ifndef BASE_THREAD_H
#define BASE_THREAD_H

#include <pthread.h>

/* Start a thread that gets no signal: they are for the thread that calls, and
 * its like. attributes: as of pthread_create(3), may be NULL. 0 or a negative
 * errno. pthread_sigmask(3): what is blocked then is inherited. */
int thread_start(pthread_t *thread, const pthread_attr_t *attributes,
		 void *(*run)(void *), void *context);

#endif
