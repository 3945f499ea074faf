/* SPDX-License-Identifier: MIT */
#include "base/option_json.h"

#include "base/decimal.h"

static const char *const type_names[] = {
	[OPTION_FLAG] = "flag",	      [OPTION_UNSIGNED] = "unsigned",
	[OPTION_DECIMAL] = "decimal", [OPTION_STRING] = "string",
	[OPTION_CHOICE] = "choice",   [OPTION_KEEP] = "keep",
	[OPTION_PARSED] = "parsed",
};

static json_t *limit_json(const struct option_row *row, uint64_t limit)
{
	char text[DECIMAL_TEXT_MAX];

	if (row->type != OPTION_DECIMAL)
		return json_integer((json_int_t)limit);
	decimal_format((int64_t)limit, text);
	return json_string(text);
}

static json_t *choices_json(const char *const *choices)
{
	json_t *list = json_array();

	for (; *choices; choices++)
		json_array_append_new(list, json_string(*choices));
	return list;
}

static json_t *row_json(const struct option_row *row)
{
	json_t *json = json_pack("{s:s,s:s,s:s,s:b}", "name", row->name, "type",
				 type_names[row->type], "help", row->help,
				 "required", row->required);

	if (row->metavar)
		json_object_set_new(json, "value", json_string(row->metavar));
	if (row->def)
		json_object_set_new(json, "default", json_string(row->def));
	if (row->min || row->max) {
		json_object_set_new(json, "min", limit_json(row, row->min));
		json_object_set_new(json, "max", limit_json(row, row->max));
	}
	if (row->rest)
		json_object_set_new(json, "rest", json_true());
	if (row->type == OPTION_CHOICE)
		json_object_set_new(json, "choices",
				    choices_json(row->choices));
	if (row->socket)
		json_object_set_new(json, "read_back",
				    json_pack("{s:s,s:i,s:i,s:b}", "name",
					      row->socket->name, "level",
					      row->socket->level, "option",
					      row->socket->option, "doubled",
					      row->socket->doubled));
	return json;
}

json_t *option_rows_json(const struct option_row *rows)
{
	json_t *list = json_array();

	for (; rows && rows->name; rows++)
		json_array_append_new(list, row_json(rows));
	return list;
}

json_t *registry_json(const struct registry *registry, const char *family)
{
	const struct registry_entry *entry;
	json_t *list = json_array();

	for (unsigned int i = 0; (entry = registry_at(registry, i)); i++)
		json_array_append_new(
			list,
			json_pack("{s:s,s:s,s:s,s:o}", "family", family, "name",
				  entry->name, "help", entry->help, "options",
				  entry->unavailable_reason
					  ? json_null()
					  : option_rows_json(entry->options)));
	return list;
}
