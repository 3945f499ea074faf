/* SPDX-License-Identifier: MIT */
/* The whole way, wire to wire: the trader against a bare reflector on the
 * same veth, what the trader calls the kernel for, memory, and a witness. */
#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json_get.h"
#include "base/log.h"
#include "net/namespace.h"
#include "net/process.h"
#include "tests/bench/support/bench.h"

#define TRIES 3 /* for a trial in which all orders are right */

/* One trial's p50, us; < 0 when it failed or was incorrect. */
static double trial_once(struct bench *bench, const struct arm *arm,
			 size_t round)
{
	char folder[PATH_MAX];
	const json_t *analysis;
	json_t *result;
	double p50;

	snprintf(folder, sizeof(folder), "%s/%s-%zu", bench->folder, arm->name,
		 round);
	if (trial_run(&bench->trial, NULL, arm, folder, &result) < 0)
		return -1;
	analysis = json_object_get(result, "analysis");
	p50 = (double)json_get_integer(
		      json_object_get(analysis, "wire_to_wire_ns"), "p50") /
	      1e3;
	if (!json_is_true(json_object_get(analysis, "correct"))) {
		log_error("%s: an order was not right", arm->name);
		p50 = -1;
	}
	json_decref(result);
	return p50;
}

/* A trial that was not all right (the machine lost packets) says nothing of
 * speed: it is made again, not left out. */
double bench_trial(struct bench *bench, const struct arm *arm, size_t round)
{
	double p50 = -1;

	for (int i = 0; i < TRIES && p50 < 0; i++)
		p50 = trial_once(bench, arm, round);
	return p50;
}

/*
 * Short trials and many: what drifts on a shared machine then drifts less
 * between two neighbours, and the median of the pairs sees through the rest.
 */
int bench_short_feed(const struct bench *bench, char path[static PATH_MAX])
{
	char program[PATH_MAX];
	const char *const argv[] = { bench_program(bench, "t2t-feedgen",
						   program),
				     "--quiet",
				     "--bytes",
				     "300000",
				     "--seed",
				     "2",
				     "--triggers",
				     "0.05",
				     "--output",
				     path,
				     NULL };

	snprintf(path, PATH_MAX, "%s/short.csv.gz", bench->folder);
	return bench_seconds(argv) < 0 ? -EIO : 0;
}

size_t bench_wire_rounds(const struct bench *bench)
{
	return bench->rounds * 5 < BENCH_ROUNDS_MAX ? bench->rounds * 5
						    : BENCH_ROUNDS_MAX;
}

/* What the reflector is to answer. */
static int answers_make(struct bench *bench)
{
	char folder[PATH_MAX], capture[PATH_MAX + 16];
	json_t *result;
	int err;

	snprintf(folder, sizeof(folder), "%s/answers", bench->folder);
	err = trial_run(&bench->trial, NULL,
			&(const struct arm){ .receive = "spin" }, folder,
			&result);
	if (err)
		return err;
	json_decref(result);
	snprintf(capture, sizeof(capture), "%s/capture.pcapng", folder);
	return setenv("T2T_BENCH_CAPTURE", capture, 1) < 0 ? -errno : 0;
}

int bench_wire(struct bench *bench)
{
	double spin[BENCH_ROUNDS_MAX], reflector[BENCH_ROUNDS_MAX];
	double bare[BENCH_ROUNDS_MAX];
	const size_t rounds = bench_wire_rounds(bench);
	char program[PATH_MAX], feed[PATH_MAX];
	const struct arm ours = { .name = "spin", .receive = "spin" };
	const struct arm theirs = { .name = "reflector",
				    .receive = "spin",
				    .program = program };
	const struct arm stampless = { .name = "spin-bare",
				       .receive = "spin:timestamps=off" };
	struct bench mine = *bench;
	int err = bench_short_feed(bench, feed);

	mine.trial.feed = feed;
	if (!err)
		err = answers_make(&mine);
	if (err)
		return err;
	bench_program(bench, "tests/bench/reflector", program);
	for (size_t i = 0; i < rounds; i++) {
		spin[i] = bench_trial(&mine, &ours, i);
		reflector[i] = bench_trial(&mine, &theirs, i);
		bare[i] = bench_trial(&mine, &stampless, i);
		if (spin[i] < 0 || reflector[i] < 0 || bare[i] < 0)
			return -EIO;
	}
	bench_figure(bench, "spin trader, wire to wire p50", "us", spin,
		     "a bare reflector", reflector, rounds, BENCH_AT_MOST,
		     1.10);
	bench_figure(bench, "the same without kernel stamps", "us", bare,
		     "a bare reflector", reflector, rounds, BENCH_NO_BOUND, 0);
	return 0;
}

int bench_memory(struct bench *bench)
{
	static const char *const roles[] = { "exchange", "wiretap", "trader" };
	char folder[PATH_MAX], program[PATH_MAX];
	struct process process = { 0 };
	struct process_place place = { .namespace = -1, .cpu = -1 };
	const json_t *found;
	json_t *result;
	double mib;
	int err;

	snprintf(folder, sizeof(folder), "%s/memory", bench->folder);
	err = trial_run(&bench->trial, NULL,
			&(const struct arm){ .receive = "spin" }, folder,
			&result);
	if (err)
		return err;
	found = json_object_get(json_object_get(result, "found"),
				"max_rss_kib");
	for (size_t i = 0; i < 3; i++) {
		char name[64];

		snprintf(name, sizeof(name), "memory of t2t-%s, at most",
			 roles[i]);
		mib = (double)json_get_integer(found, roles[i]) / 1024;
		bench_figure(bench, name, "MiB", &mib, NULL, NULL, 1,
			     BENCH_AT_MOST, 64e6 / (1 << 20));
	}
	json_decref(result);

	/* The oracle's, over the capture that this made. */
	strncat(folder, "/capture.pcapng", sizeof(folder) - strlen(folder) - 1);
	const char *const read[] = { bench_program(bench, "t2t-wiretap",
						   program),
				     "--read", folder, "--json", NULL };
	err = process_start(&process, read, &place);
	if (err)
		return err;
	/* 1: a tap that dropped frames; they were read all the same. */
	if (process_wait(&process, -1, NULL) > 1) {
		log_error("t2t-wiretap --read %s failed", folder);
		return -EIO;
	}
	mib = (double)process.max_rss_kib / 1024;
	bench_figure(bench, "memory of t2t-wiretap --read, at most", "MiB",
		     &mib, NULL, NULL, 1, BENCH_AT_MOST, 64e6 / (1 << 20));
	return 0;
}
