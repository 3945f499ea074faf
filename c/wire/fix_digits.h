/* SPDX-License-Identifier: MIT */
/*
 * Eight decimal digits at a time, in a word: after D. Lemire, "Quickly parsing
 * eight digits", and P. Khuong, "How to print integers really fast".
 */
#ifndef WIRE_FIX_DIGITS_H
#define WIRE_FIX_DIGITS_H

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define FIX_EACH_BYTE UINT64_C(0x0101010101010101)

/* HOT. The sum of a word's bytes, modulo 256. */
static inline uint8_t fix_word_sum(uint64_t word)
{
	const uint64_t low = UINT64_C(0x00ff00ff00ff00ff);
	uint64_t pairs = (word & low) + (word >> 8 & low);

	return (uint8_t)((pairs * UINT64_C(0x0001000100010001)) >> 48);
}

static inline uint64_t fix_word_read(const uint8_t *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	return le64toh(word);
}

/* Put it there; its sum. */
static inline uint8_t fix_word_write(uint8_t *at, uint64_t word)
{
	uint64_t wire = htole64(word);

	memcpy(at, &wire, sizeof(wire));
	return fix_word_sum(word);
}

/* HOT. The text of a number below 100,000,000, its first digit lowest. */
static inline uint64_t fix_word_of(uint32_t number)
{
	uint64_t x = (uint64_t)(number % 10000) << 32 | number / 10000;
	uint64_t tens = ((x * 10486) >> 20) & UINT64_C(0x7f0000007f);

	x = tens | (x - tens * 100) << 16;
	tens = ((x * 103) >> 10) & UINT64_C(0x000f000f000f000f);
	x = tens | (x - tens * 10) << 8;
	return x | FIX_EACH_BYTE * '0';
}

/* HOT. Of a number, in hexadecimal. */
static inline uint64_t fix_word_of_hex(uint32_t number)
{
	uint64_t x = number, letters;

	x = (x & 0xffff) << 32 | x >> 16;
	x = (x & UINT64_C(0x000000ff000000ff)) << 16 |
	    (x >> 8 & UINT64_C(0x000000ff000000ff));
	x = (x & UINT64_C(0x000f000f000f000f)) << 8 |
	    (x >> 4 & UINT64_C(0x000f000f000f000f));
	letters = ((x + FIX_EACH_BYTE * 6) >> 4) & FIX_EACH_BYTE;
	return x + FIX_EACH_BYTE * '0' + letters * ('A' - '9' - 1);
}

/* HOT. Are they all digits? */
static inline bool fix_word_is_number(uint64_t word)
{
	const uint64_t high = FIX_EACH_BYTE * 0xf0, zeros = FIX_EACH_BYTE * '0';

	return (word & high) == zeros &&
	       ((word + FIX_EACH_BYTE * 6) & high) == zeros;
}

/* HOT. Their number. */
static inline uint32_t fix_word_number(uint64_t word)
{
	const uint64_t mask = UINT64_C(0x000000ff000000ff);

	word -= FIX_EACH_BYTE * '0';
	word = word * 10 + (word >> 8);
	word = ((word & mask) * (UINT64_C(100) + (UINT64_C(1000000) << 32)) +
		(word >> 16 & mask) * (1 + (UINT64_C(10000) << 32))) >>
	       32;
	return (uint32_t)word;
}

#endif
