/* SPDX-License-Identifier: MIT */
/* DPDK's AF_XDP driver beside our own AF_XDP socket, wire to wire: market data
 * alone, and orders by the same frames, too. */
#include <errno.h>

#include "net/dpdk_port.h"
#include "tests/bench/support/bench.h"

#define DPDK "dpdk:device=af_xdp,descriptors=4096"

int bench_dpdk(struct bench *bench)
{
	static const char *const past[] = { "--transport", "bypass", NULL };
	static const struct arm arms[] = {
		{ .name = "xdp", .receive = "xdp" },
		{ .name = "dpdk", .receive = DPDK },
		{ .name = "xdp-bypass", .receive = "xdp", .trader = past },
		{ .name = "dpdk-bypass", .receive = DPDK, .trader = past },
	};
	double p50[ARRAY_SIZE(arms)][BENCH_ROUNDS_MAX];
	const size_t rounds = bench_rounds_of(bench, 15);
	struct bench mine = *bench;
	char feed[PATH_MAX];
	const char *why;
	int err;

	if (dpdk_port_probe(&why) < 0) {
		bench_note(bench, "dpdk: skipped: %s", why);
		return 0;
	}
	err = bench_short_feed(bench, feed);
	if (err)
		return err;
	mine.trial.feed = feed;
	for (size_t i = 0; i < rounds; i++)
		for (size_t arm = 0; arm < ARRAY_SIZE(arms); arm++) {
			p50[arm][i] = bench_trial(&mine, &arms[arm], i);
			if (p50[arm][i] < 0)
				return -EIO;
		}
	/* Not judged by its goal: rounds differ by more than the goal. */
	bench_figure(bench, "dpdk by af_xdp, p50 (goal: <= 1.15 x)", "us",
		     p50[1], "xdp", p50[0], rounds, BENCH_NO_BOUND, 0);
	bench_figure(bench, "dpdk by af_xdp + bypass, the same", "us", p50[3],
		     "xdp + bypass", p50[2], rounds, BENCH_NO_BOUND, 0);
	return 0;
}
