/* SPDX-License-Identifier: MIT */
/*
 * The seed's checklist of ten: of each item the experiment that has it on and
 * off, in a place where that can show, and what the newest result of it says.
 */
#ifndef REPORT_CHECKLIST_H
#define REPORT_CHECKLIST_H

#include <jansson.h>
#include <stdio.h>

struct checklist_item {
	const char *item; /* the seed's words */
	const char *experiment;
	/* Two of its arms. One of them is the first, which others are held
	 * against. */
	const char *on, *off;
	const char *where; /* why it can show there */
	int local;	   /* 0: it needs guests, and so make up */
};

/* Ten, and one without an item. */
extern const struct checklist_item checklist_items[];

/*
 * Look for their results among the folders in `folder`. *list: a new reference:
 * "items", of each the item's texts, "verdict" (null: there is none) and
 * "reason" or "result". What can't be read is passed over, with a warning. 0 or
 * a negative errno, logged.
 */
int checklist_make(const char *folder, json_t **list);

void checklist_print(FILE *out, const json_t *list);
void checklist_markdown(FILE *out, const json_t *list);

#endif
