/* SPDX-License-Identifier: MIT */
/*
 * Fixed-point decimals in units of 1e-9 ("nano"), which is how prices,
 * quantities and amounts of USD are kept everywhere: exact, no floats.
 */
#ifndef BASE_DECIMAL_H
#define BASE_DECIMAL_H

#include <stddef.h>
#include <stdint.h>

#define DECIMAL_ONE	 INT64_C(1000000000)
#define DECIMAL_TEXT_MAX 24 /* of decimal_format(), with the final NUL */

/*
 * Read "-12.5", "61800.3", "1e-8". The whole of text[0..len) must be the
 * number. Returns 0; -EINVAL if it is none; -ERANGE if it does not fit an
 * int64_t of nanos or has a digit other than 0 finer than 1e-9.
 */
int decimal_parse(const char *text, size_t len, int64_t *nano);

/*
 * The same for what is not negative and may be wider: digits x 10^exponent
 * nanos, exactly, with the smallest exponent from 0 to 9. -ERANGE for a
 * negative one, or more digits than fit (any 19 do).
 */
int decimal_parse_wide(const char *text, size_t len, uint64_t *digits,
		       unsigned int *exponent);

/* Write the shortest exact text ("61800.1", "-3") with a final NUL and
 * return its length. */
size_t decimal_format(int64_t nano, char text[static DECIMAL_TEXT_MAX]);

#endif
