/* SPDX-License-Identifier: MIT */
#include "stats/lateness.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "stats/percentile.h"

/* Of a trial's orders. */
#define NOTED_SHARE 0.01

struct lateness {
	uint64_t *ns; /* of each datagram, in the order of the file */
	uint64_t *sequences;
	size_t count, capacity;
	size_t orders, late;
};

static int grow(struct lateness *lateness)
{
	size_t wanted = lateness->capacity ? 2 * lateness->capacity : 4096;
	uint64_t *more;

	if (lateness->count < lateness->capacity)
		return 0;
	more = realloc(lateness->ns, wanted * sizeof(*more));
	if (!more)
		return -ENOMEM;
	lateness->ns = more;
	more = realloc(lateness->sequences, wanted * sizeof(*more));
	if (!more)
		return -ENOMEM;
	lateness->sequences = more;
	lateness->capacity = wanted;
	return 0;
}

static int send_take(struct lateness *lateness, const char *line)
{
	uint64_t sequence, intended, sent;
	int err = grow(lateness);

	if (err)
		return err;
	if (sscanf(line, "%" SCNu64 ",%" SCNu64 ",%" SCNu64, &sequence,
		   &intended, &sent) != 3)
		return -EBADMSG;
	lateness->sequences[lateness->count] = sequence;
	lateness->ns[lateness->count++] = sent > intended ? sent - intended : 0;
	return 0;
}

/* Sequences rise in both files; of a datagram that was sent again the last
 * sending counts. */
static int order_take(struct lateness *lateness, const char *line)
{
	size_t low = 0, high = lateness->count;
	uint64_t sequence;

	if (sscanf(line, "%" SCNu64 ",", &sequence) != 1)
		return -EBADMSG;
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (lateness->sequences[middle] <= sequence)
			low = middle + 1;
		else
			high = middle;
	}
	lateness->orders++;
	if (low > 0 && lateness->sequences[low - 1] == sequence)
		lateness->late += lateness->ns[low - 1] >= LATENESS_NOTED_NS;
	return 0;
}

/* Each line but the header. */
static int lines_take(const char *path, struct lateness *lateness,
		      int (*take)(struct lateness *lateness, const char *line))
{
	FILE *file = fopen(path, "re");
	size_t size = 0, number = 0;
	char *line = NULL;
	int err = 0;

	if (!file) {
		err = -errno;
		log_error("%s: %s", path, log_strerror(err));
		return err;
	}
	while (!err && getline(&line, &size, file) > 0)
		if (number++ > 0)
			err = take(lateness, line);
	if (err == -EBADMSG)
		log_error("%s: line %zu: not the numbers expected: '%.40s'",
			  path, number, line);
	free(line);
	fclose(file);
	return err;
}

static json_t *percentile_json(const struct lateness *lateness, double percent)
{
	if (!percentile_supported(lateness->count, percent))
		return json_null();
	return json_integer((json_int_t)percentile_of(
		lateness->ns, lateness->count, percent));
}

static json_t *lateness_json(struct lateness *lateness)
{
	const size_t count = lateness->count;

	percentile_sort(lateness->ns, count);
	return json_pack(
		"{s:I,s:o,s:o,s:o,s:I,s:I,s:i}", "packets", (json_int_t)count,
		"p50_ns", percentile_json(lateness, 50), "p99_ns",
		percentile_json(lateness, 99), "max_ns",
		count ? json_integer((json_int_t)lateness->ns[count - 1])
		      : json_null(),
		"orders", (json_int_t)lateness->orders, "orders_late",
		(json_int_t)lateness->late, "late_ns", LATENESS_NOTED_NS);
}

int lateness_of(const char *sends, const char *latencies, json_t **value)
{
	struct lateness lateness = { 0 };
	int err = 0;

	*value = json_null();
	if (access(sends, F_OK) < 0)
		return 0;
	err = lines_take(sends, &lateness, send_take);
	/* The orders are looked up while sends stand as they were sent. */
	if (!err && latencies && access(latencies, F_OK) == 0)
		err = lines_take(latencies, &lateness, order_take);
	if (!err)
		*value = lateness_json(&lateness);
	free(lateness.sequences);
	free(lateness.ns);
	return err;
}

bool lateness_is_noted(const json_t *value)
{
	double orders = json_number_value(json_object_get(value, "orders"));
	double late = json_number_value(json_object_get(value, "orders_late"));

	return late > 0 && late >= NOTED_SHARE * orders;
}
