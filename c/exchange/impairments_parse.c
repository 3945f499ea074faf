/* SPDX-License-Identifier: MIT */
#include "exchange/impairments_parse.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/decimal.h"
#include "base/log.h"

#define NS_PER_US    1000
#define DELAY_US_MAX INT64_C(3600000000) /* an hour */
#define HUNDREDTH    100
#define VALUE_MAX    64

/* Of one line; target: what it sets. */
typedef int value_function(const char *text, void *target, const char **why);

/* text[0..len) */
static int share_of(const char *text, size_t len, uint64_t *share,
		    const char **why)
{
	bool is_percent = len > 0 && text[len - 1] == '%';
	int64_t nano;

	if (decimal_parse(text, len - is_percent, &nano) < 0 || nano < 0 ||
	    nano > (is_percent ? HUNDREDTH : 1) * DECIMAL_ONE ||
	    (is_percent && nano % HUNDREDTH)) {
		*why = "expected a share: 0% to 100%, or 0 to 1";
		return -EINVAL;
	}
	*share = (uint64_t)nano / (is_percent ? HUNDREDTH : 1);
	return 0;
}

static int share_value(const char *text, void *target, const char **why)
{
	return share_of(text, strlen(text), target, why);
}

struct delay {
	uint64_t share, ns;
};

static int delay_value(const char *text, void *target, const char **why)
{
	struct delay *delay = target;
	const char *colon = strchr(text, ':');
	const char *time = colon ? colon + 1 : text;
	uint64_t share = IMPAIRMENTS_ALL;
	int64_t us;

	if (colon && share_of(text, (size_t)(colon - text), &share, why) < 0)
		return -EINVAL;
	if (decimal_parse(time, strlen(time), &us) < 0 || us < 0 ||
	    us > DELAY_US_MAX * DECIMAL_ONE) {
		*why = "expected [SHARE:]US, of us at most an hour";
		return -EINVAL;
	}
	delay->share = us > 0 ? share : 0;
	delay->ns = (uint64_t)us / (DECIMAL_ONE / NS_PER_US);
	return 0;
}

static bool is_named(const char *text)
{
	return isalpha((unsigned char)text[0]) && text[1] == ':';
}

/* "A:VALUE", len long. Sets the line's bit in *named. */
static int named_parse(const char *text, size_t len, value_function *value,
		       char *values, size_t size, unsigned int *named,
		       const char **why)
{
	unsigned int line = (unsigned int)(text[0] - 'A');
	char part[VALUE_MAX];

	if (!is_named(text) || text[0] < 'A' || line >= MARKET_DATA_LINES_MAX) {
		*why = "expected a value for all lines, or A:VALUE,B:VALUE";
		return -EINVAL;
	}
	if (*named & 1U << line) {
		*why = "a line is named twice";
		return -EINVAL;
	}
	*named |= 1U << line;
	/* What is longer is no value, and what is left of it isn't either. */
	if (len - 2 >= sizeof(part)) {
		*why = "too long";
		return -EINVAL;
	}
	memcpy(part, text + 2, len - 2);
	part[len - 2] = '\0';
	return value(part, values + line * size, why);
}

/* values[MARKET_DATA_LINES_MAX] of that size, zeroed. The lines' bits that are
 * named, 0 where the value is of all, or -EINVAL. */
static int lines_parse(const char *text, value_function *value, void *values,
		       size_t size, const char **why)
{
	unsigned int named = 0;
	size_t len;
	int err;

	if (!is_named(text) && !strchr(text, ',')) {
		err = value(text, values, why);
		for (size_t i = 1; !err && i < MARKET_DATA_LINES_MAX; i++)
			memcpy((char *)values + i * size, values, size);
		return err;
	}
	for (;; text += len + 1) {
		len = strcspn(text, ",");
		err = named_parse(text, len, value, values, size, &named, why);
		if (err)
			return err;
		if (!text[len])
			return (int)named;
	}
}

static void named_note(struct impairments_config *configs, int named)
{
	for (unsigned int i = 0; i < MARKET_DATA_LINES_MAX; i++)
		configs[i].named |= named >> i & 1;
}

static int shares_parse(const char *text, struct impairments_config *configs,
			size_t member, const char **why)
{
	uint64_t shares[MARKET_DATA_LINES_MAX] = { 0 };
	int named =
		lines_parse(text, share_value, shares, sizeof(shares[0]), why);

	if (named < 0)
		return named;
	for (size_t i = 0; i < MARKET_DATA_LINES_MAX; i++)
		memcpy((char *)&configs[i] + member, &shares[i],
		       sizeof(shares[i]));
	named_note(configs, named);
	return 0;
}

int impairments_parse_lose(const char *text, void *target, const char **why)
{
	return shares_parse(text, target,
			    offsetof(struct impairments_config, lose), why);
}

int impairments_parse_duplicate(const char *text, void *target,
				const char **why)
{
	return shares_parse(text, target,
			    offsetof(struct impairments_config, duplicate),
			    why);
}

int impairments_parse_swap(const char *text, void *target, const char **why)
{
	return shares_parse(text, target,
			    offsetof(struct impairments_config, swap), why);
}

int impairments_parse_delay(const char *text, void *target, const char **why)
{
	struct impairments_config *configs = target;
	struct delay delays[MARKET_DATA_LINES_MAX] = { { 0, 0 } };
	int named =
		lines_parse(text, delay_value, delays, sizeof(delays[0]), why);

	if (named < 0)
		return named;
	for (size_t i = 0; i < MARKET_DATA_LINES_MAX; i++) {
		configs[i].delay = delays[i].share;
		configs[i].delay_ns = delays[i].ns;
	}
	named_note(configs, named);
	return 0;
}

static int sum_check(const struct impairments_config *config)
{
	uint64_t sum =
		config->lose + config->duplicate + config->swap + config->delay;

	if (sum <= IMPAIRMENTS_ALL)
		return 0;
	log_error(
		"--lose, --duplicate, --swap, --delay: %.10g%% of the packets "
		"in all: each has one of these fates, and they can't be more "
		"than 100%%",
		(double)sum * HUNDREDTH / IMPAIRMENTS_ALL);
	return -EINVAL;
}

int impairments_check(const struct impairments_config configs[],
		      unsigned int lines)
{
	int err = 0;

	for (unsigned int i = 0; !err && i < lines; i++)
		err = sum_check(&configs[i]);
	for (unsigned int i = lines; !err && i < MARKET_DATA_LINES_MAX; i++)
		if (configs[i].named) {
			log_error("--lose, --duplicate, --swap, --delay: there "
				  "is no line %c: --group names %u",
				  (char)('A' + i), lines);
			err = -EINVAL;
		}
	return err;
}
