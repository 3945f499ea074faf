/* SPDX-License-Identifier: MIT */
/* Numbers in network byte order, at any address: from headers that are read
 * byte by byte. The caller has checked that so many bytes are there. */
#ifndef WIRE_BIG_ENDIAN_H
#define WIRE_BIG_ENDIAN_H

#include <stdint.h>

static inline uint16_t big_endian_16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static inline uint32_t big_endian_24(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 16 | big_endian_16(bytes + 1);
}

static inline uint32_t big_endian_32(const uint8_t *bytes)
{
	return (uint32_t)big_endian_16(bytes) << 16 | big_endian_16(bytes + 2);
}

#endif
