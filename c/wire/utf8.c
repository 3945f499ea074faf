/* SPDX-License-Identifier: MIT */
#include "wire/utf8.h"

#include <string.h>

#define ASCII_MASK UINT64_C(0x8080808080808080)

/* The first byte of a character that is not ASCII: RFC 3629, 4. */
static bool begin(struct utf8 *text, uint8_t byte)
{
	text->low = 0x80;
	text->high = 0xbf;
	if (byte >= 0xc2 && byte <= 0xdf) {
		text->left = 1;
	} else if (byte >= 0xe0 && byte <= 0xef) {
		text->left = 2;
		text->low = byte == 0xe0 ? 0xa0 : 0x80;
		text->high = byte == 0xed ? 0x9f : 0xbf;
	} else if (byte >= 0xf0 && byte <= 0xf4) {
		text->left = 3;
		text->low = byte == 0xf0 ? 0x90 : 0x80;
		text->high = byte == 0xf4 ? 0x8f : 0xbf;
	} else {
		return false;
	}
	return true;
}

bool utf8_take(struct utf8 *text, const uint8_t *bytes, size_t len)
{
	size_t i = 0;

	while (i < len) {
		uint64_t eight;

		if (text->left > 0) {
			if (bytes[i] < text->low || bytes[i] > text->high)
				return false;
			text->low = 0x80;
			text->high = 0xbf;
			text->left--;
			i++;
			continue;
		}
		for (; len - i >= sizeof(eight); i += sizeof(eight)) {
			memcpy(&eight, bytes + i, sizeof(eight));
			if (eight & ASCII_MASK)
				break;
		}
		for (; i < len && bytes[i] < 0x80; i++)
			;
		if (i < len && !begin(text, bytes[i++]))
			return false;
	}
	return true;
}
