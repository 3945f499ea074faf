/* SPDX-License-Identifier: MIT */
/* JSON files held against rows: which keys they must have, and what in them.
 * The files of a results folder are described in report/RESULTS.md. */
#ifndef REPORT_SCHEMA_H
#define REPORT_SCHEMA_H

#include <jansson.h>
#include <stdbool.h>

enum schema_type {
	SCHEMA_STRING,
	SCHEMA_INTEGER,
	SCHEMA_NUMBER,
	SCHEMA_BOOLEAN,
	SCHEMA_OBJECT,
	SCHEMA_STRINGS, /* an array of them */
	SCHEMA_ARRAY,
};

struct schema_row {
	const char *key; /* "parameters.blocks" */
	enum schema_type type;
	bool optional;	 /* may be missing, or null */
	bool nullable;	 /* must be there, and may be null */
	double min, max; /* of numbers; both 0: no limits */
};

/* The files, rows ending with one without a key. */
extern const struct schema_row schema_manifest[];
extern const struct schema_row schema_trial[];
extern const struct schema_row schema_summary[];
extern const struct schema_row schema_fleet[];
extern const struct schema_row schema_cell[]; /* of a fleet's cells */

/* The value at a key such as "parameters.blocks"; NULL: there is none. */
const json_t *schema_value(const json_t *root, const char *key);

/* The first fault is logged with file and key: -EBADMSG. */
int schema_check(const struct schema_row *rows, const json_t *value,
		 const char *file);

/* Read a file. *value: a new reference. 0 or a negative errno, logged with
 * file and line. */
int schema_json(const char *path, json_t **value);

/* Read a file and hold it against "schema" first, then against rows. *value:
 * a new reference. 0 or a negative errno, logged. */
int schema_load(const char *path, const char *schema,
		const struct schema_row *rows, json_t **value);

#endif
