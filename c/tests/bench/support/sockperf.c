/* SPDX-License-Identifier: MIT */
/* An independent witness on the same kind of veth: sockperf, UDP ping-pong of
 * as many bytes as a market data datagram has, non-blocking both ends. */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "measure/process.h"
#include "net/namespace.h"
#include "tests/bench/support/bench.h"

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

static double round_trip(struct witness *witness)
{
	static const char *const serve[] = { "sockperf",     "server", "-i",
					     "10.77.0.2",    "-p",     "11111",
					     "--nonblocked", NULL };
	static const char *const ping[] = {
		"sockperf",	"ping-pong",  "-i", "10.77.0.2", "-p",
		"11111",	"-m",	      "36", "-t",	 "2",
		"--nonblocked", "--full-rtt", NULL
	};
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

int bench_sockperf(struct bench *bench)
{
	double ours[BENCH_ROUNDS_MAX], theirs[BENCH_ROUNDS_MAX];
	struct witness witness;
	int err = 0;

	for (size_t i = 0; i < bench->rounds && !err; i++) {
		char folder[PATH_MAX];
		json_t *result;

		err = witness_open(&witness, bench);
		if (!err)
			theirs[i] = round_trip(&witness);
		witness_close(&witness);
		if (!err && theirs[i] < 0) {
			log_error("sockperf gave no figure");
			err = -EIO;
		}
		if (err)
			break;
		snprintf(folder, sizeof(folder), "%s/witness-%zu",
			 bench->folder, i);
		err = trial_run(&bench->trial,
				&(const struct arm){ .receive = "spin" },
				folder, &result);
		if (err)
			break;
		ours[i] = (double)json_integer_value(json_object_get(
				  json_object_get(
					  json_object_get(result, "analysis"),
					  "wire_to_wire_ns"),
				  "p50")) /
			  1e3;
		json_decref(result);
	}
	if (!err)
		bench_figure(bench, "spin trader, wire to wire p50", "us", ours,
			     "sockperf's UDP round trip", theirs, bench->rounds,
			     BENCH_NO_BOUND, 0);
	return err;
}
