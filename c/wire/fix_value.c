/* SPDX-License-Identifier: MIT */
/* What stands in fields: numbers, and times. */
#include <errno.h>
#include <string.h>

#include "base/decimal.h"
#include "wire/fix.h"
#include "wire/fix_digits.h"

#define DIGITS_MAX 19 /* that any uint64_t has room for */
#define PLACES	   9
#define TIME_LEN   17 /* "20260131-12:30:00" */

static const uint32_t powers[PLACES + 1] = { 1,		10,	  100,
					     1000,	10000,	  100000,
					     1000000,	10000000, 100000000,
					     1000000000 };

int fix_unsigned(const uint8_t *text, size_t len, uint64_t *value)
{
	uint64_t number = 0;

	if (len == 0)
		return -EINVAL;
	for (; len > DIGITS_MAX && *text == '0'; len--)
		text++;
	if (len > DIGITS_MAX) {
		for (; len > 0; len--)
			if ((uint8_t)(*text++ - '0') > 9)
				return -EINVAL;
		return -ERANGE;
	}
	for (; len >= 8; len -= 8, text += 8) {
		uint64_t word = fix_word_read(text);

		if (!fix_word_is_number(word))
			return -EINVAL;
		number = number * 100000000 + fix_word_number(word);
	}
	for (; len > 0; len--) {
		uint8_t digit = (uint8_t)(*text++ - '0');

		if (digit > 9)
			return -EINVAL;
		number = number * 10 + digit;
	}
	*value = number;
	return 0;
}

/* Give it its sign, if it fits. */
static int sign_set(uint64_t size, bool negative, int64_t *value)
{
	if (size > (uint64_t)INT64_MAX + negative)
		return -ERANGE;
	*value = (int64_t)(negative ? 0 - size : size);
	return 0;
}

int fix_signed(const uint8_t *text, size_t len, int64_t *value)
{
	const bool negative = len > 0 && *text == '-';
	uint64_t size;
	int err = fix_unsigned(text + negative, len - negative, &size);

	return err ? err : sign_set(size, negative, value);
}

/* Of digits behind the point, in nano. */
static int fraction_read(const uint8_t *text, size_t len, uint64_t *nano)
{
	size_t digits = len < PLACES ? len : PLACES;
	int err = fix_unsigned(text, digits, nano);
	bool exact = true;

	for (size_t i = digits; i < len && !err; i++) {
		if ((uint8_t)(text[i] - '0') > 9)
			return -EINVAL;
		exact = exact && text[i] == '0';
	}
	if (!err)
		*nano *= powers[PLACES - digits];
	return err || exact ? err : -ERANGE;
}

int fix_decimal(const uint8_t *text, size_t len, int64_t *nano)
{
	const bool negative = len > 0 && *text == '-';
	uint64_t whole = 0, fraction = 0;
	size_t point = negative;
	int err = 0;

	while (point < len && text[point] != '.')
		point++;
	if (point + 1 < len)
		err = fraction_read(text + point + 1, len - point - 1,
				    &fraction);
	/* ".5" and "5." are numbers, "." is none. */
	if (err != -EINVAL && (point > negative || point + 1 >= len)) {
		int first =
			fix_unsigned(text + negative, point - negative, &whole);

		err = first ? first : err;
	}
	if (err)
		return err;
	if (__builtin_mul_overflow(whole, (uint64_t)DECIMAL_ONE, &whole) ||
	    __builtin_add_overflow(whole, fraction, &whole))
		return -ERANGE;
	return sign_set(whole, negative, nano);
}

/* Days since 1970 of a date of the Gregorian calendar: H. Hinnant,
 * "chrono-Compatible Low-Level Date Algorithms". */
static int64_t days_of(int64_t year, unsigned int month, unsigned int day)
{
	int64_t from_march = year - (month <= 2), era = from_march / 400;
	int64_t of_era = from_march - era * 400;
	unsigned int of_year =
		(153 * (month + (month > 2 ? -3U : 9U)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 +
	       of_year - 719468;
}

static bool part_read(const uint8_t *text, size_t len, uint64_t min,
		      uint64_t max, uint64_t *value)
{
	return fix_unsigned(text, len, value) == 0 && *value >= min &&
	       *value <= max;
}

int fix_time(const uint8_t *text, size_t len, uint64_t *ns)
{
	uint64_t year, month, day, hour, minute, second, fraction = 0;

	if (len < TIME_LEN || text[8] != '-' || text[11] != ':' ||
	    text[14] != ':' || !part_read(text, 4, 1970, 2500, &year) ||
	    !part_read(text + 4, 2, 1, 12, &month) ||
	    !part_read(text + 6, 2, 1, 31, &day) ||
	    !part_read(text + 9, 2, 0, 23, &hour) ||
	    !part_read(text + 12, 2, 0, 59, &minute) ||
	    !part_read(text + 15, 2, 0, 60, &second))
		return -EINVAL;
	if (len > TIME_LEN &&
	    (text[TIME_LEN] != '.' || len > TIME_LEN + 1 + PLACES ||
	     len == TIME_LEN + 1 ||
	     fraction_read(text + TIME_LEN + 1, len - TIME_LEN - 1, &fraction) <
		     0))
		return -EINVAL;
	*ns = (((uint64_t)days_of((int64_t)year, (unsigned int)month,
				  (unsigned int)day) *
			24 +
		hour) * 60 +
	       minute) *
		      60 +
	      second;
	*ns = *ns * UINT64_C(1000000000) + fraction;
	return 0;
}
