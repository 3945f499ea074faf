/* SPDX-License-Identifier: MIT */
/* What t2t-tables was told. */
#ifndef CAMPAIGN_TABLES_CONFIG_H
#define CAMPAIGN_TABLES_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

struct tables_config {
	const char *programs; /* folder */
	const char *folder;   /* made, or with resume gone on with */
	const char *feed;     /* of the campaigns */
	const char *command_line;
	/* No round begins after so many; for the six that an interval needs it
	 * may be twice as many. */
	uint64_t seconds;
	uint64_t rounds; /* exactly so many; 0: as many as time allows */
	uint64_t blocks; /* of the campaigns */
	uint64_t messages, handshakes; /* of each measurement */
	uint64_t seed;
	bool resume, progress;
	const volatile int *stop;
};

#endif
