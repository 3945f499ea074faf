/* SPDX-License-Identifier: MIT */
#include "report/claim.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Units as the seed writes them; longer ones before those they begin with. */
static const struct unit {
	const char *text;
	enum claim_unit unit;
	double scale;
	double smaller; /* of the next smaller unit; 0: there is none */
} units[] = {
	{ "us per KB", CLAIM_NS_PER_KB, 1e3, 0 },
	{ "us", CLAIM_NS, 1e3, 1 },
	{ "ms", CLAIM_NS, 1e6, 1e3 },
	{ "nanoseconds", CLAIM_NS, 1, 0 },
	{ "microseconds", CLAIM_NS, 1e3, 1 },
	{ "milliseconds", CLAIM_NS, 1e6, 1e3 },
	{ "cycles/byte", CLAIM_CYCLES_PER_BYTE, 1, 0 },
	{ "million messages/second", CLAIM_PER_S, 1e6, 1e3 },
	{ "million pps", CLAIM_PER_S, 1e6, 1e3 },
	{ "MB/s", CLAIM_BYTES_PER_S, 1e6, 1e3 },
	{ "GB/s", CLAIM_BYTES_PER_S, 1e9, 1e6 },
	{ "Gbps", CLAIM_BYTES_PER_S, 1e9 / 8, 1e6 / 8 },
	{ "%", CLAIM_PERCENT, 1, 0 },
	{ "KB", CLAIM_BYTES, 1e3, 1 },
	{ "bytes", CLAIM_BYTES, 1, 0 },
};

static const char *blanks_skip(const char *text)
{
	return text + strspn(text, " ");
}

/* The unit in front of text, or NULL; *text: behind it. */
static const struct unit *unit_take(const char **text)
{
	*text = blanks_skip(*text);
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		const size_t len = strlen(units[i].text);

		if (strncmp(*text, units[i].text, len) != 0 ||
		    isalpha((unsigned char)(*text)[len]))
			continue;
		*text += len;
		return &units[i];
	}
	return NULL;
}

static bool number_take(const char **text, double *value)
{
	char *end;

	*text = blanks_skip(*text);
	if (!isdigit((unsigned char)**text))
		return false;
	*value = strtod(*text, &end);
	*text = end;
	return isfinite(*value);
}

static bool plus_take(const char **text)
{
	*text = blanks_skip(*text);
	if (**text != '+')
		return false;
	++*text;
	return true;
}

int claim_parse(const char *text, struct claim_range *range)
{
	const struct unit *unit, *first;
	double low, high;
	bool plus, below;

	*range = (struct claim_range){ .unit = CLAIM_WORDS };
	text = blanks_skip(text);
	below = *text == '<';
	text += below || *text == '~';
	if (!isdigit((unsigned char)*blanks_skip(text)))
		return 0;
	if (!number_take(&text, &low))
		return -EINVAL;
	high = low;
	plus = plus_take(&text);
	first = unit_take(&text);
	if (!plus && *blanks_skip(text) == '-') {
		text = blanks_skip(text) + 1;
		if (!number_take(&text, &high))
			return -EINVAL;
		unit = unit_take(&text);
	} else {
		unit = first;
		first = NULL;
	}
	if (*text == '+')
		plus = plus_take(&text);
	/* Words behind it say of what: "10-30% CPU". */
	if (!unit || (first && first->unit != unit->unit) ||
	    (*text && (*text != ' ' || !isalpha((unsigned char)text[1]))))
		return -EINVAL;
	low *= first ? first->scale : low > high ? unit->smaller : unit->scale;
	high *= unit->scale;
	if (low > high || low <= 0)
		return -EINVAL;
	range->unit = unit->unit;
	range->low = below ? 0 : low;
	range->high = plus ? INFINITY : high;
	return 0;
}

const char *const claim_call_names[] = {
	[CLAIM_NONE] = "-",
	[CLAIM_BELOW] = "below",
	[CLAIM_BELOW_OR_IN] = "below or in",
	[CLAIM_IN] = "in",
	[CLAIM_IN_OR_ABOVE] = "in or above",
	[CLAIM_ABOVE] = "above",
	[CLAIM_ANY] = "below, in or above",
};

enum claim_call claim_judge(const struct claim_range *range, double low,
			    double high)
{
	if (range->unit == CLAIM_WORDS || isnan(low) || isnan(high) ||
	    low > high)
		return CLAIM_NONE;
	if (high < range->low)
		return CLAIM_BELOW;
	if (low > range->high)
		return CLAIM_ABOVE;
	if (low < range->low && high > range->high)
		return CLAIM_ANY;
	if (low < range->low)
		return CLAIM_BELOW_OR_IN;
	return high > range->high ? CLAIM_IN_OR_ABOVE : CLAIM_IN;
}

/* In the largest unit that leaves a number of 1 or more. */
static void scaled(double value, const char *const names[static 4],
		   char text[static CLAIM_VALUE_MAX])
{
	size_t i = 0;

	while (i < 3 && names[i + 1] && fabs(value) >= 999.5) {
		value /= 1e3;
		i++;
	}
	snprintf(text, CLAIM_VALUE_MAX, "%.3g %s",
		 fabs(value) >= 100 ? round(value) : value, names[i]);
}

const char *claim_format(enum claim_unit unit, double value,
			 char text[static CLAIM_VALUE_MAX])
{
	static const char *const times[] = { "ns", "us", "ms", "s" };
	static const char *const rates[] = { "B/s", "kB/s", "MB/s", "GB/s" };
	static const char *const counts[] = { "/s", "thousand/s", "million/s",
					      "billion/s" };
	static const char *const sizes[] = { "bytes", "kB", "MB", "GB" };

	snprintf(text, CLAIM_VALUE_MAX, "-");
	if (!isfinite(value))
		return text;
	switch (unit) {
	case CLAIM_WORDS:
		break;
	case CLAIM_NS:
		scaled(value, times, text);
		break;
	case CLAIM_BYTES_PER_S:
		scaled(value, rates, text);
		break;
	case CLAIM_PER_S:
		scaled(value, counts, text);
		break;
	case CLAIM_BYTES:
		scaled(value, sizes, text);
		break;
	case CLAIM_PERCENT:
		snprintf(text, CLAIM_VALUE_MAX, "%.0f %%", value);
		break;
	case CLAIM_NS_PER_KB:
		snprintf(text, CLAIM_VALUE_MAX, "%.3g us/KB", value / 1e3);
		break;
	case CLAIM_CYCLES_PER_BYTE:
		snprintf(text, CLAIM_VALUE_MAX, "%.3g cycles/byte", value);
		break;
	}
	return text;
}
