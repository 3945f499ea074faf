/* SPDX-License-Identifier: MIT */
/* WebSocket's frames, held against wslay's; a program of its own measures it,
 * which is there where wslay is. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/process.h"
#include "tests/bench/support/bench.h"

static const struct {
	const char *name;
	double bound;
} rows[] = {
	{ "send 13 B", 1 / 2. },
	{ "receive 13 B", 1 / 2. },
	{ "send 16 KiB", 1 / 8. },
	{ "receive 16 KiB", 1 / 8. },
};

/* Of one side, by round; false: they are not there. */
static bool rounds_read(const json_t *result, const char *name,
			const char *side, double *ns, size_t rounds)
{
	const json_t *all =
		json_object_get(json_object_get(result, name), side);

	for (size_t i = 0; i < rounds; i++) {
		ns[i] = json_number_value(json_array_get(all, i));
		if (ns[i] <= 0)
			return false;
	}
	return true;
}

int bench_websocket(struct bench *bench)
{
	double ours[BENCH_ROUNDS_MAX], wslay[BENCH_ROUNDS_MAX];
	char program[PATH_MAX], rounds[24], text[65536], name[64];
	const char *const argv[] = {
		bench_program(bench, "tests/bench/websocket", program), rounds,
		NULL
	};
	json_t *result;
	int err = 0;

	if (access(program, X_OK) < 0) {
		bench_note(bench,
			   "websocket: skipped: %s was not built: it "
			   "needs libwslay-dev",
			   program);
		return 0;
	}
	snprintf(rounds, sizeof(rounds), "%u", (unsigned int)bench->rounds);
	if (process_output(argv, text, sizeof(text)) != 0)
		return -EIO;
	result = json_loads(text, 0, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(rows) && !err; i++) {
		if (!rounds_read(result, rows[i].name, "ours", ours,
				 bench->rounds) ||
		    !rounds_read(result, rows[i].name, "wslay", wslay,
				 bench->rounds)) {
			err = -EIO;
			break;
		}
		snprintf(name, sizeof(name), "WebSocket frame, %s",
			 rows[i].name);
		bench_figure(bench, name, "ns", ours, "wslay", wslay,
			     bench->rounds, BENCH_AT_MOST, rows[i].bound);
	}
	json_decref(result);
	return err;
}
