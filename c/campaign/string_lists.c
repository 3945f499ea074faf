/* SPDX-License-Identifier: MIT */
#include "campaign/string_lists.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct string_lists {
	struct string_lists *next;
	const char *strings[];
};

int string_lists_add(struct string_lists **lists, const json_t *array,
		     const char *const **list)
{
	const size_t count = json_array_size(array);
	struct string_lists *new;
	const json_t *element;
	size_t i;

	*list = NULL;
	if (array && !json_is_array(array))
		return -EINVAL;
	if (count == 0)
		return 0;
	new = calloc(1, sizeof(*new) + (count + 1) * sizeof(*new->strings));
	if (!new)
		return -ENOMEM;
	new->next = *lists;
	*lists = new;
	json_array_foreach(array, i, element)
	{
		new->strings[i] = json_string_value(element);
		if (!new->strings[i])
			return -EINVAL;
	}
	*list = new->strings;
	return 0;
}

void string_lists_free(struct string_lists *lists)
{
	while (lists) {
		struct string_lists *next = lists->next;

		free(lists);
		lists = next;
	}
}

bool string_lists_same(const char *const *one, const char *const *other)
{
	if (!one || !other)
		return one == other;
	while (*one && *other && !strcmp(*one, *other)) {
		one++;
		other++;
	}
	return !*one && !*other;
}
