/* SPDX-License-Identifier: MIT */
#include "report/checklist.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/json_get.h"
#include "base/log.h"
#include "report/markdown.h"
#include "report/summary.h"

const struct checklist_item checklist_items[] = {
	{ "Disable Nagle's algorithm (TCP_NODELAY)", "nodelay", "nodelay",
	  "nagle", "orders that follow each other before an ACK is back", 1 },
	{ "Set large socket buffers", "buffers", "large", "standard",
	  "a feed that outruns a trader now and then: losses, not time", 1 },
	{ "Use CPU core pinning", "vcpu-pinning", "pinned", "floating",
	  "a vCPU that the host may move about", 0 },
	{ "Use huge pages for memory", "hugepages", "huge", "small",
	  "a guest's memory, each page of which is walked twice", 0 },
	{ "Enable hardware offloads (checksum, TSO)", "offloads", "on", "off",
	  "single small packets, which they are not made for", 1 },
	{ "Use zero-copy techniques", "zero-copy", "mapped", "copied",
	  "frames in a ring that is shared with the kernel", 1 },
	{ "Minimize system calls", "system-calls", "one-a-batch",
	  "several-a-packet", "bursts of ten packets", 1 },
	{ "Pre-allocate buffers", "pre-allocation", "ready", "built",
	  "a FIX order, of which most can be ready", 1 },
	{ "Use binary protocols (not text)", "fix-prepared", "raw", "prepared",
	  "13 bytes against a FIX order that lies ready", 1 },
	{ "Measure and monitor latency continuously", "continuous-measuring",
	  "stamped", "unstamped", "a stamp for each packet", 1 },
	{ 0 },
};

/*
 * One result.
 */

/* -ENOENT: it has not both arms; with the reason in *why, a new reference or
 * NULL. */
static int verdict_find(const struct checklist_item *item,
			const struct results *results, const json_t *summary,
			json_t *row)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(summary, "comparisons"), i, one)
	{
		const char *arm = json_get_text(one, "arm", "");
		const char *against = json_get_text(one, "against", "");
		const bool straight =
			!strcmp(arm, item->on) && !strcmp(against, item->off);
		const bool turned =
			!strcmp(arm, item->off) && !strcmp(against, item->on);

		if (!straight && !turned)
			continue;
		json_object_set_new(
			row, "verdict",
			json_sprintf("%s against %s: %s", arm, against,
				     json_get_text(one, "verdict", "none")));
		json_object_set(row, "call", json_object_get(one, "call"));
		return 0;
	}
	json_array_foreach(json_object_get(results->manifest, "skipped"), i,
			   one)
	{
		const char *what = json_get_text(one, "what", "");

		if (!strcmp(what, item->on) || !strcmp(what, item->off))
			json_object_set_new(
				row, "reason",
				json_sprintf("%s was left out: %s", what,
					     json_get_text(one, "reason",
							   "unknown")));
	}
	return -ENOENT;
}

static void result_take(const struct checklist_item *item, const char *folder,
			json_t *row)
{
	struct results results;
	json_t *summary;

	if (results_open(&results, folder, false) < 0)
		return;
	if (summary_make(&results, &summary) == 0) {
		verdict_find(item, &results, summary, row);
		json_object_set_new(row, "result", json_string(folder));
		json_object_set(row, "place",
				json_object_get(results.manifest, "place"));
		json_object_set(
			row, "accelerator",
			json_object_get(results.manifest, "accelerator"));
		json_object_set(row, "started",
				json_object_get(results.manifest, "started"));
		json_decref(summary);
	}
	results_close(&results);
}

/* Is this a complete result of the experiment? */
static bool is_of(const char *path, const char *experiment)
{
	json_t *manifest = json_load_file(path, 0, NULL);
	const json_t *plan = json_object_get(manifest, "experiment");
	const bool good =
		!strcmp(json_get_text(plan, "name", ""), experiment) &&
		!strcmp(json_get_text(manifest, "state", ""), "complete");

	json_decref(manifest);
	return good;
}

/* With fewer blocks than a verdict needs it says nothing. */
static bool says_something(const json_t *found)
{
	return json_is_string(json_object_get(found, "verdict")) &&
	       strcmp(json_get_text(found, "call", ""), "too few blocks") != 0;
}

/* Folders' names begin with their time, and glob(3) sorts them: the newest that
 * says something, or else the newest. */
