/* SPDX-License-Identifier: MIT */
/*
 * The Internet checksum: RFC 1071. Sums are of 16-bit words as they lie in
 * memory: ones' complement addition does not mind the byte order (2(B) there).
 * So a sum begins at an even byte of what is summed up, and what comes out is
 * stored as it is.
 */
#ifndef WIRE_CHECKSUM_H
#define WIRE_CHECKSUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* HOT. With the carry put back: 2^64, as 2^16, is 1 modulo 65535. */
static inline uint64_t checksum_add(uint64_t a, uint64_t b)
{
	uint64_t total;

	return __builtin_add_overflow(a, b, &total) ? total + 1 : total;
}

/* HOT. Is that what a sum with its checksum in it comes to? Modulo 65535,
 * which a multiplication does sooner than folding; a header is never all
 * zeroes. */
static inline bool checksum_sums_up(uint64_t total)
{
	return total % UINT16_MAX == 0;
}

/* HOT. Go on from total, which a frame's worth of bytes can't overflow if it
 * is folded or of a few words; of an odd number the last byte is followed by
 * a 0. */
static inline uint64_t checksum_sum(const uint8_t *bytes, size_t len,
				    uint64_t total)
{
	uint32_t word = 0;

	for (; len >= sizeof(word);
	     bytes += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, bytes, sizeof(word));
		total += word;
	}
	word = 0;
	memcpy(&word, bytes, len);
	return total + word;
}

/* HOT. To the 16 bits that it is modulo 65535; 0 of 0 alone. */
static inline uint16_t checksum_fold(uint64_t total)
{
	total = (total & UINT32_MAX) + (total >> 32);
	total = (total & UINT32_MAX) + (total >> 32);
	total = (total & UINT16_MAX) + (total >> 16);
	total = (total & UINT16_MAX) + (total >> 16);
	return (uint16_t)total;
}

/* HOT. The checksum of what was summed up. */
static inline uint16_t checksum_end(uint64_t total)
{
	return (uint16_t)~checksum_fold(total);
}

#endif
