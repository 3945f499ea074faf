/* SPDX-License-Identifier: MIT */
#include "stats/latencies.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stats/percentile.h"

#define LATENCIES_FIRST 4096

#define COLUMN(key, head, percent) { key, head, percent },
const struct latencies_column latencies_columns[LATENCIES_COLUMNS] = {
	LATENCIES_TABLE(COLUMN)
};

void latencies_open(struct latencies *latencies, size_t kept_max)
{
	*latencies = (struct latencies){ .kept_max = kept_max,
					 .stride = 1,
					 .min = UINT64_MAX };
}

void latencies_close(struct latencies *latencies)
{
	free(latencies->values);
	*latencies = (struct latencies){ 0 };
}

static int latencies_make_room(struct latencies *latencies)
{
	size_t capacity =
		latencies->capacity ? latencies->capacity * 2 : LATENCIES_FIRST;
	uint64_t *values;

	if (latencies->kept < latencies->capacity)
		return 0;
	if (latencies->kept == latencies->kept_max) {
		for (size_t i = 0; i < latencies->kept_max / 2; i++)
			latencies->values[i] = latencies->values[2 * i];
		latencies->kept = latencies->kept_max / 2;
		latencies->stride *= 2;
		return 0;
	}
	if (capacity > latencies->kept_max)
		capacity = latencies->kept_max;
	values = realloc(latencies->values, capacity * sizeof(*values));
	if (!values)
		return -ENOMEM;
	latencies->values = values;
	latencies->capacity = capacity;
	return 0;
}

int latencies_add(struct latencies *latencies, uint64_t value_ns)
{
	uint64_t number = latencies->count++;
	int rc;

	if (value_ns < latencies->min)
		latencies->min = value_ns;
	if (value_ns > latencies->max)
		latencies->max = value_ns;
	if (number % latencies->stride != 0)
		return 0;
	rc = latencies_make_room(latencies);
	if (rc < 0)
		return rc;
	latencies->values[latencies->kept++] = value_ns;
	return 0;
}

struct latencies_summary latencies_summary(struct latencies *latencies)
{
	struct latencies_summary summary = {
		.count = latencies->count,
		.stride = latencies->stride,
		.kept = latencies->kept,
	};

	if (latencies->count == 0)
		return summary;
	percentile_sort(latencies->values, latencies->kept);
	for (size_t i = 0; i < LATENCIES_COLUMNS; i++)
		summary.value[i] =
			percentile_of(latencies->values, latencies->kept,
				      latencies_columns[i].percent);
	/* The extremes are of all, kept or not. */
	summary.value[0] = latencies->min;
	summary.value[LATENCIES_COLUMNS - 1] = latencies->max;
	return summary;
}

uint64_t latencies_value(const struct latencies_summary *summary,
			 const char *key)
{
	size_t column = 0;

	while (strcmp(latencies_columns[column].key, key) != 0)
		column++;
	return summary->value[column];
}

bool latencies_shown(const struct latencies_summary *summary, size_t column,
		     uint64_t *value_ns)
{
	double percent = latencies_columns[column].percent;

	*value_ns = summary->value[column];
	/* The extremes are what they are, of however few. */
	if (percent == 0 || percent == 100)
		return summary->count > 0;
	return percentile_supported(summary->kept, percent);
}

const char *latencies_text(const struct latencies_summary *summary,
			   size_t column, char text[static LATENCIES_TEXT_MAX])
{
	uint64_t value_ns;

	if (latencies_shown(summary, column, &value_ns))
		snprintf(text, LATENCIES_TEXT_MAX, "%" PRIu64, value_ns);
	else
		snprintf(text, LATENCIES_TEXT_MAX, "-");
	return text;
}

bool latencies_hides(const struct latencies_summary *summary)
{
	uint64_t value_ns;

	for (size_t i = 0; i < LATENCIES_COLUMNS && summary->count > 0; i++)
		if (!latencies_shown(summary, i, &value_ns))
			return true;
	return false;
}
