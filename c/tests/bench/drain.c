/* SPDX-License-Identifier: MIT */
/*
 * One receive path, without a trader: datagrams are sent, a few at a time, and
 * taken. For the bench, which has its instructions counted.
 */
#include <stdio.h>

#include "base/log.h"
#include "base/option.h"
#include "net/namespace.h"
#include "tests/bench/support/paths.h"

struct config {
	const char *receive;
	uint64_t count, burst;
};

static const struct option_row rows[] = {
	{ .name = "receive",
	  .metavar = "PATH",
	  .type = OPTION_STRING,
	  .offset = offsetof(struct config, receive),
	  .required = true,
	  .help = "as t2t-trader takes it" },
	{ .name = "count",
	  .metavar = "N",
	  .def = "1000",
	  .type = OPTION_UNSIGNED,
	  .min = 1,
	  .max = 10000000,
	  .offset = offsetof(struct config, count),
	  .help = "datagrams" },
	{ .name = "burst",
	  .metavar = "N",
	  .def = "1",
	  .type = OPTION_UNSIGNED,
	  .min = 1,
	  .max = RECEIVE_BURST_MAX,
	  .offset = offsetof(struct config, burst),
	  .help = "that wait when a poll begins" },
	OPTION_END,
};

static const struct option_program program = {
	.name = "drain",
	.summary = "take datagrams by one receive path",
	.description = "For the bench alone.",
	.rows = rows,
};

/* What is counted: by this name. How many came. */
__attribute__((noinline)) static size_t drain(struct receive *receive,
					      size_t wanted)
{
	struct packet packets[RECEIVE_BURST_MAX];
	unsigned int empty = 0;
	size_t taken = 0;

	while (taken < wanted && empty < 1000) {
		int n = receive_poll(receive, packets, RECEIVE_BURST_MAX);

		taken += n > 0 ? (size_t)n : 0;
		empty = n > 0 ? 0 : empty + 1;
	}
	return taken;
}

static int run(const struct config *config)
{
	struct paths_rig rig;
	struct receive *receive;
	size_t taken = 0;
	int err = namespace_become_root();

	if (!err)
		err = paths_rig_open(&rig);
	if (err)
		return err;
	err = receive_open(config->receive, &rig.config, &receive);
	if (err)
		goto close_rig;
	for (size_t sent = 0; sent < config->count; sent += config->burst) {
		paths_rig_send(&rig, sent, config->burst);
		taken += drain(receive, config->burst);
	}
	receive_close(receive);
	printf("%zu\n", taken);
	err = taken < config->count ? -1 : 0;
close_rig:
	paths_rig_close(&rig);
	return err;
}

int main(int argc, char **argv)
{
	struct config config = { 0 };
	enum option_result result =
		option_parse_arguments(&program, argc, argv, &config);

	if (result != OPTION_RUN)
		return (int)result;
	log_open("drain", LOG_WARNING);
	return run(&config) < 0;
}
