/* SPDX-License-Identifier: MIT */
/* A datagram that was seen, remembered by its number: what comes with it again
 * is a duplicate. */
#ifndef WIRETAP_SIGHT_H
#define WIRETAP_SIGHT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define SIGHTS_MAX 65536 /* remembered, by sequence; a power of two */

struct sight {
	uint64_t stamp_ns;
	uint32_t session;	/* 0: nothing is remembered */
	uint32_t sequence : 31; /* its low bits suffice */
	uint32_t again : 1;
	uint32_t hash; /* of its bytes */
};

/* The same bytes have the same; others have another but for one in 2^32. */
static inline uint32_t sight_hash(const uint8_t *bytes, size_t len)
{
	uint64_t hash = len, word;

	for (; len >= sizeof(word);
	     bytes += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, bytes, sizeof(word));
		hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 32;
	}
	word = 0;
	memcpy(&word, bytes, len);
	hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return (uint32_t)(hash >> 32);
}

#endif
