/* SPDX-License-Identifier: MIT */
/*
 * Every speed claim of this tree, each as a ratio of two things measured in
 * the same run, interleaved, the median of at least 5 rounds; and what can be
 * counted instead of timed, counted. `make bench` runs it.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cpu.h"
#include "base/log.h"
#include "base/option.h"
#include "net/namespace.h"
#include "tests/bench/support/bench.h"

static const struct option_row rows[] = {
	{ .name = "feed",
	  .metavar = "FILE",
	  .type = OPTION_STRING,
	  .offset = offsetof(struct bench, feed),
	  .required = true,
	  .help = "gzip market data" },
	{ .name = "programs",
	  .metavar = "FOLDER",
	  .def = "build",
	  .type = OPTION_STRING,
	  .offset = offsetof(struct bench, programs),
	  .help = "where the t2t-* programs and tests/bench/ lie" },
	{ .name = "rounds",
	  .metavar = "N",
	  .def = "5",
	  .type = OPTION_UNSIGNED,
	  .min = 1,
	  .max = BENCH_ROUNDS_MAX,
	  .offset = offsetof(struct bench, rounds),
	  .help = "of each pair; fewer than 5 only show that it runs" },
	{ .name = "only",
	  .metavar = "NAME",
	  .type = OPTION_STRING,
	  .offset = offsetof(struct bench, only),
	  .help = "feed, send, wire, decide, calls, memory, sockperf,\n"
		  "bypass, asio, poll, packets, instructions, reading,\n"
		  "recovery, websocket, fix, tls, shm or dpdk" },
	{ .name = "json",
	  .type = OPTION_FLAG,
	  .offset = offsetof(struct bench, json),
	  .help = "a JSON array of the figures instead of the table" },
	OPTION_END,
};

static const struct option_program program = {
	.name = "bench",
	.summary = "measure what this tree claims of its speed",
	.description =
		"Prints a row a claim: ours, what it is held against, the\n"
		"ratio of the two as median (min to max) of the rounds, and\n"
		"the bound. Timings on a shared machine vary; the ratios are\n"
		"of pairs measured back to back.",
	.rows = rows,
};

static const struct {
	const char *name;
	int (*run)(struct bench *bench);
} sections[] = {
	{ "feed", bench_feed },
	{ "send", bench_send },
	{ "decide", bench_decide },
	{ "wire", bench_wire },
	{ "calls", bench_calls },
	{ "memory", bench_memory },
	{ "sockperf", bench_sockperf },
	{ "bypass", bench_bypass },
	{ "asio", bench_asio },
	{ "poll", bench_poll },
	{ "packets", bench_packets },
	{ "instructions", bench_instructions },
	{ "reading", bench_reading },
	{ "recovery", bench_recovery },
	{ "websocket", bench_websocket },
	{ "fix", bench_fix },
	{ "tls", bench_tls },
	{ "shm", bench_shm },
	{ "dpdk", bench_dpdk },
};

int main(int argc, char **argv)
{
	enum option_result result;
	struct bench bench = { 0 };
	int failed = 0;

	result = option_parse_arguments(&program, argc, argv, &bench);
	if (result != OPTION_RUN)
		return (int)result;
	log_open("bench", LOG_WARNING);
	if (namespace_become_root() < 0 || bench_open(&bench) < 0)
		return 1;
	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
		if (bench.only && strcmp(bench.only, sections[i].name) != 0)
			continue;
		if (sections[i].run(&bench) < 0) {
			log_error("%s: could not be measured",
				  sections[i].name);
			failed = 1;
		}
	}
	return bench_close(&bench) || failed ? 1 : 0;
}
