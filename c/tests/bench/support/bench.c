/* SPDX-License-Identifier: MIT */
#include "tests/bench/support/bench.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/cpu.h"
#include "base/log.h"
#include "net/process.h"
#include "stats/statistics.h"

int bench_open(struct bench *bench)
{
	unsigned int cpus[64], n = cpu_list(cpus, 64);

	snprintf(bench->folder, sizeof(bench->folder), "/tmp/t2t-bench.XXXXXX");
	if (!mkdtemp(bench->folder)) {
		log_error("can't make %s: %s", bench->folder,
			  log_strerror(-errno));
		return -errno;
	}
	n = n > 64 ? 64 : n;
	bench->trial = (struct trial_config){
		.programs = bench->programs,
		.feed = bench->feed,
		.pace = "rate:20000",
		.threshold_usd = "1000000",
		.aggress = "opposite",
		.group = "239.255.0.1:12345",
		.cpu = { -1, -1, -1 },
	};
	if (n > 1) {
		bench->trial.cpu[TRIAL_EXCHANGE] = (int)cpus[0];
		bench->trial.cpu[TRIAL_WIRETAP] = (int)cpus[n > 2 ? 1 : 0];
		bench->trial.cpu[TRIAL_TRADER] = (int)cpus[n - 1];
	}
	bench->figures = json_array();
	if (!bench->json)
		printf("%-42s %12s %12s %22s  %s\n", "claim", "ours", "against",
		       "ratio (min to max)", "bound");
	return 0;
}

int bench_close(struct bench *bench)
{
	const char *const argv[] = { "rm", "-rf", "--", bench->folder, NULL };
	char ignored[1];

	if (bench->json) {
		json_dumpf(bench->figures, stdout, JSON_INDENT(2));
		putchar('\n');
	}
	json_decref(bench->figures);
	process_output(argv, ignored, sizeof(ignored));
	return bench->beyond > 0;
}

static double median_of(const double *values, size_t n)
{
	double copy[BENCH_ROUNDS_MAX];

	memcpy(copy, values, n * sizeof(*copy));
	return statistics_median(copy, n);
}

void bench_figure(struct bench *bench, const char *name, const char *unit,
		  const double *ours, const char *against, const double *bases,
		  size_t rounds, enum bench_bound kind, double bound)
{
	double judged = median_of(ours, rounds), base = 0;
	struct statistics ratios = { 0 };
	char mine[32], other[64] = "", ratio[32] = "", limit[48] = "";
	bool held = true;

	snprintf(mine, sizeof(mine), "%.4g %s", judged, unit);
	if (bases && statistics_of_ratios(ours, bases, rounds, &ratios) == 0) {
		base = median_of(bases, rounds);
		judged = ratios.median;
		snprintf(other, sizeof(other), "%.4g %s", base, unit);
		snprintf(ratio, sizeof(ratio), "%.2f (%.2f to %.2f)",
			 ratios.median, ratios.min, ratios.max);
	}
	if (kind != BENCH_NO_BOUND) {
		held = kind == BENCH_AT_MOST ? judged <= bound
					     : judged >= bound;
		snprintf(limit, sizeof(limit), "%s %.4g%s: %s",
			 kind == BENCH_AT_MOST ? "<=" : ">=", bound,
			 bases ? " x" : "", held ? "holds" : "BEYOND");
	}
	bench->beyond += !held;
	if (!bench->json)
		printf("%-42s %12s %12s %22s  %s%s%s\n", name, mine, other,
		       ratio, limit, against ? "  against " : "",
		       against ? against : "");
	fflush(stdout);
	json_array_append_new(
		bench->figures,
		json_pack("{s:s,s:s,s:f,s:s?,s:f,s:f,s:f,s:f,s:f,s:b,s:i}",
			  "name", name, "unit", unit, "ours",
			  median_of(ours, rounds), "against", against, "base",
			  base, "ratio", bases ? ratios.median : 0.0,
			  "ratio_min", bases ? ratios.min : 0.0, "ratio_max",
			  bases ? ratios.max : 0.0, "bound",
			  kind == BENCH_NO_BOUND ? 0.0 : bound, "held", held,
			  "rounds", (int)rounds));
}

void bench_note(struct bench *bench, const char *format, ...)
{
	char text[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (!bench->json)
		printf("  %s\n", text);
	fflush(stdout);
	json_array_append_new(bench->figures, json_pack("{s:s}", "note", text));
}

const char *bench_program(const struct bench *bench, const char *name,
			  char path[static PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/%s", bench->programs, name);
	return path;
}

double bench_seconds(const char *const *argv)
{
	const struct process_place place = { .namespace = -1, .cpu = -1 };
	uint64_t begin = clock_monotonic_ns();
	struct process process;
	int status;

	if (process_start(&process, argv, &place) < 0 ||
	    waitpid(process.pid, &status, 0) < 0 || status != 0) {
		log_error("%s failed", argv[0]);
		return -1;
	}
	return (double)(clock_monotonic_ns() - begin) / 1e9;
}

int bench_capture(struct bench *bench)
{
	char folder[PATH_MAX];
	json_t *result;
	int err;

	if (*bench->capture)
		return 0;
	snprintf(folder, sizeof(folder), "%s/capture", bench->folder);
	err = trial_run(&bench->trial, NULL,
			&(const struct arm){ .receive = "spin" }, folder,
			&result);
	if (err)
		return err;
	json_decref(result);
	snprintf(bench->capture, sizeof(bench->capture),
		 "%s/capture/capture.pcapng", bench->folder);
	return 0;
}
