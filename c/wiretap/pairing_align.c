/* SPDX-License-Identifier: MIT */
#include "wiretap/pairing_align.h"

#include <errno.h>
#include <stdlib.h>

#include "wiretap/pairing_waiting.h"

/* More than there are matches in one alignment. */
#define FAULT 1024

/* A row of costs for each order, a column for each trigger; row and column 0
 * are before the first. */
struct align {
	const struct pairing *pairing;
	size_t triggers, orders;
	int32_t *cost;	/* of the last row, and of the one in the making */
	uint8_t *moves; /* that lead to each place */
};

static void better(int32_t cost, enum pairing_move move, int32_t *least,
		   uint8_t *by)
{
	if (cost >= *least)
		return;
	*least = cost;
	*by = (uint8_t)move;
}

static void row_fill(const struct align *align, size_t row)
{
	const struct pairing_seen *seen = &align->pairing->open[row - 1];
	const size_t width = align->triggers + 1;
	const int32_t *above = align->cost + (row - 1) % 2 * width;
	int32_t *cost = align->cost + row % 2 * width;
	uint8_t *moves = align->moves + row * width;

	cost[0] = above[0] + FAULT;
	moves[0] = PAIRING_MOVE_EXTRA;
	for (size_t i = 1; i < width; i++) {
		const struct pairing_trigger *trigger =
			pairing_waiting_at(align->pairing, i - 1);

		/* Of equal ones the first is taken. */
		cost[i] = cost[i - 1] + FAULT;
		moves[i] = PAIRING_MOVE_MISSING;
		better(above[i] + FAULT, PAIRING_MOVE_EXTRA, &cost[i],
		       &moves[i]);
		if (trigger->stamp_ns > seen->stamp_ns)
			continue;
		if (pairing_same(&trigger->order, &seen->order))
			better(above[i - 1] - 1, PAIRING_MOVE_MATCHED, &cost[i],
			       &moves[i]);
		else
			better(above[i - 1] + FAULT, PAIRING_MOVE_WRONG,
			       &cost[i], &moves[i]);
	}
}

/* From the end to the beginning, and turned round. */
static size_t path_read(const struct align *align, enum pairing_move *path)
{
	size_t row = align->orders, column = align->triggers, count = 0;

	while (row > 0 || column > 0) {
		enum pairing_move move =
			align->moves[row * (align->triggers + 1) + column];

		path[count++] = move;
		row -= move != PAIRING_MOVE_MISSING;
		column -= move != PAIRING_MOVE_EXTRA;
	}
	for (size_t i = 0; i < count / 2; i++) {
		const enum pairing_move last = path[count - 1 - i];

		path[count - 1 - i] = path[i];
		path[i] = last;
	}
	return count;
}

int pairing_align(const struct pairing *pairing, size_t triggers, size_t orders,
		  enum pairing_move **moves, size_t *count)
{
	const size_t width = triggers + 1;
	struct align align = { .pairing = pairing,
			       .triggers = triggers,
			       .orders = orders };
	int rc = -ENOMEM;

	align.cost = calloc(2 * width, sizeof(*align.cost));
	align.moves = malloc((orders + 1) * width);
	*moves = malloc((triggers + orders + 1) * sizeof(**moves));
	if (!align.cost || !align.moves || !*moves) {
		free(*moves);
		*moves = NULL;
		goto free_align;
	}
	for (size_t i = 0; i < width; i++) {
		align.cost[i] = (int32_t)i * FAULT;
		align.moves[i] = PAIRING_MOVE_MISSING;
	}
	for (size_t row = 1; row <= orders; row++)
		row_fill(&align, row);
	*count = path_read(&align, *moves);
	rc = 0;
free_align:
	free(align.cost);
	free(align.moves);
	return rc;
}
