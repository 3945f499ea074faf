/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/decimal.h"
#include "base/log.h"
#include "base/option.h"
#include "exchange/feed_generator.h"

#define BYTES_MIN  1000
#define SYMBOL_MAX 32

struct options {
	const char *output;
	struct feed_generator_config feed;
};

#define AT(member) offsetof(struct options, member)

static const struct option_row rows[] = {
	{ .name = "bytes",
	  .metavar = "N",
	  .def = "1000000",
	  .type = OPTION_UNSIGNED,
	  .min = BYTES_MIN,
	  .max = UINT64_C(1) << 40,
	  .offset = AT(feed.bytes),
	  .help = "of UDP payload that the feed makes, to within a packet" },
	{ .name = "seed",
	  .metavar = "N",
	  .def = "1",
	  .type = OPTION_UNSIGNED,
	  .offset = AT(feed.seed),
	  .help = "the same seed makes the same file, byte for byte" },
	{ .name = "triggers",
	  .metavar = "SHARE",
	  .def = "0.01",
	  .type = OPTION_DECIMAL,
	  .max = DECIMAL_ONE,
	  .offset = AT(feed.triggers),
	  .help = "share of the rows behind the snapshot that call for an\n"
		  "order at --threshold-usd 1000000" },
	{ .name = "output",
	  .metavar = "FILE.gz",
	  .type = OPTION_STRING,
	  .offset = AT(output),
	  .required = true,
	  .help = "written whole or not at all; replaced if it is there" },
	{ .name = "symbol",
	  .metavar = "NAME",
	  .def = "BTCUSDT",
	  .type = OPTION_STRING,
	  .offset = AT(feed.symbol),
	  .help = "of each row" },
	{ .name = "levels",
	  .metavar = "N",
	  .def = "100",
	  .type = OPTION_UNSIGNED,
	  .min = 5,
	  .max = FEED_GENERATOR_LEVELS_MAX,
	  .offset = AT(feed.levels),
	  .help = "of the snapshot, a side" },
	OPTION_END,
};

static const struct option_program program = {
	.name = "t2t-feedgen",
	.summary = "make a market data file with a known number of triggers",
	.synopsis = "--output FILE.gz [OPTION...]",
	.description =
		"Writes gzip CSV in tardis' form: a snapshot, then a book that "
		"moves at random. A share of the rows calls for an order; "
		"others nearly do: orders as large that lie deep in the book, "
		"or are of exactly a million USD.",
	.exit_and_output =
		"One line on stdout: rows, and how many are of the snapshot, "
		"triggers, and decoys. Exit code 0; 1 when the file could not "
		"be written, and nothing is left of it; 2 for bad usage.",
	.rows = rows,
};

static int symbol_check(const char *symbol)
{
	size_t len = strlen(symbol);

	if (len > 0 && len <= SYMBOL_MAX && !strpbrk(symbol, ",\"\r\n"))
		return 0;
	log_error("--symbol: '%s': expected up to %d characters without commas "
		  "and quotes",
		  symbol, SYMBOL_MAX);
	return -EINVAL;
}

int main(int argc, char **argv)
{
	enum option_result result;
	struct options options = { 0 };
	struct feed_generator_counts counts;

	result = option_parse_arguments(&program, argc, argv, &options);
	if (result != OPTION_RUN)
		return (int)result;
	if (symbol_check(options.feed.symbol) < 0)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	if (feed_generator_write(options.output, &options.feed, &counts) < 0)
		return 1;
	if (counts.equal > 0)
		log_warning("%" PRIu64 " orders equal one of the last %d: "
			    "--triggers leaves fewer than %d rows between two",
			    counts.equal, FEED_GENERATOR_APART - 1,
			    FEED_GENERATOR_BETWEEN);
	printf("rows=%" PRIu64 " snapshot=%" PRIu64 " triggers=%" PRIu64
	       " decoys=%" PRIu64 "\n",
	       counts.rows, counts.snapshot, counts.triggers, counts.decoys);
	if (fflush(stdout) == EOF) {
		log_error("can't write to stdout: %s", log_strerror(-errno));
		return 1;
	}
	return 0;
}
