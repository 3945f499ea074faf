/* SPDX-License-Identifier: MIT */
#include "report/prepared.h"

#include <stdbool.h>
#include <string.h>

#include "base/json_get.h"
#include "report/page.h"
#include "report/text_cell.h"

#define TITLE	"What of an order was ready before the tick"
#define NOTHING "nothing" /* as channels have it */

void prepared_set(const struct results *results, unsigned int arm,
		  json_t *summary)
{
	for (size_t i = 0; i < results->count; i++) {
		const json_t *channel = json_object_get(
			json_object_get(results->trials[i].json, "trader"),
			"channel");
		json_t *prepared = json_object_get(channel, "prepared");

		if (results->trials[i].arm != arm || !json_is_string(prepared))
			continue;
		json_object_set(summary, "prepared", prepared);
		return;
	}
}

static bool any_tells(const json_t *arms)
{
	const json_t *arm;
	size_t n;

	json_array_foreach(arms, n, arm)
	{
		if (strcmp(json_get_text(arm, "prepared", NOTHING), NOTHING))
			return true;
	}
	return false;
}

void prepared_print(FILE *out, int width, const json_t *arms)
{
	const json_t *arm;
	size_t n;

	if (!any_tells(arms))
		return;
	fputs("\n" TITLE "\n", out);
	json_array_foreach(arms, n, arm)
	{
		text_cell_name(out, arm, width);
		fprintf(out, " %s\n", json_get_text(arm, "prepared", "-"));
	}
}

void prepared_write(FILE *out, const json_t *arms)
{
	const json_t *arm;
	size_t n;

	if (!any_tells(arms))
		return;
	fputs("<h2>" TITLE "</h2>\n<div class=\"wide\"><table>\n", out);
	json_array_foreach(arms, n, arm)
	{
		fputs("<tr>", out);
		page_tagged(out, "td", json_get_text(arm, "receive", ""));
		page_tagged(out, "td", json_get_text(arm, "prepared", "-"));
		fputs("</tr>\n", out);
	}
	fputs("</table></div>\n", out);
}
