/* SPDX-License-Identifier: MIT */
#include "wire/websocket_mask.h"

#include <endian.h>
#include <string.h>

/*
 * The masks.
 */

static uint32_t rotate(uint32_t word, unsigned int bits)
{
	return word << bits | word >> (32 - bits);
}

static void quarter(uint32_t *w, unsigned int a, unsigned int b, unsigned int c,
		    unsigned int d)
{
	w[a] += w[b];
	w[d] = rotate(w[d] ^ w[a], 16);
	w[c] += w[d];
	w[b] = rotate(w[b] ^ w[c], 12);
	w[a] += w[b];
	w[d] = rotate(w[d] ^ w[a], 8);
	w[c] += w[d];
	w[b] = rotate(w[b] ^ w[c], 7);
}

void websocket_mask_block(const uint32_t key[static WEBSOCKET_MASK_KEY_WORDS],
			  uint64_t block,
			  uint32_t words[static WEBSOCKET_MASK_BLOCK_WORDS])
{
	/* "expand 32-byte k" */
	uint32_t first[WEBSOCKET_MASK_BLOCK_WORDS] = { 0x61707865, 0x3320646e,
						       0x79622d32, 0x6b206574 };

	memcpy(first + 4, key, WEBSOCKET_MASK_KEY_WORDS * sizeof(*key));
	first[12] = (uint32_t)block;
	first[13] = (uint32_t)(block >> 32);
	memcpy(words, first, sizeof(first));
	for (unsigned int i = 0; i < 10; i++) {
		for (unsigned int column = 0; column < 4; column++)
			quarter(words, column, 4 + column, 8 + column,
				12 + column);
		for (unsigned int k = 0; k < 4; k++)
			quarter(words, k, 4 + (k + 1) % 4, 8 + (k + 2) % 4,
				12 + (k + 3) % 4);
	}
	for (unsigned int i = 0; i < WEBSOCKET_MASK_BLOCK_WORDS; i++)
		words[i] += first[i];
}

static void masks_make(struct websocket_masks *masks)
{
	websocket_mask_block(masks->key, masks->block++,
			     masks->masks + masks->left);
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

void websocket_mask(uint8_t *to, const uint8_t *from, size_t len, uint32_t mask,
		    uint64_t at)
{
	const uint64_t eight = mask_twice(mask, at);
	const wide whole = { eight, eight, eight, eight };
	uint8_t bytes[sizeof(eight)];
	uint64_t word;

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
	for (; len >= sizeof(word); len -= sizeof(word)) {
		memcpy(&word, from, sizeof(word));
		word ^= eight;
		memcpy(to, &word, sizeof(word));
		from += sizeof(word);
		to += sizeof(word);
	}
	memcpy(bytes, &eight, sizeof(bytes));
	for (size_t i = 0; i < len; i++)
		to[i] = from[i] ^ bytes[i];
}
