/* SPDX-License-Identifier: MIT */
/* Missing packets of those arms that have any to tell of, for the terminal and
 * for the page; nothing where no arm has. arms: of a summary. */
#ifndef REPORT_RECOVERY_TABLE_H
#define REPORT_RECOVERY_TABLE_H

#include <jansson.h>
#include <stdio.h>

/* width: of an arm's name. */
void recovery_table_print(FILE *out, int width, const json_t *arms);
void recovery_table_write(FILE *out, const json_t *arms);

#endif
