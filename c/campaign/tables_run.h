/* SPDX-License-Identifier: MIT */
/*
 * Everything that the tables of connection types want measured (report/
 * measures.h), into a folder of raw files (report/RESULTS.md): campaigns of
 * t2t-run first, then rounds in which each measure runs once, in an order drawn
 * anew, between two namespaces with a veth pair.
 */
#ifndef CAMPAIGN_TABLES_RUN_H
#define CAMPAIGN_TABLES_RUN_H

#include <stdbool.h>
#include <stdint.h>

struct tables_run_config {
	const char *programs; /* folder */
	const char *folder;   /* made, or with resume gone on with */
	const char *feed;     /* of the campaigns */
	const char *command_line;
	uint64_t seconds; /* no round begins after so many, but for the least */
	uint64_t rounds;  /* exactly so many; 0: as many as time allows */
	uint64_t blocks;  /* of the campaigns */
	uint64_t messages, handshakes; /* of each measurement */
	uint64_t seed;
	bool resume, progress;
	const volatile int *stop;
};

/* Rounds that an interval needs. */
#define TABLES_RUN_ROUNDS_LEAST 6

/* 0; -EINTR: what is whole stays, for resume; or a negative errno, logged. */
int tables_run(const struct tables_run_config *config);

#endif
