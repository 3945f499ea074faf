/* SPDX-License-Identifier: MIT */
#include "exchange/feed_generator.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#include "base/atomic_file.h"
#include "base/decimal.h"
#include "base/log.h"
#include "base/random.h"
#include "wire/market_data.h"

/* Prices are counted in ticks of 0.1 USD from the ladder's lowest, amounts
 * in thousandths. Around 62500 USD an amount of 16 is exactly a million. */
#define LADDER	      8192
#define LOWEST	      (625000 - LADDER / 2)
#define MIDDLE	      (LADDER / 2)
#define THRESHOLD     UINT64_C(10000000000) /* a million, in tick x 1/1000 */
#define USUAL_MAX     4000		    /* 4.000: far below the threshold */
#define BIG_MORE_MAX  20000 /* what a big order has above the threshold */
#define LEVELS_LEAST  5	    /* neither side gets thinner */
#define FIRST_TIME_US UINT64_C(1700000000000000)
#define GAP_MAX_US    400
#define AHEAD_MAX     8 /* ticks from the last order's price, on a leg */
#define OUTPUT_LEN    16384
#define ROW_MAX	      256

enum side { BID, ASK };

struct generator {
	const struct feed_generator_config *config;
	struct feed_generator_counts *counts;
	uint64_t random;
	uint64_t time_us;
	uint32_t amount[2][LADDER];
	int depth; /* levels of the snapshot, a side */
	int best[2];
	int levels[2];
	/*
	 * Prices go up and down in legs of FEED_GENERATOR_APART orders or
	 * more. On one leg each order aggresses on a price beyond the last
	 * one of its side, even on the way up, odd on the way down: so that
	 * equal ones are more than a leg apart.
	 */
	int leg; /* 1: up, -1: down */
	uint64_t leg_orders;
	int last[2];		     /* price of the leg's last order there */
	uint64_t ordered[2][LADDER]; /* the last order there, from 1 */
	struct atomic_file output;
	int err;
	z_stream deflater;
};

static void output_write(struct generator *generator, const uint8_t *bytes,
			 size_t len)
{
	/* The reason is told when it is closed. */
	if (fwrite(bytes, 1, len, generator->output.file) < len)
		generator->err = -EIO;
}

static void text_write(struct generator *generator, const char *text,
		       size_t len, int flush)
{
	z_stream *z = &generator->deflater;
	uint8_t output[OUTPUT_LEN];

	z->next_in = (uint8_t *)(uintptr_t)text;
	z->avail_in = (unsigned int)len;
	do {
		z->next_out = output;
		z->avail_out = sizeof(output);
		deflate(z, flush);
		output_write(generator, output, sizeof(output) - z->avail_out);
	} while (z->avail_out == 0);
}

/* Away from the other side: worse. */
static int worse(enum side side)
{
	return side == BID ? -1 : 1;
}

/* Set a level, 0 removes it, and write its row. */
static void level_set(struct generator *generator, enum side side, int price,
		      uint32_t amount, bool snapshot)
{
	uint32_t *level = &generator->amount[side][price];
	int *best = &generator->best[side], ticks = LOWEST + price;
	char row[ROW_MAX];
	int len;

	generator->levels[side] += (amount > 0) - (*level > 0);
	*level = amount;
	if (amount > 0 && (price - *best) * worse(side) < 0)
		*best = price;
	while (generator->amount[side][*best] == 0)
		*best += worse(side);
	if (!snapshot)
		generator->time_us +=
			random_below(&generator->random, GAP_MAX_US);
	len = snprintf(row, sizeof(row),
		       "t2t,%s,%" PRIu64 ",%" PRIu64 ",%s,%s,%d.%d,%" PRIu32
		       ".%03" PRIu32 "\n",
		       generator->config->symbol, generator->time_us - 500,
		       generator->time_us, snapshot ? "true" : "false",
		       side == BID ? "bid" : "ask", ticks / 10, ticks % 10,
		       amount / 1000, amount % 1000);
	text_write(generator, row, (size_t)len, Z_NO_FLUSH);
	generator->counts->rows++;
}

static uint32_t usual_amount(struct generator *generator)
{
	return 1 + (uint32_t)random_below(&generator->random, USUAL_MAX);
}

/* The largest amount whose notional is not above the threshold: exactly it
 * at 62500. */
static uint32_t threshold_amount(int price)
{
	return (uint32_t)(THRESHOLD / (uint64_t)(LOWEST + price));
}

