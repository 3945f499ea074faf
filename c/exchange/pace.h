/* SPDX-License-Identifier: MIT */
/*
 * When each datagram is meant to leave: line times in, due times out. Pure,
 * and open loop: due times are counted from the start of publishing, and do
 * not know when anything really left.
 */
#ifndef EXCHANGE_PACE_H
#define EXCHANGE_PACE_H

#include <stdbool.h>
#include <stdint.h>

enum pace_kind {
	PACE_MAX,     /* all at once: as fast as can be */
	PACE_RATE,    /* evenly */
	PACE_BURST,   /* evenly, so many at once */
	PACE_POISSON, /* gaps drawn from the exponential distribution */
	PACE_FILE,    /* as the lines' own times have it */
};

struct pace_config {
	enum pace_kind kind;
	int64_t factor; /* nano: datagrams a second, or the speed of file */
	uint64_t burst; /* datagrams at once */
};

/* "max", "rate:N", "burst:COUNT@N", "poisson:N", "file", "file:SPEED"; for
 * OPTION_PARSED, the target is a struct pace_config. 0, or -EINVAL with
 * *why. */
int pace_parse(const char *text, void *target, const char **why);

struct pace {
	struct pace_config config;
	uint64_t random;
	uint64_t count;
	double poisson_ns;
	uint64_t file_ns;   /* due so far */
	uint64_t file_left; /* of a ns, in units of 1 / factor */
	uint64_t time_ns;   /* of the last line that had one; 0: none had */
	uint64_t before_ns; /* the one that time has run back from; 0: none */
};

/* A new session; the same seed draws the same gaps. */
void pace_start(struct pace *pace, const struct pace_config *config,
		uint64_t seed);

/*
 * HOT. The next datagram's due time, ns since the start; never before the
 * last one's. time_ns: of its line, 0 when it has none. By file, time that
 * runs backwards counts as no time, and a line that is back where time was
 * before is due as if it had never left; snapshot lines, and lines without a
 * time, are due at once after the one before and tell no time to the next.
 */
uint64_t pace_next(struct pace *pace, uint64_t time_ns, bool snapshot);

#endif
