/* SPDX-License-Identifier: MIT */
#include "report/schema.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

#define KEY_MAX 128

const struct schema_row schema_manifest[] = {
	{ .key = "schema", .type = SCHEMA_STRING },
	{ .key = "state", .type = SCHEMA_STRING },
	{ .key = "started", .type = SCHEMA_STRING },
	{ .key = "place", .type = SCHEMA_STRING },
	{ .key = "accelerator", .type = SCHEMA_STRING },
	{ .key = "command_line", .type = SCHEMA_STRING },
	{ .key = "question", .type = SCHEMA_STRING, .optional = true },
	{ .key = "parameters", .type = SCHEMA_OBJECT },
	{ .key = "parameters.arms", .type = SCHEMA_STRINGS },
	{ .key = "parameters.aa",
	  .type = SCHEMA_INTEGER,
	  .optional = true,
	  .min = 1,
	  .max = 63 },
	{ .key = "parameters.blocks",
	  .type = SCHEMA_INTEGER,
	  .min = 1,
	  .max = 1000 },
	{ .key = "parameters.seed", .type = SCHEMA_INTEGER },
	{ .key = "parameters.until", .type = SCHEMA_OBJECT, .optional = true },
	{ .key = "parameters.until.alpha",
	  .type = SCHEMA_NUMBER,
	  .optional = true,
	  .min = 1e-6,
	  .max = 0.05 },
	{ .key = "parameters.until.equal",
	  .type = SCHEMA_NUMBER,
	  .optional = true,
	  .min = 0,
	  .max = 0.5 },
	{ .key = "parameters.gate", .type = SCHEMA_OBJECT, .optional = true },
	{ .key = "parameters.gate.repeats",
	  .type = SCHEMA_INTEGER,
	  .optional = true,
	  .min = 0,
	  .max = 1000 },
	{ .key = "parameters.verdict",
	  .type = SCHEMA_STRING,
	  .optional = true },
	{ .key = "parameters.judged",
	  .type = SCHEMA_NUMBER,
	  .optional = true,
	  .min = 50,
	  .max = 99.99 },
	{ .key = "parameters.measured",
	  .type = SCHEMA_STRING,
	  .optional = true },
	{ .key = "parameters.sessions",
	  .type = SCHEMA_INTEGER,
	  .optional = true,
	  .min = 1,
	  .max = 1000000 },
	{ .key = "parameters.until.looks",
	  .type = SCHEMA_ARRAY,
	  .optional = true },
	{ .key = "parameters.until.taken",
	  .type = SCHEMA_INTEGER,
	  .optional = true,
	  .min = 0,
	  .max = 24 },
	{ .key = "parameters.until.out",
	  .type = SCHEMA_ARRAY,
	  .optional = true },
	{ .key = "parameters.pace", .type = SCHEMA_STRING, .optional = true },
	{ .key = "feed", .type = SCHEMA_OBJECT, .optional = true },
	{ .key = "programs", .type = SCHEMA_OBJECT, .optional = true },
	{ .key = "host", .type = SCHEMA_OBJECT },
	{ .key = "knobs", .type = SCHEMA_ARRAY, .optional = true },
	{ .key = "skipped", .type = SCHEMA_ARRAY, .optional = true },
	{ .key = "machine", .type = SCHEMA_OBJECT, .optional = true },
	{ .key = NULL }
};

const struct schema_row schema_trial[] = {
	{ .key = "schema", .type = SCHEMA_STRING },
	{ .key = "number", .type = SCHEMA_INTEGER, .min = 1, .max = 64000 },
	{ .key = "block", .type = SCHEMA_INTEGER, .min = 0, .max = 999 },
	{ .key = "arm", .type = SCHEMA_INTEGER, .min = 0, .max = 63 },
	{ .key = "folder", .type = SCHEMA_STRING },
	{ .key = "analysis", .type = SCHEMA_OBJECT },
	{ .key = "analysis.correct", .type = SCHEMA_BOOLEAN, .nullable = true },
	{ .key = "analysis.reason", .type = SCHEMA_STRING, .optional = true },
	{ .key = "analysis.packets", .type = SCHEMA_INTEGER },
	{ .key = "analysis.triggers", .type = SCHEMA_INTEGER },
	{ .key = "analysis.orders", .type = SCHEMA_INTEGER },
	{ .key = "analysis.matched", .type = SCHEMA_INTEGER },
	{ .key = "analysis.missing", .type = SCHEMA_INTEGER },
	{ .key = "analysis.extra", .type = SCHEMA_INTEGER },
	{ .key = "analysis.wrong", .type = SCHEMA_INTEGER },
	{ .key = "analysis.ambiguous",
	  .type = SCHEMA_INTEGER,
	  .optional = true },
	{ .key = "analysis.lacked",
	  .type = SCHEMA_OBJECT,
	  .optional = true,
	  .nullable = true },
	{ .key = "analysis.logon_ns", .type = SCHEMA_OBJECT, .optional = true },
	{ .key = "analysis.recovery", .type = SCHEMA_OBJECT, .optional = true },
	{ .key = "trader", .type = SCHEMA_OBJECT, .optional = true },
	{ .key = "exchange", .type = SCHEMA_OBJECT, .optional = true },
	{ .key = "found", .type = SCHEMA_OBJECT, .optional = true },
	{ .key = "counters", .type = SCHEMA_OBJECT, .optional = true },
	{ .key = "lateness", .type = SCHEMA_OBJECT, .optional = true },
	{ .key = "gate", .type = SCHEMA_OBJECT, .optional = true },
	{ .key = NULL }
};

