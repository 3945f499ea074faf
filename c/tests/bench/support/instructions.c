/* SPDX-License-Identifier: MIT */
/*
 * User instructions a packet that each receive path costs, counted by
 * valgrind (callgrind) around the loop that polls: the same on a busy machine.
 * What the kernel does meanwhile is not in them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "net/process.h"
#include "tests/bench/support/bench.h"
#include "tests/bench/support/paths.h"

#define COUNT	   3200
#define COUNT_TEXT "3200"

/* callgrind's "summary: N"; < 0: there is none. */
static double summary_read(const char *path)
{
	FILE *file = fopen(path, "re");
	double found = -1;
	char line[4096];

	while (file && found < 0 && fgets(line, sizeof(line), file))
		if (sscanf(line, "summary: %lf", &found) != 1)
			found = -1;
	if (file)
		fclose(file);
	return found;
}

/* Instructions a packet where so many wait at a time; < 0: not counted. */
static double instructions(const struct bench *bench, const char *path,
			   const char *burst)
{
	char drain[PATH_MAX], out[PATH_MAX], option[PATH_MAX + 32];
	char text[4096];
	const char *const argv[] = { "valgrind",
				     "-q",
				     "--tool=callgrind",
				     "--collect-atstart=no",
				     "--toggle-collect=drain",
				     option,
				     drain,
				     "--receive",
				     path,
				     "--count",
				     COUNT_TEXT,
				     "--burst",
				     burst,
				     NULL };

	bench_program(bench, "tests/bench/drain", drain);
	snprintf(out, sizeof(out), "%s/callgrind", bench->folder);
	snprintf(option, sizeof(option), "--callgrind-out-file=%s", out);
	if (process_output(argv, text, sizeof(text)) != 0)
		return -1;
	return summary_read(out) / COUNT;
}

int bench_instructions(struct bench *bench)
{
	struct paths_rig rig;
	int err = paths_rig_open(&rig);

	if (err)
		return err;
	paths_rig_close(&rig);
	bench_note(bench, "%-24s %16s %16s", "instructions a packet",
		   "one at a time", "32 at a time");
	for (size_t i = 0; paths_texts[i]; i++) {
		const char *fault = paths_fault(paths_texts[i]);
		double one, many;

		if (fault) {
			bench_note(bench, "%-24s skipped: %s", paths_texts[i],
				   fault);
			continue;
		}
		one = instructions(bench, paths_texts[i], "1");
		many = instructions(bench, paths_texts[i], "32");
		if (one < 0 || many < 0)
			bench_note(bench,
				   "%-24s not counted: what it yields comes "
				   "later, from a timer or a thread",
				   paths_texts[i]);
		else
			bench_note(bench, "%-24s %16.0f %16.0f", paths_texts[i],
				   one, many);
	}
	return 0;
}
