/* SPDX-License-Identifier: MIT */
/*
 * What the families that are chosen by name have in common: receive paths, send
 * paths, channels and transports. Each member is a table of functions that
 * begins with a struct registry_entry; a family lists them in a registry, and
 * keeps its own functions to itself.
 *
 * A choice is text as on the command line, "NAME[:KEY=VALUE,...]".
 */
#ifndef BASE_REGISTRY_H
#define BASE_REGISTRY_H

#include <stddef.h>
#include <stdio.h>

#include "base/option.h"

struct registry_entry {
	const char *name; /* as on the command line */
	const char *help; /* one line */

	/* Why this build has it not ("built without libxdp"); NULL: it has.
	 * All that follows, and the family's functions, may be NULL then. */
	const char *unavailable_reason;

	/* Of the backend's own struct, which begins with that of its family and
	 * is found by container_of. */
	size_t size;

	/* Parsed straight into the backend's struct, before it is opened. NULL:
	 * none. */
	const struct option_row *options;

	/* Can this host run it? 0, or a negative errno with *reason set to a
	 * static text. Leaves nothing behind, logs nothing. NULL: any host
	 * can. */
	int (*probe)(const char **reason);
};

struct registry {
	const char *option; /* "--receive" */
	const char *noun;   /* "path" */
	const struct registry_entry *const *entries;
	unsigned int count;
};

#define REGISTRY(option_, noun_, entries_)                                   \
	{                                                                    \
		.option = (option_), .noun = (noun_), .entries = (entries_), \
		.count = sizeof(entries_) / sizeof(*entries_)                \
	}

/* Number i from 0; NULL behind the last one. */
const struct registry_entry *registry_at(const struct registry *registry,
					 unsigned int i);

/* The one that the choice names; NULL, logged with the names that there are,
 * when there is none. */
const struct registry_entry *registry_find(const struct registry *registry,
					   const char *choice);

/* NULL, or why this build or this host can't run it. */
const char *registry_unavailable(const struct registry_entry *entry);

/*
 * Find what the choice names, allocate its struct, zeroed, and read its options
 * into it. *options is the text that the struct's strings lie in. The caller
 * frees both. 0 or a negative errno, logged; nothing is left behind then.
 * -EINVAL: no such name, or options that are wrong; -EOPNOTSUPP: this build
 * lacks it.
 */
int registry_make(const struct registry *registry, const char *choice,
		  const struct registry_entry **entry, void **object,
		  char **options);

/* Log that it can't run here; -EOPNOTSUPP. 0: it can. */
int registry_check(const struct registry *registry,
		   const struct registry_entry *entry);

/* Each with its help, why it can't run here, and its options. */
void registry_print(const struct registry *registry, FILE *out);

#endif
