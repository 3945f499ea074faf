/* SPDX-License-Identifier: MIT */
#include "campaign/trial_gate.h"

#include <errno.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_get.h"
#include "base/mem.h"
#include "campaign/parts.h"
#include "campaign/trial_files.h"

#define PLACE_MAX 64
#define NS_PER_MS 1e6

static const struct {
	const char *name, *unit;
	double scale; /* of one of the unit */
	double bound; /* unless it is said, in units; INFINITY: not asked */
	double most;  /* in units */
} criteria[TRIAL_GATE_CRITERIA] = {
	[TRIAL_GATE_CANARY] = { "canary", "%", 0.01, 30, 10000 },
	[TRIAL_GATE_GAP] = { "gap", "ms", NS_PER_MS, 2, 1e6 },
	[TRIAL_GATE_STEAL] = { "steal", "%", 0.01, 5, 100 },
	[TRIAL_GATE_PSI] = { "psi", "%", 0.01, INFINITY, 100 },
	[TRIAL_GATE_LATENESS] = { "lateness", "ms", NS_PER_MS, 1, 1e6 },
};

struct trial_gate trial_gate_default(void)
{
	struct trial_gate gate = { .repeats = -1 };

	for (size_t i = 0; i < TRIAL_GATE_CRITERIA; i++)
		gate.bounds[i] = criteria[i].bound * criteria[i].scale;
	return gate;
}

static const char *bound_read(size_t i, const char *value,
			      struct trial_gate *gate)
{
	double number;

	if (!strcmp(value, "off")) {
		gate->bounds[i] = INFINITY;
		return NULL;
	}
	if (!parts_number(value, criteria[i].unit, &number) ||
	    number > criteria[i].most)
		return !strcmp(criteria[i].unit, "%")
			       ? "a share is a percentage, or off"
			       : "a time is in ms, or off";
	gate->bounds[i] = number * criteria[i].scale;
	return NULL;
}

static const char *part_read(char *part, struct trial_gate *gate)
{
	char *value = strchr(part, ':');
	double number;

	if (!value)
		return "expected off, or NAME:BOUND, several with commas "
		       "between";
	*value++ = '\0';
	if (!strcmp(part, "repeats")) {
		if (!parts_number(value, "", &number) ||
		    number > TRIAL_GATE_REPEATS_MAX || number > floor(number))
			return "repeats: a number of blocks, 0 to 1000";
		gate->repeats = (int)number;
		return NULL;
	}
	for (size_t i = 0; i < TRIAL_GATE_CRITERIA; i++)
		if (!strcmp(part, criteria[i].name))
			return bound_read(i, value, gate);
	return "there are canary, gap, steal, psi, lateness and repeats";
}

int trial_gate_parse(const char *text, struct trial_gate *gate,
		     const char **why)
{
	const char *next = text;
	char part[PARTS_MAX];

	gate->off = !strcmp(text, "off");
	if (gate->off)
		return 0;
	do {
		*why = "too long";
		if (parts_next(&next, part))
			*why = part_read(part, gate);
		if (*why)
			return -EINVAL;
	} while (next);
	return 0;
}

const char *trial_gate_format(const struct trial_gate *gate,
			      char text[static TRIAL_GATE_TEXT_MAX])
{
	size_t n = 0;

	snprintf(text, TRIAL_GATE_TEXT_MAX, "off");
	for (size_t i = 0; i < TRIAL_GATE_CRITERIA && !gate->off; i++)
		if (isfinite(gate->bounds[i]))
			n += (size_t)snprintf(
				text + n, TRIAL_GATE_TEXT_MAX - n,
				"%s%s:%.4g%s", n ? "," : "", criteria[i].name,
				gate->bounds[i] / criteria[i].scale,
				criteria[i].unit);
	return text;
}

static double number_of(const json_t *value)
{
	return json_is_number(value) ? json_number_value(value) : NAN;
}

/* The larger one of before and after. */
static double larger(const json_t *place, const char *key)
{
	const json_t *both = json_object_get(place, key);

	return fmax(number_of(json_array_get(both, 0)),
		    number_of(json_array_get(both, 1)));
}

/* Then what happens to its CPU depends on the arm. */
static bool has_trader(const json_t *place)
{
	const json_t *role;
	size_t i;

	json_array_foreach(json_object_get(place, "roles"), i, role)
	{
		const char *name = json_string_value(role);

		if (name && !strcmp(name, trial_role_names[TRIAL_TRADER]))
			return true;
	}
	return false;
}

void trial_gate_read(const json_t *trial, unsigned int arm,
		     struct trial_readings *readings)
{
	const json_t *places =
		json_object_get(json_object_get(trial, "found"), "fingerprint");
	const json_t *lateness = json_object_get(trial, "lateness");

