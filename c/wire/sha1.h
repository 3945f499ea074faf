/* SPDX-License-Identifier: MIT */
/* SHA-1 (FIPS 180-4), which RFC 6455 names for its handshake. Not for secrets:
 * who wants a collision finds one. */
#ifndef WIRE_SHA1_H
#define WIRE_SHA1_H

#include <stddef.h>
#include <stdint.h>

#define SHA1_LEN 20

void sha1(const void *bytes, size_t len, uint8_t digest[static SHA1_LEN]);

#endif
