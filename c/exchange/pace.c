/* SPDX-License-Identifier: MIT */
#include "exchange/pace.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/decimal.h"
#include "base/random.h"

__extension__ typedef unsigned __int128 wide;

#define BURST_MAX    1000000
#define FACTOR_LEAST (DECIMAL_ONE / 1000) /* 0.001 */

/* "COUNT@N": *text becomes N. */
static int burst_parse(const char **text, struct pace_config *config)
{
	const char *at = strchr(*text, '@');
	int64_t count;

	if (!at || decimal_parse(*text, (size_t)(at - *text), &count) < 0 ||
	    count < DECIMAL_ONE || count > BURST_MAX * DECIMAL_ONE ||
	    count % DECIMAL_ONE)
		return -EINVAL;
	config->burst = (uint64_t)(count / DECIMAL_ONE);
	*text = at + 1;
	return 0;
}

int pace_parse(const char *text, void *target, const char **why)
{
	static const struct {
		const char *name;
		enum pace_kind kind;
		bool takes, needs; /* a number */
	} kinds[] = {
		{ "max", PACE_MAX, false, false },
		{ "rate", PACE_RATE, true, true },
		{ "burst", PACE_BURST, true, true },
		{ "poisson", PACE_POISSON, true, true },
		{ "file", PACE_FILE, true, false },
	};
	struct pace_config config = { .factor = DECIMAL_ONE };
	size_t i, len = strcspn(text, ":");
	const char *number = text[len] ? text + len + 1 : NULL;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strlen(kinds[i].name) == len &&
		    !memcmp(kinds[i].name, text, len))
			break;
	if (i == sizeof(kinds) / sizeof(kinds[0]) ||
	    (number ? !kinds[i].takes : kinds[i].needs)) {
		*why = "expected max, rate:N, burst:COUNT@N, poisson:N or "
		       "file[:SPEED]";
		return -EINVAL;
	}
	config.kind = kinds[i].kind;
	if (config.kind == PACE_BURST && burst_parse(&number, &config) < 0) {
		*why = "expected burst:COUNT@N with a COUNT of 1 to 1000000";
		return -EINVAL;
	}
	if (number &&
	    (decimal_parse(number, strlen(number), &config.factor) < 0 ||
	     config.factor < FACTOR_LEAST)) {
		*why = "the number must be a decimal from 0.001 up";
		return -EINVAL;
	}
	*(struct pace_config *)target = config;
	return 0;
}

void pace_start(struct pace *pace, const struct pace_config *config,
		uint64_t seed)
{
	*pace = (struct pace){ .config = *config, .random = seed };
}

/* From the last line to this one, in the file's time. */
static uint64_t file_step(struct pace *pace, uint64_t time_ns)
{
	uint64_t step = time_ns - pace->time_ns;

	if (time_ns < pace->time_ns) {
		if (pace->time_ns > pace->before_ns)
			pace->before_ns = pace->time_ns;
		return 0;
	}
	/* A stray line has been, or the file has caught up with itself. */
	if (pace->before_ns > 0 && time_ns >= pace->before_ns) {
		if (step > time_ns - pace->before_ns)
			step = time_ns - pace->before_ns;
		pace->before_ns = 0;
	}
	return step;
}

static uint64_t file_next(struct pace *pace, uint64_t time_ns, bool snapshot)
{
	uint64_t factor = (uint64_t)pace->config.factor;
	wide scaled;

	if (snapshot || time_ns == 0)
		return pace->file_ns;
	if (pace->time_ns > 0) {
		/* What a division leaves is carried on: no drift. */
		scaled =
			(wide)file_step(pace, time_ns) * (uint64_t)DECIMAL_ONE +
			pace->file_left;
		pace->file_ns += (uint64_t)(scaled / factor);
		pace->file_left = (uint64_t)(scaled % factor);
	}
	pace->time_ns = time_ns;
	return pace->file_ns;
}

/* When that datagram is due at so many a second. */
static uint64_t evenly(uint64_t count, uint64_t factor)
{
	return (uint64_t)((wide)count * CLOCK_NS_PER_S * (uint64_t)DECIMAL_ONE /
			  factor);
}

uint64_t pace_next(struct pace *pace, uint64_t time_ns, bool snapshot)
{
	uint64_t factor = (uint64_t)pace->config.factor, count;

	switch (pace->config.kind) {
	case PACE_MAX:
		return 0;
	case PACE_RATE:
		return evenly(pace->count++, factor);
	case PACE_BURST:
		count = pace->count++;
		return evenly(count - count % pace->config.burst, factor);
	case PACE_POISSON:
		if (pace->count++ > 0)
			pace->poisson_ns -= log(random_unit(&pace->random)) *
					    1e18 / (double)factor;
		return (uint64_t)pace->poisson_ns;
	case PACE_FILE:
		return file_next(pace, time_ns, snapshot);
	}
	return 0;
}
