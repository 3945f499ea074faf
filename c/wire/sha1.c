/* SPDX-License-Identifier: MIT */
#include "wire/sha1.h"

#include <endian.h>
#include <string.h>

#define BLOCK_LEN 64
#define ROUNDS	  80

static uint32_t rotate(uint32_t word, unsigned int bits)
{
	return word << bits | word >> (32 - bits);
}

/* FIPS 180-4, 4.1.1 and 4.2.1. */
static uint32_t mix(const uint32_t v[static 5], unsigned int round)
{
	if (round < 20)
		return ((v[1] & v[2]) | (~v[1] & v[3])) + 0x5a827999;
	if (round < 40)
		return (v[1] ^ v[2] ^ v[3]) + 0x6ed9eba1;
	if (round < 60)
		return ((v[1] & v[2]) | (v[1] & v[3]) | (v[2] & v[3])) +
		       0x8f1bbcdc;
	return (v[1] ^ v[2] ^ v[3]) + 0xca62c1d6;
}

static void block_take(uint32_t state[static 5], const uint8_t *block)
{
	uint32_t word[ROUNDS], v[5];

	for (unsigned int i = 0; i < 16; i++) {
		memcpy(&word[i], block + 4 * i, sizeof(word[i]));
		word[i] = be32toh(word[i]);
	}
	for (unsigned int i = 16; i < ROUNDS; i++)
		word[i] = rotate(word[i - 3] ^ word[i - 8] ^ word[i - 14] ^
					 word[i - 16],
				 1);
	memcpy(v, state, sizeof(v));
	for (unsigned int i = 0; i < ROUNDS; i++) {
		uint32_t next = rotate(v[0], 5) + mix(v, i) + v[4] + word[i];

		v[4] = v[3];
		v[3] = v[2];
		v[2] = rotate(v[1], 30);
		v[1] = v[0];
		v[0] = next;
	}
	for (unsigned int i = 0; i < 5; i++)
		state[i] += v[i];
}

void sha1(const void *bytes, size_t len, uint8_t digest[static SHA1_LEN])
{
	uint32_t state[5] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476,
			      0xc3d2e1f0 };
	uint64_t bits = htobe64((uint64_t)len * 8);
	uint8_t last[2 * BLOCK_LEN] = { 0 };
	const uint8_t *at = bytes;
	size_t rest = len;

	for (; rest >= BLOCK_LEN; rest -= BLOCK_LEN, at += BLOCK_LEN)
		block_take(state, at);
	memcpy(last, at, rest);
	last[rest] = 0x80;
	/* The length is the end of the last block. */
	len = rest < BLOCK_LEN - sizeof(bits) ? BLOCK_LEN : 2 * BLOCK_LEN;
	memcpy(last + len - sizeof(bits), &bits, sizeof(bits));
	for (size_t i = 0; i < len; i += BLOCK_LEN)
		block_take(state, last + i);
	for (unsigned int i = 0; i < 5; i++) {
		state[i] = htobe32(state[i]);
		memcpy(digest + 4 * i, &state[i], sizeof(state[i]));
	}
}
