/* SPDX-License-Identifier: MIT */
/*
 * Option rows for other programs, which then know what there is and what it may
 * be: the experiments' compiler (ansible/module_utils/experiment).
 */
#ifndef BASE_OPTION_JSON_H
#define BASE_OPTION_JSON_H

#include <jansson.h>

#include "base/registry.h"

/*
 * A list of the rows, a new reference:
 *
 *	{"name": "sndbuf", "type": "keep", "value": "BYTES", "default": "keep",
 *	 "min": 4096, "max": 1073741824, "help": ..., "required": false,
 *	 "read_back": {"name": "SO_SNDBUF", "level": 1, "option": 7,
 *	               "doubled": true}}
 *
 * type is that of enum option_type in small letters; a decimal's min and max
 * are texts. Left out is what a row has not: value, default, min and max,
 * choices (a list), read_back.
 */
json_t *option_rows_json(const struct option_row *rows);

/*
 * A list of the family's members, a new reference: each with family, name,
 * help, and options as above; null where this build can't say them, since the
 * member was left out of it.
 */
json_t *registry_json(const struct registry *registry, const char *family);

#endif
