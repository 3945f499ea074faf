/* SPDX-License-Identifier: MIT */
#include "report/page_counters.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_get.h"
#include "report/page.h"
#include "stats/agreement.h"

/* What differs is told to differ wrongly in so many campaigns, all counters
 * together. */
#define ALPHA 0.05

struct counter {
	const char *name;		/* of names */
	double means[RESULTS_ARMS_MAX]; /* a trial; NAN: not told */
	double p;			/* that arms differ by chance */
};

struct counters {
	json_t *names;
	struct counter *list;
	size_t count;
	double *values; /* room for one of each trial */
};

/* NAN: this trial tells of no counter. One that it does not name is 0, as it
 * is in the kernel's files before it moves. */
static double rise(const struct results_trial *trial, const char *name)
{
	const json_t *counters = json_object_get(trial->json, "counters");
	const json_t *after = json_object_get(counters, "after");

	if (json_object_size(after) == 0)
		return NAN;
	return (double)(json_get_integer(after, name) -
			json_get_integer(json_object_get(counters, "before"),
					 name));
}

/* Each arm's mean, and whether the arms' trials differ (Kruskal and Wallis,
 * stats/agreement.h). False: it did not move in any trial. */
static bool counter_fill(const struct results *results, struct counter *counter,
			 double *values)
{
	size_t counts[RESULTS_ARMS_MAX] = { 0 }, n = 0;
	bool moved = false;

	for (unsigned int arm = 0; arm < results->arm_count; arm++) {
		double sum = 0;

		for (size_t i = 0; i < results->count; i++) {
			const struct results_trial *trial = &results->trials[i];
			const double value = rise(trial, counter->name);

			if (trial->arm != arm || isnan(value))
				continue;
			values[n++] = value;
			counts[arm]++;
			sum += value;
			moved |= fabs(value) > 0;
		}
		counter->means[arm] =
			counts[arm] ? sum / (double)counts[arm] : NAN;
	}
	counter->p = agreement_p(values, counts, results->arm_count, NULL);
	return moved;
}

/* Each that any trial names, once: {NAME: true}; to be freed. */
static json_t *names_of(const struct results *results)
{
	json_t *names = json_object();

	for (size_t i = 0; i < results->count; i++) {
		const json_t *after = json_object_get(
				     json_object_get(results->trials[i].json,
						     "counters"),
				     "after"),
			     *value;
		const char *name;

		json_object_foreach((json_t *)(uintptr_t)after, name, value)
			json_object_set_new(names, name, json_true());
	}
	return names;
}

/* All that moved in a trial. */
static int counters_open(struct counters *counters,
			 const struct results *results)
{
	const json_t *value;
	const char *name;

	memset(counters, 0, sizeof(*counters));
	counters->names = names_of(results);
	counters->list = calloc(json_object_size(counters->names) + 1,
				sizeof(*counters->list));
	counters->values = calloc(results->count + 1, sizeof(double));
	if (!counters->list || !counters->values)
		return -ENOMEM;
	json_object_foreach(counters->names, name, value)
	{
		struct counter *counter = &counters->list[counters->count];

		counter->name = name;
		if (counter_fill(results, counter, counters->values))
			counters->count++;
	}
	return 0;
}

static void counters_close(struct counters *counters)
{
	free(counters->list);
	free(counters->values);
	json_decref(counters->names);
}

static bool differs(const struct counters *counters,
		    const struct counter *counter)
{
	return counter->p * (double)counters->count <= ALPHA;
}

static int by_p(const void *a, const void *b)
{
	const struct counter *left = a, *right = b;
	const double first = isnan(left->p) ? 2 : left->p;
	const double second = isnan(right->p) ? 2 : right->p;

	if (first < second || first > second)
		return first < second ? -1 : 1;
	return strcmp(left->name, right->name);
}

static void row_write(FILE *out, const struct results *results,
		      const struct counter *counter)
{
	fputs("<tr>", out);
	page_tagged(out, "td", counter->name);
	for (unsigned int arm = 0; arm < results->arm_count; arm++) {
		const double mean = counter->means[arm];

		if (isnan(mean))
			fputs("<td>-</td>", out);
		else if (fabs(mean - round(mean)) < 0.05)
			fprintf(out, "<td>%.0f</td>", mean);
		else
			fprintf(out, "<td>%.1f</td>", mean);
	}
	fputs("</tr>\n", out);
}

static void table_write(FILE *out, const struct results *results,
			const struct counter *list, size_t count)
{
	fputs("<div class=\"wide\"><table><tr><th>a trial's mean</th>", out);
	for (unsigned int arm = 0; arm < results->arm_count; arm++)
		page_tagged(out, "th", results_arm_name(results, arm));
	fputs("</tr>\n", out);
	for (size_t i = 0; i < count; i++)
		row_write(out, results, &list[i]);
	fputs("</table></div>\n", out);
}

static void counters_write(FILE *out, const struct results *results,
			   const struct counters *counters)
{
	size_t count = 0;

	while (count < counters->count &&
	       differs(counters, &counters->list[count]))
		count++;
	if (count > 0) {
		fputs("<h2>Counters that differ between arms</h2>\n", out);
		table_write(out, results, counters->list, count);
		fputs("<p class=\"note\">By how much each rose in a trial, on "
		      "average; that arms differ is Kruskal and Wallis's test "
		      "of the trials, all counters together at 5 %. What "
		      "differs need not be the reason.</p>\n",
		      out);
	}
	if (count == counters->count)
		return;
	if (count == 0)
		fputs("<h2>Counters</h2>\n", out);
	fprintf(out, "<details><summary>Not seen to differ: %zu</summary>\n",
		counters->count - count);
	table_write(out, results, counters->list + count,
		    counters->count - count);
	fputs("</details>\n", out);
}

int page_counters(FILE *out, const struct results *results)
{
	struct counters counters;
	int err = counters_open(&counters, results);

	if (!err && counters.count > 0) {
		qsort(counters.list, counters.count, sizeof(*counters.list),
		      by_p);
		counters_write(out, results, &counters);
	}
	counters_close(&counters);
	return err;
}
