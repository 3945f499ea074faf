/* SPDX-License-Identifier: MIT */
#include "report/tables_figure.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/json_get.h"

#define KB 1024

/*
 * Of one round.
 */

/* NULL: it failed. size 0: of any. */
static const json_t *result_of(const struct tables_raw *raw, unsigned int round,
			       const char *name, const char *what,
			       unsigned int size)
{
	const json_t *result;
	char path[64];
	size_t i;

	snprintf(path, sizeof(path), "%03u/%s", round, name);
	json_array_foreach(
		json_object_get(json_object_get(raw->files, path), "results"),
		i, result)
	{
		if (!strcmp(json_get_text(result, "measure", ""), what) &&
		    (!size || json_get_integer(result, "size") == size))
			return result;
	}
	return NULL;
}

static double number_of(const json_t *object, const char *key)
{
	const json_t *value = schema_value(object, key);

	return json_is_number(value) ? json_number_value(value) : NAN;
}

static double operation(const struct tables_raw *raw, unsigned int round,
			const char *name)
{
	char path[64];
	double value;

	snprintf(path, sizeof(path), "%03u/" MEASURES_OPERATIONS, round);
	value = number_of(json_object_get(json_object_get(raw->files, path),
					  "operations"),
			  name);
	return value >= 0 && value < 1e15 ? value : NAN;
}

static double handshake(const struct tables_raw *raw,
			const struct measure *measure, unsigned int round,
			const char *what)
{
	return measure->opens ? operation(raw, round, measure->opens)
			      : number_of(result_of(raw, round, measure->name,
						    what, 0),
					  "latency_ns.p50");
}

static double one_way(const struct tables_raw *raw, unsigned int round,
		      const char *name, unsigned int size)
{
	return number_of(result_of(raw, round, name, "ping-pong", size),
			 "latency_ns.p50") /
	       2;
}

static double sent(const struct tables_raw *raw, unsigned int round,
		   const char *name, unsigned int size)
{
	return number_of(result_of(raw, round, name, "ping-pong", size),
			 "send_ns.p50");
}

/* A message's. */
static double part_of(const json_t *result, const char *key)
{
	return number_of(result, key) / number_of(result, "sent");
}

static double cpu(const struct tables_raw *raw, unsigned int round,
		  const char *name, unsigned int size)
{
	return part_of(result_of(raw, round, name, "ping-pong", size),
		       "cpu_ns");
}

static double a_second(const json_t *result, const char *key)
{
	return number_of(result, key) * 1e9 / number_of(result, "elapsed_ns");
}

static double bytes_a_second(const struct tables_raw *raw,
			     const struct measure *measure, unsigned int round,
			     unsigned int size)
{
	double sum = 0;

	if (measure->kind != MEASURE_MANY)
		return a_second(result_of(raw, round, measure->name,
					  "throughput", size),
				"bytes_out");
	for (unsigned int i = 0; i < raw->pairs; i++) {
		char name[64];

		snprintf(name, sizeof(name), "%s.%u", measure->name, i);
		sum += a_second(result_of(raw, round, name, "throughput", size),
				"bytes_out");
	}
	return sum;
}

static double per_kb(const struct tables_raw *raw,
		     const struct measure *measure, unsigned int round,
		     unsigned int size)
{
	const unsigned int small = 13;
	const double large_added = one_way(raw, round, measure->name, size) -
				   one_way(raw, round, measure->plain, size);
	const double small_added = one_way(raw, round, measure->name, small) -
				   one_way(raw, round, measure->plain, small);

	return (large_added - small_added) * KB / (size - small);
}

/* NAN where it has none. */
static double value_of(const struct tables_raw *raw,
		       const struct measure *measure, enum claims_figure figure,
		       unsigned int round, unsigned int size)
{
	const char *name = measure->name, *plain = measure->plain;

	switch (figure) {
	case FIGURE_HANDSHAKE:
		return handshake(raw, measure, round, "handshake");
	case FIGURE_RECONNECT:
		return handshake(raw, measure, round, "reconnect");
	case FIGURE_ONE_WAY:
		return one_way(raw, round, name, size);
	case FIGURE_SENT:
		return sent(raw, round, name, size);
	case FIGURE_RECEIVED:
		return one_way(raw, round, name, size) -
		       sent(raw, round, name, size);
	case FIGURE_TOTAL:
		return handshake(raw, measure, round, "handshake") +
		       one_way(raw, round, name, size);
	case FIGURE_ADDED:
		return one_way(raw, round, name, size) -
		       one_way(raw, round, plain, size);
	case FIGURE_CPU:
		return 100 * (cpu(raw, round, name, size) /
				      cpu(raw, round, plain, size) -
			      1);
	case FIGURE_PER_KB:
		return per_kb(raw, measure, round, size);
	case FIGURE_BYTES:
		return bytes_a_second(raw, measure, round, size);
	case FIGURE_MESSAGES:
		return a_second(result_of(raw, round, name, "throughput", size),
				"received");
	case FIGURE_OVERHEAD: {
		const json_t *pong =
			result_of(raw, round, name, "ping-pong", size);

		/* A ping now and then is none of a message's. */
		return floor(part_of(pong, "bytes_out")) -
		       number_of(pong, "payload");
	}
	case FIGURE_OPERATION:
		return operation(raw, round, name);
	case FIGURE_NOTHING:
	case FIGURE_LOST:
	case FIGURE_WIRE:
	case FIGURE_KERNEL:
	case FIGURE_DECISION:
	case FIGURE_LEFT:
		break;
	}
	return NAN;
}

