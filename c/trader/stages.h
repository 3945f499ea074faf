/* SPDX-License-Identifier: MIT */
/*
 * The stamps of each order's stages: kernel receive, user receive, decision,
 * send returned. HOT code only stores counters into memory that is there;
 * conversion, percentiles and the file come when nothing is waiting.
 */
#ifndef TRADER_STAGES_H
#define TRADER_STAGES_H

#include <stdint.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/mem.h"
#include "stats/latencies.h"

#define STAGES_ROOM 65536 /* samples in memory before they are written out */

struct stages_sample {
	uint32_t sequence;  /* of the datagram that decided */
	uint64_t kernel_ns; /* kernel's receive stamp; 0: none */
	uint64_t user;	    /* counters, clock_counter() */
	uint64_t decision;
	uint64_t sent;
};

/* Intervals between stages, in the order that they are shown. */
enum stages_interval {
	STAGES_KERNEL_TO_USER,
	STAGES_USER_TO_DECISION,
	STAGES_DECISION_TO_SENT,
	STAGES_USER_TO_SENT,
	STAGES_KERNEL_TO_SENT,
	STAGES_INTERVALS,
};

extern const char *const stages_interval_names[STAGES_INTERVALS];

struct stages {
	struct mem_arena arena;
	struct stages_sample *sample;
	uint32_t count;	    /* in memory */
	uint64_t taken;	    /* ever */
	uint64_t flushes;   /* times that they were written in mid-run */
	uint64_t unstamped; /* without the kernel's stamp */
	struct clock_anchor first;
	FILE *file; /* NULL: samples are not kept */
	const char *path;
	int fault; /* the file's first error */
	struct latencies interval[STAGES_INTERVALS]; /* of what was settled */
};

/* path: where raw samples go (CSV); NULL: nowhere. 0 or a negative errno,
 * logged. */
int stages_open(struct stages *stages, const char *path);

/* HOT. Keep one. */
static inline void stages_add(struct stages *stages,
			      const struct stages_sample *sample)
{
	stages->sample[stages->count++] = *sample;
}

/* No room for another: stages_flush() before the next stages_add(). */
static inline int stages_full(const struct stages *stages)
{
	return stages->count == STAGES_ROOM;
}

/* Better settled soon, when nothing is waiting. */
static inline int stages_filling(const struct stages *stages)
{
	return stages->count >= STAGES_ROOM / 4 * 3;
}

/* Turn what is in memory into intervals and lines of the file, and make room.
 * Takes its time. 0 or -ENOMEM; a file that refuses is told by
 * stages_close(). */
int stages_flush(struct stages *stages);

/* Percentiles of all that was settled, ns; exact while stride is 1. */
struct latencies_summary stages_summary(struct stages *stages,
					enum stages_interval interval);

/* Closes the file. 0, or its first negative errno, logged with the
 * path. */
int stages_close(struct stages *stages);

#endif