	readings->arm = arm;
	for (size_t i = 0; i < TRIAL_ROLES; i++) {
		const json_t *place = json_array_get(places, i);
		double *value = readings->value[i];

		value[TRIAL_GATE_CANARY] = larger(place, "canary_ns");
		value[TRIAL_GATE_GAP] = larger(place, "gap_ns");
		value[TRIAL_GATE_STEAL] =
			has_trader(place)
				? NAN
				: number_of(json_object_get(place, "steal"));
		value[TRIAL_GATE_PSI] =
			number_of(json_object_get(place, "psi"));
		/* The exchange's place is the first. */
		value[TRIAL_GATE_LATENESS] =
			i == 0 ? number_of(json_object_get(lateness, "p99_ns"))
			       : NAN;
	}
}

bool trial_gate_can_tell(const struct trial_readings *past, size_t count,
			 unsigned int arm_count)
{
	unsigned int of[TRIAL_GATE_ARMS_MAX] = { 0 };

	for (size_t i = 0; i < count; i++)
		of[past[i].arm]++;
	for (unsigned int arm = 0; arm < arm_count; arm++)
		if (of[arm] < TRIAL_GATE_PAST)
			return false;
	return true;
}

/* By how much a reading exceeds the least one, and back. */
static double above(size_t j, double value, double least)
{
	return j == TRIAL_GATE_CANARY ? value / least - 1 : value - least;
}

static double add(size_t j, double least, double more)
{
	return j == TRIAL_GATE_CANARY ? least * (1 + more) : least + more;
}

/* What a reading of the arm is at most in three of four trials; NAN where
 * nothing was read. room: for count. */
static double usual(const struct trial_readings *past, size_t count,
		    unsigned int arm, size_t i, size_t j, double *room)
{
	double least[TRIAL_GATE_ARMS_MAX];
	size_t n = 0;

	for (size_t k = 0; k < TRIAL_GATE_ARMS_MAX; k++)
		least[k] = NAN;
	for (size_t k = 0; k < count; k++)
		least[past[k].arm] =
			fmin(least[past[k].arm], past[k].value[i][j]);
	for (size_t k = 0; k < count; k++) {
		room[n] = above(j, past[k].value[i][j], least[past[k].arm]);
		n += !isnan(room[n]);
	}
	if (n == 0)
		return NAN;
	gsl_sort(room, 1, n);
	return add(j, least[arm],
		   gsl_stats_quantile_from_sorted_data(room, 1, n, 0.75));
}

/* "CPU 1 (trader)", "trader" of what is not pinned. */
static void place_text(const json_t *place, char text[static PLACE_MAX])
{
	const json_t *roles = json_object_get(place, "roles"), *role;
	const json_t *cpu = json_object_get(place, "cpu");
	char names[PLACE_MAX / 2] = "";
	size_t i, n = 0;

	json_array_foreach(roles, i, role)
	{
		if (n < sizeof(names))
			n += (size_t)snprintf(names + n, sizeof(names) - n,
					      "%s%s", i ? ", " : "",
					      json_string_value(role));
	}
	if (json_is_integer(cpu))
		snprintf(text, PLACE_MAX, "CPU %lld (%s)",
			 (long long)json_integer_value(cpu), names);
	else
		snprintf(text, PLACE_MAX, "%s", names);
}

static json_t *reason(const json_t *place, size_t j, double value, double was)
{
	const bool is_canary = j == TRIAL_GATE_CANARY;
	const char *unit = is_canary ? "ns" : criteria[j].unit;
	const double scale = is_canary ? 1 : criteria[j].scale;
	char where[PLACE_MAX];

	place_text(place, where);
	return json_sprintf("%s of %s %.3g %s, usually at most %.3g",
			    criteria[j].name, where, value / scale, unit,
			    was / scale);
}

json_t *trial_gate_reasons(const struct trial_gate *gate, const json_t *trial,
			   unsigned int arm, const struct trial_readings *past,
			   size_t count, unsigned int arm_count)
{
	const json_t *places =
		json_object_get(json_object_get(trial, "found"), "fingerprint");
	double *room = malloc((count + 1) * sizeof(*room));
	json_t *reasons = json_array();
	struct trial_readings now;

	if (!room || !trial_gate_can_tell(past, count, arm_count))
		goto out;
	trial_gate_read(trial, arm, &now);
	for (size_t i = 0; i < TRIAL_ROLES; i++)
		for (size_t j = 0; j < TRIAL_GATE_CRITERIA; j++) {
			const double was = usual(past, count, arm, i, j, room);

			/* Never of NAN. */
			if (now.value[i][j] > add(j, was, gate->bounds[j]))
				json_array_append_new(
					reasons,
					reason(json_array_get(places, i), j,
					       now.value[i][j], was));
		}
out:
	if (!room) {
		json_decref(reasons);
		reasons = NULL;
	}
	free(room);
	return reasons;
}