static void results_look(const struct checklist_item *item,
			 const glob_t *manifests, json_t *row)
{
	json_t *newest = NULL;

	for (size_t i = manifests->gl_pathc; i-- > 0;) {
		const char *path = manifests->gl_pathv[i];
		char folder[PATH_MAX];
		json_t *found;

		if (!is_of(path, item->experiment))
			continue;
		snprintf(folder, sizeof(folder), "%.*s",
			 (int)(strlen(path) - strlen("/manifest.json")), path);
		found = json_object();
		result_take(item, folder, found);
		if (json_object_size(found) > 0 &&
		    (!newest || says_something(found))) {
			json_decref(newest);
			newest = json_incref(found);
		}
		json_decref(found);
		if (says_something(newest))
			break;
	}
	json_object_update(row, newest);
	json_decref(newest);
}

static json_t *how(const struct checklist_item *item)
{
	return item->local
		       ? json_sprintf("no result: make experiment NAME=%s "
				      "INVENTORY=local, or make checklist "
				      "RUN=1",
				      item->experiment)
		       : json_sprintf("no result, and it needs guests: make up "
				      "first, then make experiment NAME=%s",
				      item->experiment);
}

static json_t *row_make(const struct checklist_item *item,
			const glob_t *manifests)
{
	json_t *row =
		json_pack("{s:s,s:s,s:s,s:s,s:s,s:b,s:n,s:n,s:n}", "item",
			  item->item, "experiment", item->experiment, "on",
			  item->on, "off", item->off, "where", item->where,
			  "local", item->local, "verdict", "reason", "result");

	results_look(item, manifests, row);
	if (json_is_null(json_object_get(row, "verdict")) &&
	    json_is_null(json_object_get(row, "reason")))
		json_object_set_new(row, "reason", how(item));
	return row;
}

int checklist_make(const char *folder, json_t **list)
{
	char pattern[PATH_MAX];
	json_t *items = json_array();
	glob_t found = { 0 };
	int rc;

	if (access(folder, R_OK | X_OK) < 0) {
		rc = -errno;
		log_error("%s: %s", folder, log_strerror(rc));
		json_decref(items);
		return rc;
	}
	snprintf(pattern, sizeof(pattern), "%s/*/manifest.json", folder);
	rc = glob(pattern, 0, NULL, &found);
	if (rc == GLOB_NOSPACE) {
		json_decref(items);
		return -ENOMEM;
	}
	for (const struct checklist_item *one = checklist_items; one->item;
	     one++)
		json_array_append_new(items, row_make(one, &found));
	globfree(&found);
	*list = json_pack("{s:s,s:o}", "schema", "t2t-checklist/1", "items",
			  items);
	return *list ? 0 : -ENOMEM;
}

/*
 * For people.
 */

static const char *said(const json_t *row)
{
	const char *verdict = json_get_text(row, "verdict", NULL);

	return verdict ? verdict : json_get_text(row, "reason", "");
}

void checklist_print(FILE *out, const json_t *list)
{
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(list, "items"), i, row)
	{
		fprintf(out, "%2zu. %s\n    %s: %s\n    where: %s", i + 1,
			json_get_text(row, "item", ""),
			json_get_text(row, "experiment", ""), said(row),
			json_get_text(row, "where", ""));
		if (json_is_string(json_object_get(row, "result")))
			fprintf(out, "; %s, accelerator %s, %s: %s",
				json_get_text(row, "place", "unknown"),
				json_get_text(row, "accelerator", "unknown"),
				json_get_text(row, "started", "unknown"),
				json_get_text(row, "result", ""));
		fputc('\n', out);
	}
}

void checklist_markdown(FILE *out, const json_t *list)
{
	static const char *const keys[] = { "item", "experiment", "where" };
	const json_t *row;
	size_t i;

	fputs("| | item | experiment | where it can show | on against off | "
	      "measured |\n|---|---|---|---|---|---|\n",
	      out);
	json_array_foreach(json_object_get(list, "items"), i, row)
	{
		fprintf(out, "| %zu", i + 1);
		for (size_t j = 0; j < sizeof(keys) / sizeof(keys[0]); j++) {
			fputs(" | ", out);
			markdown_escaped(out, json_get_text(row, keys[j], ""));
		}
		fputs(" | ", out);
		markdown_escaped(out, said(row));
		fputs(" | ", out);
		markdown_escaped(out, json_get_text(row, "place", ""));
		fputc(' ', out);
		markdown_escaped(out, json_get_text(row, "started", ""));
		fputs(" |\n", out);
	}
}
