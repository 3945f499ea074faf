/* SPDX-License-Identifier: MIT */
#include "base/registry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

#define INDENT_MAX 32

const struct registry_entry *registry_at(const struct registry *registry,
					 unsigned int i)
{
	return i < registry->count ? registry->entries[i] : NULL;
}

const struct registry_entry *registry_find(const struct registry *registry,
					   const char *choice)
{
	const size_t len = strcspn(choice, ":");
	char known[256];
	size_t n = 0;

	for (unsigned int i = 0; i < registry->count; i++)
		if (strlen(registry->entries[i]->name) == len &&
		    !memcmp(registry->entries[i]->name, choice, len))
			return registry->entries[i];
	for (unsigned int i = 0; i < registry->count && n < sizeof(known); i++)
		n += (size_t)snprintf(known + n, sizeof(known) - n, "%s%s",
				      i ? ", " : "",
				      registry->entries[i]->name);
	log_error("%s: unknown %s '%.*s'; known: %s", registry->option,
		  registry->noun, (int)len, choice, known);
	return NULL;
}

const char *registry_unavailable(const struct registry_entry *entry)
{
	const char *reason = "this host can't run it";

	if (entry->unavailable_reason)
		return entry->unavailable_reason;
	return entry->probe && entry->probe(&reason) < 0 ? reason : NULL;
}

static int unavailable(const struct registry *registry,
		       const struct registry_entry *entry, const char *reason)
{
	if (!reason)
		return 0;
	log_error("%s %s: %s", registry->option, entry->name, reason);
	return -EOPNOTSUPP;
}

int registry_check(const struct registry *registry,
		   const struct registry_entry *entry)
{
	return unavailable(registry, entry, registry_unavailable(entry));
}

int registry_make(const struct registry *registry, const char *choice,
		  const struct registry_entry **entry, void **object,
		  char **options)
{
	const size_t len = strcspn(choice, ":");
	char what[64];
	int err;

	*object = *options = NULL;
	*entry = registry_find(registry, choice);
	if (!*entry)
		return -EINVAL;
	err = unavailable(registry, *entry, (*entry)->unavailable_reason);
	if (err)
		return err;
	*object = calloc(1, (*entry)->size);
	if (!*object)
		return -ENOMEM;
	snprintf(what, sizeof(what), "%s %s", registry->option, (*entry)->name);
	err = option_parse_list((*entry)->options,
				choice + len + (choice[len] == ':'), what,
				*object, options);
	if (err) {
		free(*options);
		free(*object);
		*object = *options = NULL;
	}
	return err;
}

void registry_print(const struct registry *registry, FILE *out)
{
	char indent[INDENT_MAX];
	int width = 0;

	for (unsigned int i = 0; i < registry->count; i++) {
		int len = (int)strlen(registry->entries[i]->name);

		if (len > width)
			width = len;
	}
	snprintf(indent, sizeof(indent), "%*s", width + 2, "");
	for (unsigned int i = 0; i < registry->count; i++) {
		const struct registry_entry *entry = registry->entries[i];
		const char *reason = registry_unavailable(entry);

		fprintf(out, "%-*s  %s%s%s\n", width, entry->name, entry->help,
			reason ? ": " : "", reason ? reason : "");
		option_print_rows(out, entry->options, indent);
	}
}