static uint32_t big_amount(struct generator *generator, int price)
{
	return threshold_amount(price) + 1 +
	       (uint32_t)random_below(&generator->random, BIG_MORE_MAX);
}

/* The side whose best price goes when prices move on along the leg. */
static enum side leading(const struct generator *generator)
{
	return generator->leg > 0 ? ASK : BID;
}

/* Ticks from the leg's last order on that side to the best price. */
static int ahead(const struct generator *generator, enum side side)
{
	return (generator->best[side] - generator->last[side]) * generator->leg;
}

/* Is an order that aggresses on this side's best price unlike its
 * neighbours? */
static bool is_fresh(const struct generator *generator, enum side side)
{
	return ahead(generator, side) > 0 &&
	       (generator->best[side] % 2 == 0) == (generator->leg > 0);
}

static bool is_equal(const struct generator *generator, enum side side)
{
	uint64_t ordered = generator->ordered[side][generator->best[side]];

	return ordered > 0 &&
	       generator->counts->triggers - ordered < FEED_GENERATOR_APART - 1;
}

static void leg_begin(struct generator *generator, int leg)
{
	generator->leg = leg;
	generator->leg_orders = 0;
	for (enum side side = BID; side <= ASK; side++)
		generator->last[side] = generator->best[side] - leg;
}

/* An order has been called for that aggresses on this side. Legs lead across
 * the middle, so prices come back to it. */
static void leg_order(struct generator *generator, enum side side)
{
	int price = generator->best[side];

	generator->counts->equal += is_equal(generator, side);
	generator->counts->triggers++;
	generator->ordered[side][price] = generator->counts->triggers;
	if (ahead(generator, side) > 0)
		generator->last[side] = price;
	if (++generator->leg_orders >= FEED_GENERATOR_APART &&
	    (price - MIDDLE) * generator->leg > 0)
		leg_begin(generator, -generator->leg);
}

/* Prices stay just ahead of the leg's last order. Says where the best of a side
 * goes next. */
static bool goes_up(struct generator *generator)
{
	int ticks = ahead(generator, leading(generator));
	bool on = random_below(&generator->random, 2);

	if (ticks <= 0)
		on = true;
	else if (ticks >= AHEAD_MAX)
		on = false;
	return on == (generator->leg > 0);
}

/* A new best price inside the spread, if there is room, else the best. */
static int inside(const struct generator *generator, enum side side)
{
	int spread = generator->best[ASK] - generator->best[BID];

	return generator->best[side] - (spread > 1 ? worse(side) : 0);
}

/* The best price of a side goes, once there is a level a tick behind and the
 * side has enough of them; else it gets one. */
static void best_leave(struct generator *generator, enum side side)
{
	int next = generator->best[side] + worse(side);

	if (generator->levels[side] > LEVELS_LEAST &&
	    generator->amount[side][next] > 0) {
		level_set(generator, side, generator->best[side], 0, false);
		return;
	}
	while (generator->amount[side][next] > 0)
		next += worse(side);
	level_set(generator, side, next, usual_amount(generator), false);
}

/* The best price of one side moves up or down: by a new level inside the
 * spread, or because the old best one goes. */
static void best_move(struct generator *generator)
{
	bool up = goes_up(generator);
	enum side follower = up ? BID : ASK, leader = up ? ASK : BID;

	if (generator->best[ASK] - generator->best[BID] > 1)
		level_set(generator, follower, inside(generator, follower),
			  usual_amount(generator), false);
	else
		best_leave(generator, leader);
}

/* A level somewhere behind the best: set, or removed. */
static void depth_move(struct generator *generator, bool remove)
{
	enum side side = (enum side)random_below(&generator->random, 2);
	int depth = 1 + (int)random_below(&generator->random,
					  (uint64_t)generator->depth);
	int price = generator->best[side] + worse(side) * depth;

	if (remove && generator->amount[side][price] > 0 &&
	    generator->levels[side] > LEVELS_LEAST)
		level_set(generator, side, price, 0, false);
	else
		level_set(generator, side, price, usual_amount(generator),
			  false);
}

/* As large as what fires: but deep in the book, or exactly the threshold. */
static void decoy(struct generator *generator)
{
	enum side side = (enum side)random_below(&generator->random, 2);
	int price = generator->best[side];

	generator->counts->decoys++;
	if (random_below(&generator->random, 2)) {
		level_set(generator, side, price, threshold_amount(price),
			  false);
		return;
	}
	price += worse(side) * (1 + (int)random_below(&generator->random, 20));
	level_set(generator, side, price, big_amount(generator, price), false);
}

