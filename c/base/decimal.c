/* SPDX-License-Identifier: MIT */
#include "base/decimal.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define DECIMAL_PLACES	 9
#define EXPONENT_TOO_FAR 400

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Read "e-8" at *at; 0 with the exponent, or -EINVAL. */
static int exponent_parse(const char **at, const char *end, int *exponent)
{
	const char *p = *at + 1;
	bool negative = false;
	int value = 0;

	if (p < end && (*p == '+' || *p == '-'))
		negative = *p++ == '-';
	if (p == end)
		return -EINVAL;
	for (; p < end && is_digit(*p); p++)
		if (value < EXPONENT_TOO_FAR)
			value = value * 10 + (*p - '0');
	*exponent = negative ? -value : value;
	*at = p;
	return 0;
}

/* digits x 10^shift, exactly, or -ERANGE. */
static int scale(uint64_t *digits, int shift)
{
	if (*digits == 0)
		return 0;
	for (; shift > 0; shift--)
		if (__builtin_mul_overflow(*digits, UINT64_C(10), digits))
			return -ERANGE;
	for (; shift < 0; shift++) {
		if (*digits % 10)
			return -ERANGE;
		*digits /= 10;
	}
	return 0;
}

/* A number: digits x 10^shift nanos. */
struct number {
	uint64_t digits;
	int shift;
	bool negative;
};

/* The digits before and behind the point; -EINVAL without any. */
static int digits_parse(const char **at, const char *end, struct number *number)
{
	const char *p = *at;
	bool some = false, lost = false;

	for (; p < end && is_digit(*p); p++, some = true)
		if (__builtin_mul_overflow(number->digits, UINT64_C(10),
					   &number->digits) ||
		    __builtin_add_overflow(number->digits, (uint64_t)(*p - '0'),
					   &number->digits))
			return -ERANGE;
	if (p < end && *p == '.') {
		for (p++; p < end && is_digit(*p); p++, some = true) {
			uint64_t wider;

			/* Zeros may go on for ever; other digits may not. */
			if (lost ||
			    __builtin_mul_overflow(number->digits, UINT64_C(10),
						   &wider) ||
			    __builtin_add_overflow(wider, (uint64_t)(*p - '0'),
						   &wider)) {
				if (*p != '0')
					return -ERANGE;
				lost = true;
				continue;
			}
			number->digits = wider;
			number->shift--;
		}
	}
	*at = p;
	return some ? 0 : -EINVAL;
}

static int number_parse(const char *text, size_t len, struct number *number)
{
	const char *p = text, *end = text + len;
	int exponent = 0, err;

	*number = (struct number){ .shift = DECIMAL_PLACES };
	if (p < end && (*p == '-' || *p == '+'))
		number->negative = *p++ == '-';
	err = digits_parse(&p, end, number);
	if (err)
		return err;
	if (p < end && (*p == 'e' || *p == 'E') &&
	    exponent_parse(&p, end, &exponent) < 0)
		return -EINVAL;
	number->shift += exponent;
	return p == end ? 0 : -EINVAL;
}

int decimal_parse(const char *text, size_t len, int64_t *nano)
{
	struct number number;
	int err = number_parse(text, len, &number);

	if (err)
		return err;
	if (scale(&number.digits, number.shift) < 0 ||
	    number.digits > (uint64_t)INT64_MAX + number.negative)
		return -ERANGE;
	*nano = (int64_t)(number.negative ? -number.digits : number.digits);
	return 0;
}

int decimal_parse_wide(const char *text, size_t len, uint64_t *digits,
		       unsigned int *exponent)
{
	struct number number;
	uint64_t wider;
	int err = number_parse(text, len, &number);

	if (err)
		return err;
	if (number.digits == 0)
		number.shift = 0;
	if (number.negative && number.digits > 0)
		return -ERANGE;
	if (number.shift < 0) {
		if (scale(&number.digits, number.shift) < 0)
			return -ERANGE;
		number.shift = 0;
	}
	while (number.shift > 0 &&
	       !__builtin_mul_overflow(number.digits, UINT64_C(10), &wider)) {
		number.digits = wider;
		number.shift--;
	}
	if (number.shift > DECIMAL_PLACES)
		return -ERANGE;
	*digits = number.digits;
	*exponent = (unsigned int)number.shift;
	return 0;
}

size_t decimal_format(int64_t nano, char text[static DECIMAL_TEXT_MAX])
{
	char reversed[DECIMAL_TEXT_MAX];
	uint64_t left = nano < 0 ? -(uint64_t)nano : (uint64_t)nano;
	size_t n = 0, len = 0;

	for (int place = 0; place < DECIMAL_PLACES; place++, left /= 10)
		if (n > 0 || left % 10)
			reversed[n++] = (char)('0' + left % 10);
	if (n > 0)
		reversed[n++] = '.';
	do
		reversed[n++] = (char)('0' + left % 10);
	while (left /= 10);
	if (nano < 0)
		reversed[n++] = '-';
	while (n > 0)
		text[len++] = reversed[--n];
	text[len] = '\0';
	return len;
}
