/* SPDX-License-Identifier: MIT */
/* A row a trial, as they ran, with links to its files. */
#ifndef REPORT_PAGE_TRIALS_H
#define REPORT_PAGE_TRIALS_H

#include <limits.h>
#include <stdio.h>

#include "report/results.h"

/* folder, as seen from where the page will be: "" beside it, "../x/" or an
 * absolute path, ending with a slash. Both have to be there. Returns text; NULL
 * where it can't be told, and then there are no links. */
const char *page_trials_links(const char *page, const char *folder,
			      char text[static PATH_MAX]);

/* links: of the above, or NULL. Only what is there is linked to. */
void page_trials(FILE *out, const struct results *results, const char *links);

#endif