const struct schema_row schema_summary[] = {
	{ .key = "schema", .type = SCHEMA_STRING },
	{ .key = "place", .type = SCHEMA_STRING },
	{ .key = "accelerator", .type = SCHEMA_STRING },
	{ .key = "arms", .type = SCHEMA_ARRAY },
	{ .key = "comparisons", .type = SCHEMA_ARRAY },
	{ .key = "trials", .type = SCHEMA_ARRAY },
	{ .key = "aa", .type = SCHEMA_OBJECT, .optional = true },
	{ .key = "statistics.seed", .type = SCHEMA_INTEGER },
	{ .key = "void_blocks", .type = SCHEMA_ARRAY },
	{ .key = NULL }
};

const struct schema_row schema_fleet[] = {
	{ .key = "schema", .type = SCHEMA_STRING },
	{ .key = "started", .type = SCHEMA_STRING },
	{ .key = "cells", .type = SCHEMA_ARRAY },
	{ .key = "tree", .type = SCHEMA_OBJECT, .optional = true },
	{ .key = "image", .type = SCHEMA_STRING, .optional = true },
	{ .key = "command", .type = SCHEMA_ARRAY, .optional = true },
	{ .key = NULL }
};

const struct schema_row schema_cell[] = {
	{ .key = "cell", .type = SCHEMA_STRING },
	{ .key = "dead", .type = SCHEMA_STRING, .optional = true },
	{ .key = NULL }
};

static const char *const type_names[] = {
	[SCHEMA_STRING] = "a string",  [SCHEMA_INTEGER] = "an integer",
	[SCHEMA_NUMBER] = "a number",  [SCHEMA_BOOLEAN] = "true or false",
	[SCHEMA_OBJECT] = "an object", [SCHEMA_STRINGS] = "a list of strings",
	[SCHEMA_ARRAY] = "a list",
};

const json_t *schema_value(const json_t *root, const char *key)
{
	while (root && *key) {
		char name[KEY_MAX];
		size_t len = strcspn(key, ".");

		snprintf(name, sizeof(name), "%.*s", (int)len, key);
		root = json_object_get(root, name);
		key += len + (key[len] == '.');
	}
	return root;
}

static bool strings_only(const json_t *array)
{
	const json_t *value;
	size_t i;

	json_array_foreach(array, i, value)
	{
		if (!json_is_string(value))
			return false;
	}
	return json_array_size(array) > 0;
}

static bool type_fits(const json_t *value, enum schema_type type)
{
	switch (type) {
	case SCHEMA_STRING:
		return json_is_string(value);
	case SCHEMA_INTEGER:
		return json_is_integer(value);
	case SCHEMA_NUMBER:
		return json_is_number(value);
	case SCHEMA_BOOLEAN:
		return json_is_boolean(value);
	case SCHEMA_OBJECT:
		return json_is_object(value);
	case SCHEMA_STRINGS:
		return json_is_array(value) && strings_only(value);
	case SCHEMA_ARRAY:
		return json_is_array(value);
	}
	return false;
}

static int row_check(const struct schema_row *row, const json_t *root,
		     const char *file)
{
	const json_t *value = schema_value(root, row->key);
	double number = json_number_value(value);

	if (!value || json_is_null(value)) {
		if (row->optional || (value && row->nullable))
			return 0;
		log_error("%s: key '%s' is missing", file, row->key);
		return -EBADMSG;
	}
	if (!type_fits(value, row->type)) {
		log_error("%s: key '%s' is not %s", file, row->key,
			  type_names[row->type]);
		return -EBADMSG;
	}
	if ((row->min != 0 || row->max != 0) &&
	    (number < row->min || number > row->max)) {
		log_error("%s: key '%s' is %.0f: expected %.0f to %.0f", file,
			  row->key, number, row->min, row->max);
		return -EBADMSG;
	}
	return 0;
}

int schema_check(const struct schema_row *rows, const json_t *value,
		 const char *file)
{
	int err = 0;

	if (!json_is_object(value)) {
		log_error("%s: is not a JSON object", file);
		return -EBADMSG;
	}
	for (; rows->key && !err; rows++)
		err = row_check(rows, value, file);
	return err;
}

int schema_json(const char *path, json_t **value)
{
	json_error_t error;
	int err;

	*value = NULL;
	if (access(path, R_OK) < 0) {
		err = -errno;
		log_error("%s: %s", path, log_strerror(err));
		return err;
	}
	*value = json_load_file(path, 0, &error);
	if (*value)
		return 0;
	log_error("%s: line %d: %s", path, error.line, error.text);
	return -EBADMSG;
}

int schema_load(const char *path, const char *schema,
		const struct schema_row *rows, json_t **value)
{
	const char *found;
	int err = schema_json(path, value);

	if (err)
		return err;
	found = json_string_value(json_object_get(*value, "schema"));
	if (!found || strcmp(found, schema) != 0) {
		log_error("%s: key 'schema' is '%s': this program reads '%s'",
			  path, found ? found : "missing", schema);
		err = -EBADMSG;
	}
	if (!err)
		err = schema_check(rows, *value, path);
	if (err) {
		json_decref(*value);
		*value = NULL;
	}
	return err;
}
