/* SPDX-License-Identifier: MIT */
/* An independent witness on the same kind of veth: sockperf, UDP ping-pong of
 * as many bytes as a market data datagram has, non-blocking both ends, and as
 * often as the trader has to answer: what a kernel seldom does it does slowly.
 * (Back to back, a thousand times as often as the real feed calls for an order,
 * sockperf was twice as fast; of the difference all lay in the one call that
 * sends the order.) */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "net/namespace.h"
#include "net/process.h"
#include "tests/bench/support/bench.h"

#define TRIES 3 /* on a machine that is busy with other things */

struct witness {
	struct bench *bench;
	int space[2];
	char out[PATH_MAX];
	char err[PATH_MAX];
};

static int witness_open(struct witness *witness, struct bench *bench)
{
	struct namespace_end client = { .name = "client0", .prefix_len = 24 };
	struct namespace_end server = { .name = "server0", .prefix_len = 24 };
	int err;

	memset(witness, 0, sizeof(*witness));
	witness->bench = bench;
	witness->space[0] = witness->space[1] = -1;
	snprintf(witness->out, sizeof(witness->out), "%s/sockperf.out",
		 bench->folder);
	snprintf(witness->err, sizeof(witness->err), "%s/sockperf.err",
		 bench->folder);
	err = namespace_open(&witness->space[0]);
	if (!err)
		err = namespace_open(&witness->space[1]);
	if (err)
		return err;
	client.fd = witness->space[0];
	server.fd = witness->space[1];
	inet_pton(AF_INET, "10.77.0.1", &client.address);
	inet_pton(AF_INET, "10.77.0.2", &server.address);
	return namespace_veth(&client, &server);
}

static void witness_close(struct witness *witness)
{
	namespace_close(&witness->space[0]);
	namespace_close(&witness->space[1]);
}

/* "... percentile 50.000 =   12.345" of the client's output, us. */
static double p50_read(const char *path)
{
	FILE *file = fopen(path, "re");
	double p50 = -1;
	char line[512];

	while (file && fgets(line, sizeof(line), file)) {
		const char *found = strstr(line, "percentile 50.000 =");

		if (found)
			p50 = strtod(strchr(found, '=') + 1, NULL);
	}
	if (file)
		fclose(file);
	return p50;
}

/* rate, seconds: round trips a second, and for how long; as text. */
static double round_trip(struct witness *witness, const char *rate,
			 const char *seconds)
{
	static const char *const serve[] = { "sockperf",     "server", "-i",
					     "10.77.0.2",    "-p",     "11111",
					     "--nonblocked", NULL };
	const char *const ping[] = { "sockperf",     "ping-pong",  "-i",
				     "10.77.0.2",    "-p",	   "11111",
				     "-m",	     "36",	   "-t",
				     seconds,	     "--mps",	   rate,
				     "--nonblocked", "--full-rtt", NULL };
	const int *cpu = witness->bench->trial.cpu;
	struct process server = { 0 }, client = { 0 };
	struct process_place at_server = { .namespace = witness->space[1],
					   .cpu = cpu[TRIAL_TRADER],
					   .out = witness->err };
	struct process_place at_client = { .namespace = witness->space[0],
					   .cpu = cpu[TRIAL_EXCHANGE],
					   .out = witness->out };
	double p50 = -1;

	if (process_start(&server, serve, &at_server) < 0)
		return -1;
	if (process_wait_text(&server, witness->err, "sockperf", 5000, NULL) ==
		    0 &&
	    process_start(&client, ping, &at_client) == 0 &&
	    process_wait(&client, 20000, NULL) == 0)
		p50 = p50_read(witness->out);
	process_stop(&client, SIGKILL, 1000);
	process_stop(&server, SIGKILL, 1000);
	return p50;
}

/* The p50 of one run of each, us; negative errno when one could not be had. */
static int pair_measure(struct bench *bench, const char *rate,
			const char *seconds, size_t round, double *ours,
			double *theirs)
{
	/* No loss is to cost a round: the machine may be busy. */
	struct arm spin = { .receive = "spin:rcvbuf=64m" };
	struct witness witness;
	char name[64];
	int err = 0;

	*theirs = -1;
	for (int i = 0; i < TRIES && *theirs < 0 && !err; i++) {
		err = witness_open(&witness, bench);
		if (!err)
			*theirs = round_trip(&witness, rate, seconds);
		witness_close(&witness);
	}
	if (err)
		return err;
	if (*theirs < 0) {
		log_error("sockperf gave no figure");
		return -EIO;
	}
	snprintf(name, sizeof(name), "witness-%s", rate);
	spin.name = name;
	*ours = bench_trial(bench, &spin, round);
	return *ours < 0 ? -EIO : 0;
}

/* A twentieth of the short feed's packets call for an order: a thousand a
 * second. The feed's own: seven. */
int bench_sockperf(struct bench *bench)
{
	double ours[BENCH_ROUNDS_MAX], theirs[BENCH_ROUNDS_MAX];
	double rare[BENCH_ROUNDS_MAX], rarely[BENCH_ROUNDS_MAX];
	struct bench often = *bench;
	char feed[PATH_MAX];
	int err = bench_short_feed(bench, feed);

	often.trial.feed = feed;
	for (size_t i = 0; i < bench->rounds && !err; i++) {
		err = pair_measure(&often, "1000", "2", i, &ours[i],
				   &theirs[i]);
		if (!err)
			err = pair_measure(bench, "7", "10", i, &rare[i],
					   &rarely[i]);
	}
	if (err)
		return err;
	bench_figure(bench, "spin trader, 1,000 orders a second, p50", "us",
		     ours, "sockperf's UDP round trip, as often", theirs,
		     bench->rounds, BENCH_NO_BOUND, 0);
	bench_figure(bench, "spin trader, the feed's 7 a second, p50", "us",
		     rare, "sockperf's UDP round trip, as often", rarely,
		     bench->rounds, BENCH_NO_BOUND, 0);
	return 0;
}
