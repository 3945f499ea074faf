/* SPDX-License-Identifier: MIT */
#include "report/steadiness.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/json_get.h"
#include "stats/drift.h"
#include "stats/modes.h"
#include "stats/serial.h"

struct steadiness {
	const struct results *results;
	double *values; /* room for one a block */
	size_t count;
	json_t *noticed;
};

/* The logarithm of a trial's p50; NAN where it does not count. */
static double log_p50(const struct results *results, unsigned int block,
		      unsigned int arm)
{
	const struct results_trial *trial = results_trial(results, block, arm);

	return trial && results_counts(trial, arm) && trial->percentiles.p50
		       ? log((double)trial->percentiles.p50)
		       : NAN;
}

/* Of both of the baseline's trials, where it runs twice. */
static double log_base(const struct results *results, unsigned int block)
{
	const double one = log_p50(results, block, 0);

	return results->aa > 0 ? (one + log_p50(results, block,
						(unsigned int)results->aa)) /
					 2
			       : one;
}

static void value_add(struct steadiness *steadiness, double value)
{
	steadiness->values[steadiness->count] = value;
	steadiness->count += !isnan(value);
}

static void notice(struct steadiness *steadiness, const char *kind,
		   json_t *text)
{
	json_array_append_new(
		steadiness->noticed,
		json_pack("{s:s,s:o}", "kind", kind, "text", text));
}

/* 0.25: "+28 %" */
static double percent(double log)
{
	return expm1(log) * 100;
}

static int drift_look(struct steadiness *steadiness, json_t *all)
{
	const struct results *results = steadiness->results;
	struct drift drift;
	bool found;
	int err;

	steadiness->count = 0;
	for (unsigned int block = 0; block < results->blocks; block++)
		value_add(steadiness, log_base(results, block));
	err = drift_find(steadiness->values, steadiness->count, &drift);
	if (err)
		return err;
	found = drift.p <= STEADINESS_LEVEL;
	json_object_set_new(all, "drift",
			    json_pack("{s:I,s:o,s:o,s:b}", "blocks",
				      (json_int_t)steadiness->count, "whole",
				      json_real_or_null(expm1(drift.whole)),
				      "p", json_real_or_null(drift.p), "found",
				      found));
	if (found)
		notice(steadiness, "drift",
		       json_sprintf("drift: the baseline's p50 changed %+.0f "
				    "%% from the first block to the last "
				    "(Mann-Kendall p %.2g)",
				    percent(drift.whole), drift.p));
	return 0;
}

static int alike_look(struct steadiness *steadiness, unsigned int arm,
		      double level, json_t *list)
{
	const struct results *results = steadiness->results;
	const char *name = results_arm_name(results, arm);
	struct serial serial;
	bool found;
	int err;

	steadiness->count = 0;
	for (unsigned int block = 0; block < results->blocks; block++)
		value_add(steadiness, log_p50(results, block, arm) -
					      log_p50(results, block, 0));
	err = serial_find(steadiness->values, steadiness->count, &serial);
	if (err)
		return err;
	found = serial.p <= level;
	json_array_append_new(list, json_pack("{s:s,s:o,s:o,s:b}", "arm", name,
					      "r", json_real_or_null(serial.r),
					      "p", json_real_or_null(serial.p),
					      "found", found));
	if (found)
		notice(steadiness, "autocorrelation",
		       json_sprintf("autocorrelation: %s against the baseline "
				    "is like it was in the block before (rank "
				    "correlation %.2f, p %.2g): its interval "
				    "is narrower than it should be",
				    name, serial.r, serial.p));
	return 0;
}

static int groups_look(struct steadiness *steadiness, unsigned int arm,
		       double level, json_t *list)
{
	const struct results *results = steadiness->results;
	const char *name = results_arm_name(results, arm);
	struct modes modes;
	bool found;
	int err;

	steadiness->count = 0;
	for (unsigned int block = 0; block < results->blocks; block++)
		value_add(steadiness, log_p50(results, block, arm));
	err = modes_find(steadiness->values, steadiness->count, &modes);
	if (err)
		return err;
	found = modes.p <= level;
	json_array_append_new(list, json_pack("{s:s,s:o,s:b}", "arm", name, "p",
					      json_real_or_null(modes.p),
					      "found", found));
	if (found)
		notice(steadiness, "groups",
		       json_sprintf("two groups: %s has p50s about %.2f us in "
				    "%zu trials and about %.2f us in %zu (dip "
				    "test p %.2g): no one figure says how "
				    "soon it is",
				    name, exp(modes.low) / 1e3, modes.low_count,
				    exp(modes.high) / 1e3,
				    steadiness->count - modes.low_count,
				    modes.p));
	return 0;
}

static int all_look(struct steadiness *steadiness, json_t *all)
{
	const struct results *results = steadiness->results;
	json_t *alike = json_array(), *groups = json_array();
	int err = drift_look(steadiness, all);

	for (unsigned int arm = 1; arm < results->arm_count && !err; arm++)
		err = alike_look(steadiness, arm,
				 STEADINESS_LEVEL / (results->arm_count - 1),
				 alike);
	for (unsigned int arm = 0; arm < results->arm_count && !err; arm++)
		err = groups_look(steadiness, arm,
				  STEADINESS_LEVEL / results->arm_count,
				  groups);
	json_object_set_new(all, "autocorrelation", alike);
	json_object_set_new(all, "groups", groups);
	return err;
}

int steadiness_make(const struct results *results, json_t **steadiness,
		    json_t *noticed)
{
	struct steadiness all = {
		.results = results,
		.values = calloc(results->blocks + 1, sizeof(*all.values)),
		.noticed = noticed,
	};
	int err = all.values ? 0 : -ENOMEM;

	*steadiness = json_pack("{s:f}", "level", STEADINESS_LEVEL);
	if (!err)
		err = all_look(&all, *steadiness);
	free(all.values);
	return err;
}
