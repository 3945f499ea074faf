/* SPDX-License-Identifier: MIT */
#include "report/plan_summary.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/json_get.h"
#include "report/comparisons.h"
#include "stats/power.h"
#include "stats/statistics.h"
#include "stats/variance.h"

#define FREEDOM_MIN 8
#define BLOCKS_MIN  3
#define ORDERS_MIN  20 /* a shorter trial's p50 says little */

unsigned int plan_summary_blocks(unsigned int arm_count)
{
	const unsigned int others = arm_count > 1 ? arm_count - 1 : 1;
	const unsigned int blocks = 1 + (FREEDOM_MIN + others - 1) / others;

	return blocks < BLOCKS_MIN ? BLOCKS_MIN : blocks;
}

struct pilot {
	struct variance variance;
	double trial_s, data_s; /* of one trial: all of it, and its data */
	double orders;		/* of one trial */
	/* How often the baseline runs in a block; in a race each pair is of
	 * single trials. */
	unsigned int references;
};

static int variance_take(const struct results *results, unsigned int blocks,
			 struct pilot *pilot)
{
	const size_t cells = (size_t)results->arm_count * blocks;
	double *logs = calloc(2 * cells + 1, sizeof(*logs));
	double *errors = logs ? logs + cells : NULL;

	if (!logs)
		return -ENOMEM;
	for (unsigned int arm = 0; arm < results->arm_count; arm++)
		for (unsigned int b = 0; b < blocks; b++) {
			const struct results_trial *trial =
				results_trial(results, b, arm);

			logs[arm * blocks + b] =
				log(comparisons_value(results, b, arm));
			errors[arm * blocks + b] =
				trial ? variance_of_p50(
						trial->ns,
						trial->percentiles.count)
				      : NAN;
		}
	pilot->variance = variance_split(logs, errors, results->arm_count,
					 blocks, blocks);
	free(logs);
	return 0;
}

static double stamp_s(const struct results_trial *trial, const char *key)
{
	return (double)json_get_integer(
		       json_object_get(trial->json, "analysis"), key) /
	       CLOCK_NS_PER_S;
}

/* How long a trial takes, from the first packet of one to the next one's, and
 * how long its data, in the median; of a campaign that went on later the time
 * between is no trial's. */
static int times_take(const struct results *results, unsigned int blocks,
		      struct pilot *pilot)
{
	double *whole = calloc(3 * results->count + 3, sizeof(*whole));
	double *data = whole ? whole + results->count : NULL;
	double *orders = whole ? data + results->count : NULL;
	size_t n = 0;

	if (!whole)
		return -ENOMEM;
	for (size_t i = 0; i + 1 < results->count; i++) {
		const struct results_trial *trial = &results->trials[i];

		if (trial->block >= blocks)
			break;
		data[n] = stamp_s(trial, "last_stamp_ns") -
			  stamp_s(trial, "first_stamp_ns");
		whole[n] = stamp_s(trial + 1, "first_stamp_ns") -
			   stamp_s(trial, "first_stamp_ns");
		orders[n] = (double)trial->percentiles.count;
		n += data[n] > 0 && whole[n] > data[n];
	}
	pilot->trial_s = statistics_median(whole, n);
	pilot->data_s = statistics_median(data, n);
	pilot->orders = statistics_median(orders, n);
	free(whole);
	return 0;
}

/* What its blocks, or its time, allow. */
static size_t blocks_planned(const struct results *results,
			     const struct pilot *pilot)
{
	const json_t *parameters =
		json_object_get(results->manifest, "parameters");
	const json_t *until = json_object_get(parameters, "until");
	const double seconds = json_get_number(until, "seconds");
	const double most =
		(double)json_get_integer(until ? until : parameters, "blocks");
	const double fit =
		floor(seconds / (pilot->trial_s * results->arm_count));

	return (size_t)(seconds > 0 && fit < most ? fit : most);
}

/* Another size of trial in the same time, where it finds a tenth more. */
static void size_set(const struct pilot *pilot, size_t blocks,
		     const struct verdict_rule *rule, json_t *plan)
{
	const double beside = pilot->trial_s - pilot->data_s;
	double times =
		variance_best_times(&pilot->variance, beside, pilot->data_s);
	double more, finds;

	times = fmin(fmax(times, ORDERS_MIN / pilot->orders), 100);
	more = pilot->trial_s / (beside + times * pilot->data_s);
	finds = power_finds(
		variance_spread(&pilot->variance, pilot->references, times),
		pilot->variance.freedom, (size_t)(more * (double)blocks), rule);
	if (!(finds < 0.9 * json_get_number(plan, "finds")))
		return;
	json_object_set_new(plan, "better",
			    json_pack("{s:f,s:f,s:f}", "times", times, "trials",
				      more, "finds", finds));
}

static json_t *plan_json(const struct results *results,
			 const struct pilot *pilot)
{
	const struct variance *of = &pilot->variance;
	const struct verdict_rule rule = {
		.arm_count = comparisons_count(results),
		.alpha = results->alpha,
	};
	const double spread = variance_spread(of, pilot->references, 1);
	const double all = of->block + of->residue;
	const size_t blocks = blocks_planned(results, pilot);
	json_t *plan = json_pack(
		"{s:I,s:I,s:i,s:o,s:f,s:{s:f,s:f,s:f},s:f,s:f}", "pilot",
		(json_int_t)of->blocks, "blocks", (json_int_t)blocks, "needed",
		(int)verdict_blocks_needed(&rule), "finds",
		json_real_or_null(
			power_finds(spread, of->freedom, blocks, &rule)),
		"spread", spread, "share", "block",
		all > 0 ? of->block / all : 0, "trial",
		all > 0 ? of->trial / all : 0, "order",
		all > 0 ? of->order / all : 0, "trial_s", pilot->trial_s,
		"data_s", pilot->data_s);

	if (of->trial > 0 && of->order > 0)
		size_set(pilot, blocks, &rule, plan);
	return plan;
}

int plan_summary_set(const struct results *results, json_t *summary)
{
	const unsigned int blocks = plan_summary_blocks(results->arm_count);
	struct pilot pilot;
	int err;

	if (results->blocks < blocks || results->arm_count < 2 ||
	    results->judged > 50)
		return 0;
	pilot.references = results->aa > 0 && !results->race ? 2 : 1;
	err = variance_take(results, blocks, &pilot);
	if (!err)
		err = times_take(results, blocks, &pilot);
	if (err || isnan(pilot.variance.residue) || isnan(pilot.trial_s))
		return err;
	json_object_set_new(summary, "plan", plan_json(results, &pilot));
	return 0;
}

bool plan_summary_hopeless(const json_t *plan)
{
	return json_get_integer(plan, "blocks") <
	       json_get_integer(plan, "needed");
}
