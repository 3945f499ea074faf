/* SPDX-License-Identifier: MIT */
/*
 * io_uring as we use it beside io_uring as it is used: one campaign of
 * t2t-run, whose arms are our trader and the same trader on Boost.Asio, each
 * busy polling and each asleep until something comes. Kernel stamps are off in
 * ours, since Asio's has none.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "net/process.h"
#include "report/results.h"
#include "stats/verdict.h"
#include "tests/bench/support/bench.h"

enum { ASIO_SLEEPS, ASIO_SPINS, OURS_SLEEPS, OURS_SPINS };

#define ARMS                                               \
	"asio asio:wait=spin "                             \
	"uring:timestamps=off,wait=sleep " /* as Asio's */ \
	"uring:timestamps=off"

static const struct pair {
	unsigned int ours, peer;
	const char *name, *against;
	enum bench_bound kind;
	double bound;
} pairs[] = {
	{ OURS_SPINS, ASIO_SLEEPS, "uring busy polling, wire to wire",
	  "Asio's run()", BENCH_AT_MOST, 0.7 },
	{ OURS_SPINS, ASIO_SPINS, "uring busy polling, wire to wire",
	  "Asio's poll(), busy polling", BENCH_AT_MOST, 0.7 },
	{ OURS_SLEEPS, ASIO_SLEEPS, "uring asleep, wire to wire",
	  "Asio's run()", BENCH_NO_BOUND, 0 },
};

/* All blocks of an arm, us: p50, or else p99. */
static void arm_read(const struct results *results, unsigned int arm, bool p50,
		     double values[static BENCH_ROUNDS_MAX])
{
	for (unsigned int block = 0; block < results->blocks; block++) {
		const struct percentiles *all =
			&results_trial(results, block, arm)->percentiles;

		values[block] = (double)(p50 ? all->p50 : all->p99) / 1e3;
	}
}

static int pair_tell(struct bench *bench, const struct results *results,
		     const struct pair *pair, bool p50)
{
	double ours[BENCH_ROUNDS_MAX], peer[BENCH_ROUNDS_MAX];
	const struct verdict_rule rule = verdict_rule(1);
	struct verdict verdict;
	char name[64];
	int err;

	arm_read(results, pair->ours, p50, ours);
	arm_read(results, pair->peer, p50, peer);
	err = verdict_compare(ours, peer, results->blocks, &rule, &verdict);
	if (err)
		return err;
	snprintf(name, sizeof(name), "%s %s", pair->name, p50 ? "p50" : "p99");
	bench_figure(bench, name, "us", ours, pair->against, peer,
		     results->blocks, p50 ? pair->kind : BENCH_NO_BOUND,
		     pair->bound);
	bench_note(bench, "ratio %.3f, 95 %% CI %.3f to %.3f, %u blocks",
		   verdict.ratio, verdict.low, verdict.high, results->blocks);
	return 0;
}

/* The oracle must have found each trial right, or it ends with 1. */
static int campaign(struct bench *bench, const char *peer, const char *folder)
{
	char program[PATH_MAX], feed[PATH_MAX], trader[PATH_MAX + 8];
	char blocks[16], log[PATH_MAX];
	const struct process_place place = { .namespace = -1,
					     .cpu = -1,
					     .err = log };
	const char *const argv[] = { bench_program(bench, "t2t-run", program),
				     "--feed",
				     feed,
				     "--arms",
				     ARMS,
				     "--trader",
				     trader,
				     "--blocks",
				     blocks,
				     "--output",
				     folder,
				     NULL };
	const char *const tail[] = { "tail", "-n", "40", log, NULL };
	struct process process = { 0 };
	char end[8192];
	int code = bench_short_feed(bench, feed);

	if (code)
		return code;
	snprintf(log, sizeof(log), "%s/asio.log", bench->folder);
	snprintf(trader, sizeof(trader), "asio=%s", peer);
	snprintf(blocks, sizeof(blocks), "%zu", bench_wire_rounds(bench));
	code = process_start(&process, argv, &place);
	if (!code)
		code = process_wait(&process, -1, NULL);
	if (code > 0 && process_output(tail, end, sizeof(end)) == 0)
		log_error("t2t-run: exit code %d\n%s", code, end);
	return code > 0 ? -EIO : code;
}

int bench_asio(struct bench *bench)
{
	char peer[PATH_MAX], folder[PATH_MAX];
	struct results results;
	int err;

	bench_program(bench, "tests/bench/asio_trader", peer);
	if (access(peer, X_OK) < 0) {
		bench_note(bench,
			   "asio: skipped: %s was not built: it needs "
			   "g++, liburing and Boost 1.78",
			   peer);
		return 0;
	}
	snprintf(folder, sizeof(folder), "%s/asio", bench->folder);
	err = campaign(bench, peer, folder);
	if (!err)
		err = results_open(&results, folder, false);
	if (err)
		return err;
	for (size_t i = 0; i < ARRAY_SIZE(pairs) && !err; i++) {
		err = pair_tell(bench, &results, &pairs[i], true);
		if (!err)
			err = pair_tell(bench, &results, &pairs[i], false);
	}
	bench_note(bench, "others kept %.2f CPUs busy meanwhile",
		   json_number_value(json_object_get(
			   json_object_get(results.manifest, "machine"),
			   "others_cpus")));
	results_close(&results);
	return err;
}
