/* SPDX-License-Identifier: MIT */
#include "exchange/line_time.h"

#include <endian.h>
#include <stdbool.h>
#include <string.h>

#include "base/clock.h"

#define DATES_FROM 100000000 /* below, a clock began elsewhere */

/* The decimals from *at on, as ns of a second when unit is 1e9; *at is moved
 * behind them. */
static uint64_t decimals_read(const char *text, size_t len, size_t *at,
			      uint64_t unit)
{
	uint64_t value = 0;

	for (; *at < len && text[*at] >= '0' && text[*at] <= '9'; (*at)++) {
		unit /= 10;
		value += (uint64_t)(text[*at] - '0') * unit;
	}
	return value;
}

static uint64_t unit_of(uint64_t value)
{
	if (value >= UINT64_C(100000000000000000))
		return 1;
	if (value >= UINT64_C(100000000000000) || value < DATES_FROM)
		return 1000;
	return value >= UINT64_C(100000000000) ? 1000000 : CLOCK_NS_PER_S;
}

/* HOT. Eight digits at once, if they are: pairs, then fours, then all are put
 * together by a multiplication each. D. Lemire, "Quickly parsing eight
 * digits", 2018. */
static bool eight_read(const char *text, uint64_t *value)
{
	const uint64_t high = UINT64_C(0xf0f0f0f0f0f0f0f0);
	uint64_t bytes;

	memcpy(&bytes, text, sizeof(bytes));
	bytes = le64toh(bytes);
	if (((bytes & high) |
	     (((bytes + UINT64_C(0x0606060606060606)) & high) >> 4)) !=
	    UINT64_C(0x3333333333333333))
		return false;
	bytes = ((bytes & UINT64_C(0x0f0f0f0f0f0f0f0f)) * (10 * 256 + 1)) >> 8;
	bytes = ((bytes & UINT64_C(0x00ff00ff00ff00ff)) * (100 * 65536 + 1)) >>
		16;
	*value = ((bytes & UINT64_C(0x0000ffff0000ffff)) *
		  ((UINT64_C(10000) << 32) + 1)) >>
		 32;
	return true;
}

static uint64_t number_read(const char *text, size_t len)
{
	uint64_t value = 0, unit, eight;
	size_t at = 0;

	for (; at <= 8 && at + 8 <= len && eight_read(text + at, &eight);
	     at += 8)
		value = value * 100000000 + eight;
	for (; at < len && text[at] >= '0' && text[at] <= '9'; at++) {
		if (at == 19)
			return 0;
		value = value * 10 + (uint64_t)(text[at] - '0');
	}
	/* "34200.5": the second of a day, or a spreadsheet's. */
	if (at < len && value < DATES_FROM)
		return 0;
	unit = unit_of(value);
	if (at == 0 || __builtin_mul_overflow(value, unit, &value))
		return 0;
	if (at + 1 < len && text[at] == '.') {
		at++;
		value += decimals_read(text, len, &at, unit);
	}
	return at == len ? value : 0;
}

/* count digits to a number, or -1. */
static int digits_read(const char *text, size_t len, size_t at, size_t count)
{
	int value = 0;

	if (at + count > len)
		return -1;
	for (size_t i = at; i < at + count; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		value = value * 10 + (text[i] - '0');
	}
	return value;
}

/* Days since 1970 of a date in the Gregorian calendar. */
static int64_t days_of(int year, int month, int day)
{
	int y = month <= 2 ? year - 1 : year;
	int m = month <= 2 ? month + 9 : month - 3;

	return y * INT64_C(365) + y / 4 - y / 100 + y / 400 +
	       (m * 153 + 2) / 5 + day - 1 - 719468;
}

/* "Z", "+02:00", "-0530", "+02" or nothing, to the end of the text: seconds to
 * take away. False of anything else. */
static bool zone_read(const char *text, size_t len, size_t at, int64_t *seconds)
{
	const bool colon = at + 3 < len && text[at + 3] == ':';
	int hours, minutes = 0;

	*seconds = 0;
	if (at == len ||
	    (at + 1 == len && (text[at] == 'Z' || text[at] == 'z')))
		return true;
	hours = digits_read(text, len, at + 1, 2);
	if ((text[at] != '+' && text[at] != '-') || hours < 0 || hours > 23)
		return false;
	if (at + 3 < len) {
		minutes = digits_read(text, len, at + 3 + colon, 2);
		if (minutes < 0 || minutes > 59 || at + 5 + colon != len)
			return false;
	}
	*seconds = (hours * 60 + minutes) * (text[at] == '-' ? -60 : 60);
	return true;
}

static uint64_t date_read(const char *text, size_t len)
{
	const int year = digits_read(text, len, 0, 4);
	const int month = digits_read(text, len, 5, 2);
	const int day = digits_read(text, len, 8, 2);
	const int hour = digits_read(text, len, 11, 2);
	const int minute = digits_read(text, len, 14, 2);
	const int second = digits_read(text, len, 17, 2);
	int64_t zone, seconds;
	uint64_t ns = 0;
	size_t at = 19;

	if (year < 1970 || year > 2500 || month < 1 || month > 12 || day < 1 ||
	    day > 31 || hour < 0 || hour > 23 || minute < 0 || minute > 59 ||
	    second < 0 || second > 60 || text[4] != '-' || text[7] != '-' ||
	    text[13] != ':' || text[16] != ':' ||
	    (text[10] != 'T' && text[10] != 't' && text[10] != ' '))
		return 0;
	if (at + 1 < len && text[at] == '.') {
		at++;
		ns = decimals_read(text, len, &at, CLOCK_NS_PER_S);
	}
	if (!zone_read(text, len, at, &zone))
		return 0;
	seconds = days_of(year, month, day) * 86400 + hour * 3600 +
		  minute * 60 + second - zone;
	return seconds < 0 ? 0 : (uint64_t)seconds * CLOCK_NS_PER_S + ns;
}

uint64_t line_time(const char *text, size_t len)
{
	if (len > 4 && text[4] == '-')
		return date_read(text, len);
	return number_read(text, len);
}
