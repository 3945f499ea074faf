/* SPDX-License-Identifier: MIT */
#include "report/beside.h"

#include <stdio.h>
#include <string.h>

static const json_t *arm_named(const json_t *summary, const char *name)
{
	const json_t *arm;
	size_t i;

	json_array_foreach(json_object_get(summary, "arms"), i, arm)
	{
		const char *found =
			json_string_value(json_object_get(arm, "receive"));

		if (!strcmp(found, name))
			return arm;
	}
	return NULL;
}

/* An arm's p50, ns, if it is a figure: all its orders were right. Else 0. */
static double p50_of(const json_t *arm)
{
	if (!json_is_true(json_object_get(arm, "correct")))
		return 0;
	return json_number_value(json_object_get(measured_ns(arm), "p50"));
}

static void p50_print(const json_t *arm)
{
	if (!arm)
		printf(" %12s", "not there");
	else if (p50_of(arm) > 0)
		printf(" %12.2f", p50_of(arm) / 1e3);
	else
		printf(" %12s", "no figure");
}

void beside_print(const struct results *one, const json_t *summary,
		  const struct results *two, const json_t *other)
{
	if (one->measured != two->measured) {
		printf("\nbeside %s: it measured %s, not %s\n", two->folder,
		       two->measured->all, one->measured->all);
		return;
	}
	printf("\nbeside %s: no verdict, since blocks are not shared\n"
	       "%-24s %12s %12s %8s\n",
	       two->folder, "p50, us", "this", "that", "that/this");
	for (unsigned int i = 0; i < one->arm_count; i++) {
		const char *name = results_arm_name(one, i);
		const json_t *here = arm_named(summary, name);
		const json_t *there = arm_named(other, name);

		printf("%-24s", name);
		p50_print(here);
		p50_print(there);
		if (p50_of(here) > 0 && p50_of(there) > 0)
			printf(" %8.2f", p50_of(there) / p50_of(here));
		putchar('\n');
	}
	for (unsigned int i = 0; i < two->arm_count; i++) {
		const char *name = results_arm_name(two, i);

		if (arm_named(summary, name))
			continue;
		printf("%-24s", name);
		p50_print(NULL);
		p50_print(arm_named(other, name));
		putchar('\n');
	}
}
