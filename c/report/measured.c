/* SPDX-License-Identifier: MIT */
#include "report/measured.h"

#include <string.h>

#include "base/mem.h"

static const struct measured all[] = {
	{ "orders", "wire_to_wire_ns", "wire to wire", "frame in -> order out",
	  "orders", true },
	{ "logon", "logon_ns", "logon",
	  "the trader's SYN -> its session's first market data", "logons",
	  false },
};

const struct measured *measured_named(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (!name || !strcmp(name, all[i].name))
			return &all[i];
	return NULL;
}

const struct measured *measured_of(const json_t *arm)
{
	for (size_t i = ARRAY_SIZE(all); i-- > 1;)
		if (json_object_get(arm, all[i].key))
			return &all[i];
	return &all[0];
}

const json_t *measured_ns(const json_t *arm)
{
	return json_object_get(arm, measured_of(arm)->key);
}
