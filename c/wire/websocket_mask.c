/* SPDX-License-Identifier: MIT */
#include "wire/websocket_mask.h"

#include <endian.h>
#include <string.h>

/*
 * The masks.
 */

/* A row of the cipher's square: GCC's and clang's vector extension. */
typedef uint32_t row __attribute__((vector_size(16)));

static inline row rotate(row word, unsigned int bits)
{
	return word << bits | word >> (32 - bits);
}

/* RFC 8439, 2.1, of all four columns. */
static inline void quarters(row r[static 4])
{
	r[0] += r[1];
	r[3] = rotate(r[3] ^ r[0], 16);
	r[2] += r[3];
	r[1] = rotate(r[1] ^ r[2], 12);
	r[0] += r[1];
	r[3] = rotate(r[3] ^ r[0], 8);
	r[2] += r[3];
	r[1] = rotate(r[1] ^ r[2], 7);
}

/* Row i by i places: the diagonals become columns. Then they are put back. */
static inline void turn(row r[static 4])
{
	r[1] = __builtin_shufflevector(r[1], r[1], 1, 2, 3, 0);
	r[2] = __builtin_shufflevector(r[2], r[2], 2, 3, 0, 1);
	r[3] = __builtin_shufflevector(r[3], r[3], 3, 0, 1, 2);
}

static inline void turn_back(row r[static 4])
{
	r[1] = __builtin_shufflevector(r[1], r[1], 3, 0, 1, 2);
	r[2] = __builtin_shufflevector(r[2], r[2], 2, 3, 0, 1);
	r[3] = __builtin_shufflevector(r[3], r[3], 1, 2, 3, 0);
}

/* Two blocks at a time: one waits for itself at each step. */
void websocket_mask_block(const uint32_t key[static WEBSOCKET_MASK_KEY_WORDS],
			  uint64_t block,
			  uint32_t words[static WEBSOCKET_MASK_BLOCK_WORDS])
{
	/* "expand 32-byte k" */
	row a[4] = { { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 } };
	row b[4], first[8];

	memcpy(&a[1], key, WEBSOCKET_MASK_KEY_WORDS * sizeof(*key));
	memcpy(b, a, sizeof(b));
	a[3] = (row){ (uint32_t)block, (uint32_t)(block >> 32) };
	block++;
	b[3] = (row){ (uint32_t)block, (uint32_t)(block >> 32) };
	memcpy(first, a, sizeof(a));
	memcpy(first + 4, b, sizeof(b));
	for (unsigned int i = 0; i < 10; i++) {
		quarters(a);
		quarters(b);
		turn(a);
		turn(b);
		quarters(a);
		quarters(b);
		turn_back(a);
		turn_back(b);
	}
	for (unsigned int i = 0; i < 4; i++) {
		a[i] += first[i];
		b[i] += first[4 + i];
	}
	memcpy(words, a, sizeof(a));
	memcpy(words + WEBSOCKET_MASK_BLOCK_WORDS / 2, b, sizeof(b));
}

static void masks_make(struct websocket_masks *masks)
{
	websocket_mask_block(masks->key, masks->block,
			     masks->masks + masks->left);
	masks->block += 2;
	masks->left += WEBSOCKET_MASK_BLOCK_WORDS;
}

void websocket_mask_open(struct websocket_masks *masks)
{
	masks->block = 0;
	masks->left = 0;
	websocket_mask_refill(masks);
}

void websocket_mask_refill(struct websocket_masks *masks)
{
	while (masks->left + WEBSOCKET_MASK_BLOCK_WORDS <= WEBSOCKET_MASKS)
		masks_make(masks);
}

uint32_t websocket_mask_next(struct websocket_masks *masks)
{
	if (__builtin_expect(masks->left == 0, 0))
		masks_make(masks);
	return masks->masks[--masks->left];
}

/*
 * Masking.
 */

/* As many bytes as the machine's own vectors have, or twice as many, at any
 * address: GCC's and clang's vector extension. */
#define WIDE_LEN 32
typedef uint64_t wide __attribute__((vector_size(WIDE_LEN), aligned(1)));

/* The mask as it goes on behind so many bytes. */
static uint64_t mask_twice(uint32_t mask, uint64_t at)
{
	const unsigned int bits = (at & 3) * 8;
	uint32_t word = le32toh(mask);

	word = bits ? word >> bits | word << (32 - bits) : word;
	return htole64((uint64_t)word << 32 | word);
}

/* The last seven bytes at most. */
static inline void mask_rest(uint8_t *to, const uint8_t *from, size_t len,
			     uint64_t eight)
{
	uint8_t bytes[sizeof(eight)];
	uint32_t word, four;

	memcpy(bytes, &eight, sizeof(bytes));
	if (len & 4) {
		memcpy(&word, from, sizeof(word));
		memcpy(&four, bytes, sizeof(four));
		word ^= four;
		memcpy(to, &word, sizeof(word));
		from += sizeof(word);
		to += sizeof(word);
	}
	for (size_t i = 0; i < (len & 3); i++)
		to[i] = from[i] ^ bytes[i];
}

void websocket_mask(uint8_t *to, const uint8_t *from, size_t len, uint32_t mask,
		    uint64_t at)
{
	const uint64_t eight = mask_twice(mask, at);
	uint64_t word;

	if (__builtin_expect(len >= 2 * WIDE_LEN, 0)) {
		const wide whole = { eight, eight, eight, eight };

		for (; len >= 2 * WIDE_LEN; len -= 2 * WIDE_LEN) {
			wide a, b;

			memcpy(&a, from, WIDE_LEN);
			memcpy(&b, from + WIDE_LEN, WIDE_LEN);
			a ^= whole;
			b ^= whole;
			memcpy(to, &a, WIDE_LEN);
			memcpy(to + WIDE_LEN, &b, WIDE_LEN);
			from += 2 * WIDE_LEN;
			to += 2 * WIDE_LEN;
		}
	}
	for (; len >= sizeof(word); len -= sizeof(word)) {
		memcpy(&word, from, sizeof(word));
		word ^= eight;
		memcpy(to, &word, sizeof(word));
		from += sizeof(word);
		to += sizeof(word);
	}
	mask_rest(to, from, len, eight);
}