/* The side that an order is to aggress on; the other one's row calls for it. */
static enum side target(struct generator *generator)
{
	enum side side = (enum side)random_below(&generator->random, 2);
	enum side other = side == BID ? ASK : BID;

	if (is_fresh(generator, side))
		return side;
	if (is_fresh(generator, other) ||
	    (is_equal(generator, side) && !is_equal(generator, other)))
		return other;
	return side;
}

static void trigger(struct generator *generator)
{
	enum side aggressed = target(generator);
	enum side side = aggressed == BID ? ASK : BID;
	int price = generator->best[side];

	/* Not back behind the leg's last order. */
	if (random_below(&generator->random, 2) &&
	    (side != leading(generator) || ahead(generator, side) > 0))
		price = inside(generator, side);
	level_set(generator, side, price, big_amount(generator, price), false);
	leg_order(generator, aggressed);
}

/* settled: the best prices stay where they are. */
static void usual_row(struct generator *generator, bool settled)
{
	uint64_t choice = settled ? 25 + random_below(&generator->random, 75)
				  : random_below(&generator->random, 100);
	enum side side = (enum side)random_below(&generator->random, 2);

	if (choice < 25)
		best_move(generator);
	else if (choice < 50)
		level_set(generator, side, generator->best[side],
			  usual_amount(generator), false);
	else if (choice < 98)
		depth_move(generator, choice >= 80);
	else
		decoy(generator);
}

/* Triggers are evenly spread, and that many within one. The rows before one see
 * to it that its order differs from those near it: at most two ticks. */
static void row_make(struct generator *generator, uint64_t *due)
{
	const uint64_t share = (uint64_t)generator->config->triggers;
	bool soon;

	*due += share;
	soon = *due + FEED_GENERATOR_BETWEEN * share >= (uint64_t)DECIMAL_ONE;
	if (*due >= (uint64_t)DECIMAL_ONE) {
		*due -= (uint64_t)DECIMAL_ONE;
		trigger(generator);
	} else if (soon && !is_fresh(generator, BID) &&
		   !is_fresh(generator, ASK)) {
		best_leave(generator, leading(generator));
	} else {
		usual_row(generator, soon);
	}
}

static void rows_make(struct generator *generator)
{
	static const char header[] =
		"exchange,symbol,timestamp,local_timestamp,is_snapshot,side,"
		"price,amount\n";
	uint64_t rows = generator->config->bytes / market_data_len(1);
	uint64_t due = DECIMAL_ONE / 2;

	text_write(generator, header, sizeof(header) - 1, Z_NO_FLUSH);
	generator->best[BID] = MIDDLE - 1;
	generator->best[ASK] = MIDDLE;
	for (int i = 0; i < generator->depth; i++) {
		level_set(generator, BID, MIDDLE - 1 - i,
			  usual_amount(generator), true);
		level_set(generator, ASK, MIDDLE + i, usual_amount(generator),
			  true);
	}
	generator->counts->snapshot = generator->counts->rows;
	leg_begin(generator, random_below(&generator->random, 2) ? 1 : -1);
	while (generator->counts->rows < rows && !generator->err)
		row_make(generator, &due);
}

/* What the file does not take ends it early; the file's close tells. */
static int deflated_write(struct generator *generator)
{
	/* gzip with the time left 0: the same bytes each time. */
	if (deflateInit2(&generator->deflater, Z_DEFAULT_COMPRESSION,
			 Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return -ENOMEM;
	generator->err = 0;
	rows_make(generator);
	text_write(generator, NULL, 0, Z_FINISH);
	deflateEnd(&generator->deflater);
	return 0;
}

int feed_generator_write(const char *path,
			 const struct feed_generator_config *config,
			 struct feed_generator_counts *counts)
{
	uint64_t rows = config->bytes / market_data_len(1);
	struct generator *generator = calloc(1, sizeof(*generator));
	int err;

	*counts = (struct feed_generator_counts){ 0 };
	if (!generator) {
		log_error("%s: %s", path, log_strerror(-ENOMEM));
		return -ENOMEM;
	}
	generator->config = config;
	generator->counts = counts;
	generator->random = config->seed;
	generator->time_us = FIRST_TIME_US;
	/* A snapshot is not to eat up a small file. */
	generator->depth =
		(int)(config->levels < rows / 4 ? config->levels : rows / 4);
	err = atomic_file_open(&generator->output, path);
	if (!err) {
		err = deflated_write(generator);
		if (err)
			log_error("%s: %s", path, log_strerror(err));
		err = atomic_file_close(&generator->output, err);
	}
	free(generator);
	return err;
}
