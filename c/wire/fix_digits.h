/* SPDX-License-Identifier: MIT */
/*
 * Eight decimal digits at a time, in a word: after D. Lemire, "Quickly parsing
 * eight digits", and P. Khuong, "How to print integers really fast"; sixteen
 * where there is SSE2.
 */
#ifndef WIRE_FIX_DIGITS_H
#define WIRE_FIX_DIGITS_H

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

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

#ifdef __SSE2__
/* Put both there; the sum of all. */
static inline uint32_t fix_texts_write(uint8_t *one_at, uint8_t *other_at,
				       __m128i texts)
{
	const __m128i sums = _mm_sad_epu8(texts, _mm_setzero_si128());

	_mm_storel_epi64((__m128i *)one_at, texts);
	_mm_storel_epi64((__m128i *)other_at, _mm_unpackhi_epi64(texts, texts));
	return (uint32_t)(_mm_cvtsi128_si32(sums) + _mm_extract_epi16(sums, 4));
}

/* HOT. The texts of two numbers below 100,000,000; the sum of their bytes. */
static inline uint32_t fix_numbers_write(uint8_t *one_at, uint32_t one,
					 uint8_t *other_at, uint32_t other)
{
	const __m128i x = _mm_set_epi64x(other, one);
	__m128i high, low;

	/* By 10000 in 64 bits, by 100 in 32, by 10 in 16. */
	high = _mm_srli_epi64(_mm_mul_epu32(x, _mm_set1_epi64x(0xd1b71759)),
			      45);
	low = _mm_sub_epi64(x, _mm_mul_epu32(high, _mm_set1_epi64x(10000)));
	low = _mm_or_si128(high, _mm_slli_epi64(low, 32));
	high = _mm_srli_epi32(_mm_mulhi_epu16(low, _mm_set1_epi32(5243)), 3);
	low = _mm_sub_epi32(low, _mm_mullo_epi16(high, _mm_set1_epi32(100)));
	low = _mm_or_si128(high, _mm_slli_epi32(low, 16));
	high = _mm_mulhi_epu16(low, _mm_set1_epi16(6554));
	low = _mm_sub_epi16(low, _mm_mullo_epi16(high, _mm_set1_epi16(10)));
	low = _mm_or_si128(high, _mm_slli_epi16(low, 8));
	return fix_texts_write(one_at, other_at,
			       _mm_add_epi8(low, _mm_set1_epi8('0')));
}

/* HOT. The same of any two, in hexadecimal. */
static inline uint32_t fix_hex_write(uint8_t *one_at, uint32_t one,
				     uint8_t *other_at, uint32_t other)
{
	const __m128i x = _mm_set_epi64x(__builtin_bswap32(other),
					 __builtin_bswap32(one));
	const __m128i bytes =
		_mm_unpacklo_epi8(_mm_shuffle_epi32(x, _MM_SHUFFLE(3, 3, 2, 0)),
				  _mm_setzero_si128());
	__m128i digits, letters;

	digits = _mm_or_si128(
		_mm_srli_epi16(bytes, 4),
		_mm_slli_epi16(_mm_and_si128(bytes, _mm_set1_epi16(0xf)), 8));
	letters = _mm_and_si128(_mm_cmpgt_epi8(digits, _mm_set1_epi8(9)),
				_mm_set1_epi8('A' - '9' - 1));
	digits = _mm_add_epi8(digits, _mm_set1_epi8('0'));
	return fix_texts_write(one_at, other_at, _mm_add_epi8(digits, letters));
}
#else
static inline uint32_t fix_numbers_write(uint8_t *one_at, uint32_t one,
					 uint8_t *other_at, uint32_t other)
{
	return (uint32_t)fix_word_write(one_at, fix_word_of(one)) +
	       fix_word_write(other_at, fix_word_of(other));
}

static inline uint32_t fix_hex_write(uint8_t *one_at, uint32_t one,
				     uint8_t *other_at, uint32_t other)
{
	return (uint32_t)fix_word_write(one_at, fix_word_of_hex(one)) +
	       fix_word_write(other_at, fix_word_of_hex(other));
}
#endif

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
