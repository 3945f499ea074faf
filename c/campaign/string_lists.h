/* SPDX-License-Identifier: MIT */
/* Lists of strings, as programs take their arguments: they end with NULL, and
 * are NULL when empty. The strings are those of the JSON that they are made
 * from, which outlives them. */
#ifndef CAMPAIGN_STRING_LISTS_H
#define CAMPAIGN_STRING_LISTS_H

#include <jansson.h>
#include <stdbool.h>

/* Lists that are freed together; NULL: none yet. */
struct string_lists;

/* Make a list of an array of strings, or of none at all (NULL). 0; -EINVAL: it
 * is no such array; -ENOMEM. Silent. */
int string_lists_add(struct string_lists **lists, const json_t *array,
		     const char *const **list);

void string_lists_free(struct string_lists *lists);

/* Do both say the same? */
bool string_lists_same(const char *const *one, const char *const *other);

#endif
