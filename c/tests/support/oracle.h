/* SPDX-License-Identifier: MIT */
/* A whole run in the lab: exchange, wiretap and trader, to the end of the
 * feed, then the oracle's word. */
#ifndef TESTS_SUPPORT_ORACLE_H
#define TESTS_SUPPORT_ORACLE_H

#include <jansson.h>

#include "tests/support/lab.h"

struct oracle_run {
	const char *feed;
	const char *pace;
	const char *receive;   /* NULL: block; of shm the exchange writes the
				  ring, and the wiretap taps it */
	const char *transport; /* NULL: send */
	bool region; /* rings of shm stand in memory as guests share it: a file
			here, and their ends meet over the network */
	const char *channel; /* of both ends; NULL: raw */
	/* What the trader is told, and what the oracle is; NULL: the
	 * defaults, and for the oracle as the trader. */
	const char *threshold_usd, *judge_threshold_usd;
	const char *aggress, *judge_aggress;
	const char *samples; /* file; NULL: none */
	/* How the trader has what the exchange loses, swaps and doubles on
	 * purpose; NULL: it does not. */
	const char *recover;
	const char *sessions; /* of the trader's, one behind the other; NULL:
				 one */
	int timeout_ms;	      /* for all of it; 0: LAB_SOON_MS */

	/* Out: */
	char capture[PATH_MAX];
	char keys[PATH_MAX]; /* the key log, of tls */
	json_t *trader;	     /* what the trader said */
	json_t *analysis;    /* what the oracle says */
};

/* Each program must do its part; whether the orders were right is in the
 * analysis. */
void oracle_run(const struct lab *lab, struct oracle_run *run);
void oracle_free(struct oracle_run *run);

/* Analyse the capture of the last run; options as in the run. */
json_t *oracle_judge(const char *capture, const char *channel,
		     const char *threshold_usd, const char *aggress);

/* Fails the test, and shows all that the oracle said, unless all was right. */
void oracle_is_right(const json_t *analysis);

/* A count; none of that name fails the test. */
json_int_t oracle_count(const json_t *object, const char *name);

/* What a program said on stdout, as JSON. */
json_t *oracle_json(const struct program *program);

#endif
