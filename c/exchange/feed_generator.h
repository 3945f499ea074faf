/* SPDX-License-Identifier: MIT */
/*
 * Market data of our own making: tardis' CSV, gzip, the same bytes for the
 * same configuration. A snapshot, then a book that moves at random, in which
 * a known number of rows calls for an order (at 1,000,000 USD) and others
 * nearly do: orders as large deep in the book, and of exactly the threshold.
 *
 * Whoever pairs orders with what called for them knows each by its side and
 * price alone. So no two of FEED_GENERATOR_APART orders called for one after
 * the other are equal, as long as the share of triggers leaves
 * FEED_GENERATOR_BETWEEN rows between two, which move the best prices on.
 */
#ifndef EXCHANGE_FEED_GENERATOR_H
#define EXCHANGE_FEED_GENERATOR_H

#include <stdint.h>

#define FEED_GENERATOR_LEVELS_MAX 1000
#define FEED_GENERATOR_APART	  64
#define FEED_GENERATOR_BETWEEN	  4

struct feed_generator_config {
	uint64_t bytes; /* of datagrams, as the default formatter makes them;
			   give or take one */
	uint64_t seed;
	int64_t triggers; /* nano: share of the rows behind the snapshot */
	uint64_t levels;  /* of the snapshot, a side */
	const char *symbol;
};

struct feed_generator_counts {
	uint64_t rows;
	uint64_t snapshot;
	uint64_t triggers;
	uint64_t decoys; /* rows as large that call for nothing */
	uint64_t equal;	 /* triggers whose order is one of the last
			    FEED_GENERATOR_APART - 1: too many triggers */
};

/*
 * Write the file; one that is there is replaced once the new one is whole,
 * and a failure leaves nothing behind. 0, or a negative errno, logged with
 * the path.
 */
int feed_generator_write(const char *path,
			 const struct feed_generator_config *config,
			 struct feed_generator_counts *counts);

#endif
