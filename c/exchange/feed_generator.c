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
#define WALK_MAX      (LADDER / 2 - FEED_GENERATOR_LEVELS_MAX - 256)
#define FIRST_TIME_US UINT64_C(1700000000000000)
#define GAP_MAX_US    400
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

/* Prices come back to the middle. Says where the best of a side goes next. */
static bool goes_up(struct generator *generator)
{
	int middle = (generator->best[BID] + generator->best[ASK]) / 2;
	int64_t pull = (middle - MIDDLE) * INT64_C(100) / WALK_MAX;

	return (int64_t)random_below(&generator->random, 200) >= 100 + pull * 4;
}

/* A new best price inside the spread, if there is room, else the best. */
static int inside(const struct generator *generator, enum side side)
{
	int spread = generator->best[ASK] - generator->best[BID];

	return generator->best[side] - (spread > 1 ? worse(side) : 0);
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
	else if (generator->levels[leader] > LEVELS_LEAST)
		level_set(generator, leader, generator->best[leader], 0, false);
	else
		level_set(generator, leader,
			  generator->best[leader] + worse(leader),
			  usual_amount(generator), false);
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

static void trigger(struct generator *generator)
{
	enum side side = (enum side)random_below(&generator->random, 2);
	int price = generator->best[side];

	if (random_below(&generator->random, 2))
		price = inside(generator, side);
	level_set(generator, side, price, big_amount(generator, price), false);
	generator->counts->triggers++;
}

static void usual_row(struct generator *generator)
{
	uint64_t choice = random_below(&generator->random, 100);
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
	while (generator->counts->rows < rows && !generator->err) {
		/* Evenly spread, and that many within one. */
		due += (uint64_t)generator->config->triggers;
		if (due >= (uint64_t)DECIMAL_ONE) {
			due -= (uint64_t)DECIMAL_ONE;
			trigger(generator);
		} else {
			usual_row(generator);
		}
	}
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