/*
 * Of one trial.
 */

/* NULL: of wire to wire. */
static const char *stage_key(enum claims_figure figure)
{
	switch (figure) {
	case FIGURE_KERNEL:
		return "stages_ns.kernel_to_user.p50";
	case FIGURE_DECISION:
		return "stages_ns.user_to_decision.p50";
	case FIGURE_LEFT:
		return "stages_ns.decision_to_sent.p50";
	default:
		return NULL;
	}
}

static double percentile_of_trial(const struct results_trial *trial,
				  const char *percentile)
{
	const struct percentiles *all = &trial->percentiles;
	const double percent = !strcmp(percentile, "p99")     ? 99
			       : !strcmp(percentile, "p99_9") ? 99.9
			       : !strcmp(percentile, "p90")   ? 90
							      : 50;

	if (!percentile_supported(all->count, percent))
		return NAN;
	return (double)percentile_of(trial->ns, all->count, percent);
}

/* Each block's trial of the arm that counts. */
static unsigned int trials_values(const struct tables_raw *raw,
				  const struct measure *measure,
				  const char *stage, const char *percentile,
				  double values[static TABLES_ROUNDS_MAX])
{
	const struct tables_campaign *campaign =
		tables_raw_campaign(raw, measure->campaign);
	unsigned int n = 0, arm = 0;

	if (!campaign)
		return 0;
	while (arm < campaign->results.arm_count &&
	       strcmp(results_arm_name(&campaign->results, arm),
		      measure->arm) != 0)
		arm++;
	for (size_t i = 0; i < campaign->results.count; i++) {
		const struct results_trial *trial =
			&campaign->results.trials[i];
		double value;

		if (!results_counts(trial, arm) || n == TABLES_ROUNDS_MAX)
			continue;
		value = stage ? number_of(
					json_object_get(trial->json, "trader"),
					stage)
			      : percentile_of_trial(trial, percentile);
		if (isfinite(value))
			values[n++] = value;
	}
	return n;
}

/*
 * All of them.
 */

unsigned int tables_figure_values(const struct tables_raw *raw,
				  const struct measure *measure,
				  enum claims_figure figure, unsigned int size,
				  double values[static TABLES_ROUNDS_MAX])
{
	unsigned int n = 0;

	if (measure->kind == MEASURE_ARM)
		return trials_values(raw, measure, stage_key(figure), "p50",
				     values);
	for (unsigned int round = 1; round <= raw->rounds; round++) {
		double value = value_of(raw, measure, figure, round, size);

		if (isfinite(value))
			values[n++] = value;
	}
	return n;
}

unsigned int tables_figure_percentile(const struct tables_raw *raw,
				      const struct measure *measure,
				      const char *percentile,
				      double values[static TABLES_ROUNDS_MAX])
{
	unsigned int n = 0;
	char key[32];

	if (measure->kind == MEASURE_ARM)
		return trials_values(raw, measure, NULL, percentile, values);
	snprintf(key, sizeof(key), "latency_ns.%s", percentile);
	for (unsigned int round = 1; round <= raw->rounds; round++) {
		const json_t *pong =
			result_of(raw, round, measure->name, "ping-pong", 13);
		double value = number_of(pong, key) / 2;

		if (isfinite(value))
			values[n++] = value;
	}
	return n;
}

void tables_figure_lost(const struct tables_raw *raw,
			const struct measure *measure, unsigned int size,
			json_int_t *sent_count, json_int_t *lost)
{
	*sent_count = *lost = 0;
	for (unsigned int round = 1; round <= raw->rounds; round++) {
		const json_t *result =
			result_of(raw, round, measure->name, "open-loop", size);

		*sent_count += json_get_integer(result, "sent");
		*lost += json_get_integer(result, "sent") -
			 json_get_integer(result, "received");
	}
}
