/* SPDX-License-Identifier: MIT */
#include "report/advise.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "report/claim.h"

#define PHRASE_MAX 80

static const struct {
	const char *text;
	enum advise_purpose purpose;
	enum advise_place place;
} phrases[] = {
	{ "order entry", ADVISE_ORDERS, 0 },
	{ "market data", ADVISE_DATA, 0 },
	{ "tick to trade", ADVISE_TICK, 0 },
	{ "between servers", ADVISE_SERVERS, 0 },
	{ "same host", 0, ADVISE_HOST },
	{ "same rack", 0, ADVISE_RACK },
	{ "same datacenter", 0, ADVISE_DATACENTER },
	{ "other datacenter", 0, ADVISE_FAR },
	{ "encrypted", 0, 0 },
	{ "reliable", 0, 0 },
	{ "standard", 0, 0 },
};

static const struct {
	const char *text, *key;
} percentiles[] = {
	{ "p50", "p50" },
	{ "p90", "p90" },
	{ "p99", "p99" },
	{ "p99.9", "p99_9" },
};

#define UNDERSTOOD                                                        \
	"order entry, market data, tick to trade, between servers; same " \
	"host ... ; p99 under 20 us; at least 100 MB/s; encrypted"

static int refuse(const char *word, size_t len, const char *why, char *fault)
{
	if (len > 0)
		snprintf(fault, ADVISE_FAULT_MAX, "'%.*s': %s",
			 (int)(len < 40 ? len : 40), word, why);
	else
		snprintf(fault, ADVISE_FAULT_MAX, "%s", why);
	return -EINVAL;
}

static bool word_is_in(const char *word, size_t len, const char *text)
{
	for (const char *at = text; (at = memmem(at, strlen(at), word, len));
	     at++) {
		if ((at == text || at[-1] == ' ') &&
		    (at[len] == ' ' || at[len] == '\0'))
			return true;
	}
	return false;
}

/* The first word of a phrase that is in none of those that are known; all of
 * it where each is. */
static int phrase_refuse(const char *phrase, char *fault)
{
	for (const char *word = phrase; *word;) {
		const size_t len = strcspn(word, " ");
		bool known = false;

		for (size_t i = 0; i < ARRAY_SIZE(phrases) && !known; i++)
			known = word_is_in(word, len, phrases[i].text);
		if (!known)
			return refuse(word, len,
				      "not understood; there are: " UNDERSTOOD,
				      fault);
		word += len;
		word += strspn(word, " ");
	}
	return refuse(phrase, strlen(phrase),
		      "not understood; there are: " UNDERSTOOD, fault);
}

/* "20 us" behind a word, of that unit and above 0. */
static int amount(const char *text, enum claim_unit unit, double *value,
		  const char *wanted, char *fault)
{
	const char *last = strrchr(text, ' ');
	struct claim_range range;

	if (claim_parse(text, &range) < 0 || range.unit != unit ||
	    range.low != range.high || range.low <= 0)
		return refuse(last ? last + 1 : text,
			      strlen(last ? last + 1 : text), wanted, fault);
	*value = range.low;
	return 0;
}

/* -ENOENT: it is no such phrase. */
static int bound_parse(const char *phrase, struct advise_wish *wish,
		       char *fault)
{
	const size_t len = strcspn(phrase, " ");
	const char *rest = phrase + len + strspn(phrase + len, " ");

	if (!strncmp(phrase, "at least ", 9)) {
		if (wish->bytes_per_s > 0)
			return refuse(phrase, strlen(phrase), "said twice",
				      fault);
		return amount(phrase + 9, CLAIM_BYTES_PER_S, &wish->bytes_per_s,
			      "expected at least N MB/s or GB/s", fault);
	}
	for (size_t i = 0; i < ARRAY_SIZE(percentiles); i++) {
		if (strlen(percentiles[i].text) != len ||
		    memcmp(percentiles[i].text, phrase, len) != 0)
			continue;
		if (wish->under_ns > 0)
			return refuse(phrase, strlen(phrase),
				      "there is a bound already", fault);
		if (strncmp(rest, "under ", 6) != 0)
			return refuse(rest, strcspn(rest, " "),
				      "expected p99 under 20 us", fault);
		wish->percentile = percentiles[i].key;
		return amount(rest + 6, CLAIM_NS, &wish->under_ns,
			      "expected p99 under N ns, us or ms", fault);
	}
	return -ENOENT;
}

static int phrase_take(const char *phrase, struct advise_wish *wish,
		       char *fault)
{
	int err = bound_parse(phrase, wish, fault);
	size_t i = 0;

	if (err != -ENOENT)
		return err;
	while (i < ARRAY_SIZE(phrases) && strcmp(phrases[i].text, phrase) != 0)
		i++;
	if (i == ARRAY_SIZE(phrases))
		return phrase_refuse(phrase, fault);
	if ((phrases[i].purpose && wish->purpose) ||
	    (phrases[i].place && wish->place))
		return refuse(phrase, strlen(phrase),
			      "one was said already, and there can be one",
			      fault);
	if (phrases[i].purpose)
		wish->purpose = phrases[i].purpose;
	else if (phrases[i].place)
		wish->place = phrases[i].place;
	wish->encrypted |= !strcmp(phrase, "encrypted");
	wish->reliable |= !strcmp(phrase, "reliable");
	wish->standard |= !strcmp(phrase, "standard");
	return 0;
}

/* Without the blanks around it, and one of those in it. */
static size_t phrase_copy(const char *text, size_t len,
			  char phrase[static PHRASE_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < len && n < PHRASE_MAX - 1; i++) {
		const bool blank = isspace((unsigned char)text[i]);

		if (blank && (n == 0 || phrase[n - 1] == ' '))
			continue;
		phrase[n++] = blank ? ' ' : text[i];
	}
	while (n > 0 && phrase[n - 1] == ' ')
		n--;
	phrase[n] = '\0';
	return n;
}

int advise_parse(const char *text, struct advise_wish *wish,
		 char fault[static ADVISE_FAULT_MAX])
{
	*wish = (struct advise_wish){ .percentile = "p50" };
	while (text) {
		const size_t len = strcspn(text, ",");
		char phrase[PHRASE_MAX];
		int err;

		if (phrase_copy(text, len, phrase) == 0)
			return refuse("", 0, "nothing between two commas",
				      fault);
		if (len >= PHRASE_MAX)
			return refuse(phrase, strlen(phrase), "too long",
				      fault);
		err = phrase_take(phrase, wish, fault);
		if (err)
			return err;
		text = text[len] ? text + len + 1 : NULL;
	}
	if (!wish->purpose)
		return refuse("", 0,
			      "what for? order entry, market data, tick to "
			      "trade or between servers",
			      fault);
	if (!wish->place)
		wish->place = ADVISE_RACK;
	return 0;
}
