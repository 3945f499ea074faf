/* SPDX-License-Identifier: MIT */
/*
 * A results folder, read back from its raw files (report/RESULTS.md):
 * manifest.json, trials/NN-ARM/trial.json and latencies.csv. Everything that a
 * report shows is made anew from these.
 */
#ifndef REPORT_RESULTS_H
#define REPORT_RESULTS_H

#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "report/measured.h"
#include "report/schema.h"
#include "stats/percentile.h"

#define RESULTS_SCHEMA	 "t2t-run/2"
#define RESULTS_ARMS_MAX 64
#define RESULTS_GATED	 "gated" /* in the folder: see the manifest's gate */

/* Behind a count: terminal and page say the same. */
#define RESULTS_AMBIGUOUS                                                  \
	"of the orders called for are like one near: which order answers " \
	"which can't be known, nor whether one is missing beside an extra one"

/* What the oracle said of a trial. */
enum results_word {
	RESULTS_INCORRECT,
	RESULTS_CORRECT,
	RESULTS_VOID, /* it can't be judged */
};

struct results_trial {
	json_t *json;
	unsigned int number, block, arm;
	enum results_word word;
	/* One of its block's can't be judged. Then none of them counts: to
	 * leave out one alone would be to choose. */
	bool block_void;
	uint64_t *ns; /* raw latencies, ascending */
	struct percentiles percentiles;
};

struct results {
	char folder[PATH_MAX / 2];
	json_t *manifest;
	json_t *bias;		      /* bias/analysis.json, or null */
	struct results_trial *trials; /* as they ran */
	size_t count;
	json_t *aside; /* trials of void blocks that were made again */
	json_t *gated; /* of blocks that failed the gate, and were, too */
	unsigned int arm_count, blocks;
	int aa; /* the arm that is the baseline again; -1: none */
	/* At which level it is judged, and what is no difference: of a
	 * campaign that looked at itself what its plan says of one look. */
	double alpha, equal;
	double judged; /* the percentile: 50, or of the tail */
	const struct measured *measured; /* of what */
	/* Of a race: after so many blocks was the arm out of it, and ran no
	 * more; blocks: it never was. */
	bool race;
	unsigned int out_after[RESULTS_ARMS_MAX];
};

/*
 * Read and check all of it. any_state: also one that was interrupted;
 * otherwise what is not complete is refused. 0 or a negative errno, logged
 * with file and key.
 */
int results_open(struct results *results, const char *folder, bool any_state);
void results_close(struct results *results);

const char *results_arm_name(const struct results *results, unsigned int arm);

/* The trial of a block and arm, or NULL. */
const struct results_trial *results_trial(const struct results *results,
					  unsigned int block, unsigned int arm);

/* Does this trial enter the arm's figures? It must be correct: who answers
 * wrong is fast easily. */
bool results_counts(const struct results_trial *trial, unsigned int arm);

/* Why a trial is void, as the oracle has it, or what it has to say of one that
 * is incorrect; "" else, and where it says nothing. */
const char *results_reason(const struct results_trial *trial);

/* All latencies of an arm's trials that count, ascending; to be freed.
 * -ENOMEM. */
int results_arm_ns(const struct results *results, unsigned int arm,
		   uint64_t **ns, size_t *count);

/* The JSON of a file in a folder, unchecked; NULL without it. */
json_t *results_part(const char *folder, const char *name);

/* Write a JSON file whole or not at all: it is read back and held against
 * RESULTS_SCHEMA and rows first. 0 or a negative errno, logged. */
int results_save(const char *folder, const char *name,
		 const struct schema_row *rows, const json_t *value);

#endif
