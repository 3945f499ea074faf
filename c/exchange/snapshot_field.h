/* SPDX-License-Identifier: MIT */
/*
 * Does a line's snapshot field hold true? The field is
 *
 *   CSV        the column named snapshot, is_snapshot or isSnapshot (true or
 *              1), wherever its header stands; without one, tardis' fifth of
 *              eight
 *   JSON       a member of that name of the line's object, not of what lies
 *              inside it; without one, "type":"snapshot" says it too
 *   free text  snapshot=true or "snapshot": true, as whole words
 *
 * and never the word inside another value. Letters' case does not matter;
 * "true" in quotes is true. A line without the field is no snapshot.
 */
#ifndef EXCHANGE_SNAPSHOT_FIELD_H
#define EXCHANGE_SNAPSHOT_FIELD_H

#include <stdbool.h>
#include <stddef.h>

/* What the lines before have taught; zeroed for a new file. */
struct snapshot_field {
	bool is_csv;
	unsigned int column; /* from 0, if is_csv */
};

/* HOT. line: without its end, not empty. */
bool snapshot_field(struct snapshot_field *field, const char *line, size_t len);

#endif
