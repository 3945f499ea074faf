/* SPDX-License-Identifier: MIT */
/* What is to be said beside a campaign's verdicts: the sentences of "noticed"
 * in its summary, or in a cell's row of a fleet's; for a terminal, a page and
 * Markdown. */
#ifndef REPORT_NOTICED_H
#define REPORT_NOTICED_H

#include <jansson.h>
#include <stdio.h>

/* bad, plain: as the terminal takes them. */
void noticed_print(FILE *out, const json_t *owner, const char *bad,
		   const char *plain);
void noticed_write(FILE *out, const json_t *owner);
/* escaped: writes text that Markdown might take for its own. */
void noticed_markdown(FILE *out, const json_t *owner,
		      void (*escaped)(FILE *out, const char *text));

#endif
