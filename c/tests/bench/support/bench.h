/* SPDX-License-Identifier: MIT */
/* What the sections of the bench share. */
#ifndef TESTS_BENCH_SUPPORT_BENCH_H
#define TESTS_BENCH_SUPPORT_BENCH_H

#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "campaign/trial.h"

#define BENCH_ROUNDS_MAX 99
/* Fewer only show that all of it runs. */
#define BENCH_ROUNDS_LEAST 5

struct bench {
	const char *feed;
	const char *programs;
	uint64_t rounds;
	const char *only;
	bool json;

	char folder[64];	/* scratch, removed at the end */
	char capture[PATH_MAX]; /* of the feed, for who replays it */
	struct trial_config trial;
	json_t *figures;
	unsigned int beyond; /* figures beyond their bound */
};

int bench_open(struct bench *bench);

/* Print what remains, remove the scratch folder. 0, or 1 when a figure lies
 * beyond its bound. */
int bench_close(struct bench *bench);

enum bench_bound { BENCH_AT_MOST, BENCH_AT_LEAST, BENCH_NO_BOUND };

/*
 * A pair of figures by round: their medians, and the ratio round by round.
 * Printed at once. unit: of ours and base. `judged` is the ratio, or ours
 * itself where there is no base (bases NULL).
 */
void bench_figure(struct bench *bench, const char *name, const char *unit,
		  const double *ours, const char *against, const double *bases,
		  size_t rounds, enum bench_bound kind, double bound);

/* A line of text that belongs to the figures. */
void bench_note(struct bench *bench, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Of a section that has a number of its own: that, or the fewer that were
 * asked for. */
static inline size_t bench_rounds_of(const struct bench *bench, size_t own)
{
	return bench->rounds < BENCH_ROUNDS_LEAST ? bench->rounds : own;
}

/* programs/name */
const char *bench_program(const struct bench *bench, const char *name,
			  char path[static PATH_MAX]);

/* Run to the end with no output: wall seconds, or a negative errno. */
double bench_seconds(const char *const *argv);

/* A capture of the feed, made on first use by a trial of its own. */
int bench_capture(struct bench *bench);

/* One trial's p50, us, of an arm (trial_run()), made again while it is not all
 * right; < 0 when that fails. */
double bench_trial(struct bench *bench, const struct arm *arm, size_t round);

/* What trials that are compared wire to wire run on, and how many. */
int bench_short_feed(const struct bench *bench, char path[static PATH_MAX]);
size_t bench_wire_rounds(const struct bench *bench);

int bench_feed(struct bench *bench);
int bench_send(struct bench *bench);
int bench_decide(struct bench *bench);
int bench_wire(struct bench *bench);
int bench_bypass(struct bench *bench);
int bench_calls(struct bench *bench);
int bench_memory(struct bench *bench);
int bench_sockperf(struct bench *bench);
int bench_asio(struct bench *bench);
int bench_poll(struct bench *bench);
int bench_packets(struct bench *bench);
int bench_instructions(struct bench *bench);
int bench_reading(struct bench *bench);
int bench_recovery(struct bench *bench);
int bench_websocket(struct bench *bench);
int bench_fix(struct bench *bench);
int bench_tls(struct bench *bench);
int bench_shm(struct bench *bench);
int bench_dpdk(struct bench *bench);

#endif
