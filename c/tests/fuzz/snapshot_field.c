/* SPDX-License-Identifier: MIT */
/* The snapshot field of each line of a text: an answer, and the same one
 * again; none of a text without the word. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "exchange/snapshot_field.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool has_word(const char *text, size_t len, const char *word)
{
	size_t word_len = strlen(word);

	for (; len >= word_len; text++, len--)
		if (strncasecmp(text, word, word_len) == 0)
			return true;
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct snapshot_field field = { 0 }, again = { 0 };
	bool named = has_word(text, size, "snapshot");

	while (size > 0) {
		const char *newline = memchr(text, '\n', size);
		size_t len = newline ? (size_t)(newline - text) : size;
		bool found = snapshot_field(&field, text, len);

		if (found != snapshot_field(&again, text, len))
			abort();
		/* It needs a "true", a column's 1, or "type":"snapshot". */
		if (found && !has_word(text, len, "true") &&
		    !has_word(text, len, "snapshot") &&
		    (!field.is_csv || !has_word(text, len, "1")))
			abort();
		/* Without the word only tardis' order can tell. */
		if (found && !named && (!field.is_csv || field.column != 4))
			abort();
		len += newline != NULL;
		text += len;
		size -= len;
	}
	return 0;
}
