/* SPDX-License-Identifier: MIT */
#include "report/noticed.h"

#include "base/json_get.h"
#include "report/export.h"

void noticed_print(FILE *out, const json_t *owner, const char *bad,
		   const char *plain)
{
	const char *cell = json_get_text(owner, "cell", "");
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(owner, "noticed"), i, one)
	{
		fprintf(out, "%snoticed%s   %s%s%s\n", bad, plain, cell,
			*cell ? ": " : "", json_get_text(one, "text", ""));
	}
}

void noticed_write(FILE *out, const json_t *owner)
{
	const char *cell = json_get_text(owner, "cell", "");
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(owner, "noticed"), i, one)
	{
		fputs("<p class=\"bad\">", out);
		export_escaped(out, cell);
		fputs(*cell ? ": " : "", out);
		export_escaped(out, json_get_text(one, "text", ""));
		fputs("</p>\n", out);
	}
}

void noticed_markdown(FILE *out, const json_t *owner,
		      void (*escaped)(FILE *out, const char *text))
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(owner, "noticed"), i, one)
	{
		fputs("- ", out);
		escaped(out, json_get_text(one, "text", ""));
		fputc('\n', out);
	}
}
