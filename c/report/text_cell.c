/* SPDX-License-Identifier: MIT */
#include "report/text_cell.h"

#include <string.h>

#include "base/json_get.h"

#define WIDTH_LEAST 13
#define WIDTH_MOST  48

struct text_style text_style(bool colour)
{
	if (!colour)
		return (struct text_style){ "", "", "", "" };
	return (struct text_style){ "\033[1m", "\033[32m", "\033[31m",
				    "\033[0m" };
}

/* What an arm is called: its receive path, unless it has a name. */
static const char *name_of(const json_t *arm)
{
	return json_get_text(arm,
			     json_object_get(arm, "name") ? "name" : "receive",
			     "unknown");
}

int text_cell_width(const json_t *arms)
{
	size_t width = WIDTH_LEAST, n;
	const json_t *arm;

	json_array_foreach(arms, n, arm)
	{
		size_t len = strlen(name_of(arm));

		width = len > width ? len : width;
	}
	return (int)(width < WIDTH_MOST ? width : WIDTH_MOST);
}

void text_cell_name(FILE *out, const json_t *arm, int width)
{
	fprintf(out, "%-*.*s", width, width, name_of(arm));
}

const char *text_cell_us_text(const json_t *ns,
			      char text[static TEXT_CELL_US_MAX])
{
	if (json_is_number(ns))
		snprintf(text, TEXT_CELL_US_MAX, "%.2f",
			 json_number_value(ns) / 1e3);
	else
		snprintf(text, TEXT_CELL_US_MAX, "-");
	return text;
}

void text_cell_us(FILE *out, const json_t *ns)
{
	char text[TEXT_CELL_US_MAX];

	fprintf(out, " %9s", text_cell_us_text(ns, text));
}

const char *text_cell_correct(const json_t *arm)
{
	const json_t *correct = json_object_get(arm, "correct");

	if (json_is_true(correct))
		return "correct";
	return json_is_null(correct) ? "VOID" : "INCORRECT";
}
