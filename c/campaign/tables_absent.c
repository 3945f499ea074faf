/* SPDX-License-Identifier: MIT */
#include "campaign/tables_absent.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/json_get.h"
#include "base/log.h"
#include "net/process.h"
#include "report/measures.h"

#define PROBE_MS 60000

static int probe_read(const struct tables_config *config, json_t **found)
{
	char program[PATH_MAX], out[PATH_MAX];
	const char *const argv[] = { program, "--json", NULL };
	const struct process_place place = { .namespace = -1,
					     .cpu = -1,
					     .out = out };
	struct process process = { 0 };
	int code;

	snprintf(program, sizeof(program), "%s/t2t-probe", config->programs);
	snprintf(out, sizeof(out), "%s/probe.json", config->folder);
	code = process_start(&process, argv, &place);
	if (code == 0)
		code = process_wait(&process, PROBE_MS, config->stop);
	process_stop(&process, SIGTERM, 1000);
	*found = code == 0 ? json_load_file(out, 0, NULL) : NULL;
	if (*found)
		return 0;
	log_error("%s ended with %d, or %s is not JSON", program, code, out);
	return code < 0 ? code : -EIO;
}

/* NULL: it is there. A new reference. */
static json_t *lack(const json_t *probe, const struct measure *measure)
{
	const json_t *row;
	size_t i;

	if (!measure->needs)
		return NULL;
	json_array_foreach(json_object_get(probe, "found"), i, row)
	{
		if (strcmp(json_get_text(row, "kind", ""),
			   measure->needs_kind) != 0 ||
		    strcmp(json_get_text(row, "name", ""), measure->needs) != 0)
			continue;
		if (json_is_true(json_object_get(row, "can")))
			return NULL;
		return json_sprintf("%s %s: %s", measure->needs_kind,
				    measure->needs,
				    json_get_text(row, "why", ""));
	}
	return json_sprintf("this build has no %s %s", measure->needs_kind,
			    measure->needs);
}

int tables_absent_find(const struct tables_config *config, json_t **absent)
{
	json_t *probe;
	int err = probe_read(config, &probe);

	if (err)
		return err;
	*absent = json_object();
	for (const struct measure *one = measures; one->name; one++) {
		json_t *why = lack(probe, one);

		if (why)
			json_object_set_new(*absent, one->name, why);
	}
	json_decref(probe);
	return 0;
}
