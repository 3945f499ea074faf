/* SPDX-License-Identifier: MIT */
/* UTF-8 as RFC 3629 has it (no surrogates, nothing beyond U+10FFFF, nothing
 * longer than it must be), in whatever pieces it comes: what is wrong is found
 * at its first wrong byte. */
#ifndef WIRE_UTF8_H
#define WIRE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All zero: between two characters. */
struct utf8 {
	uint8_t left;	   /* bytes that the character still wants */
	uint8_t low, high; /* of the next one */
};

/* Go on with so many bytes. False: no text begins like this. */
bool utf8_take(struct utf8 *text, const uint8_t *bytes, size_t len);

/* May the text end here? */
static inline bool utf8_whole(const struct utf8 *text)
{
	return text->left == 0;
}

#endif
