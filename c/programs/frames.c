/* SPDX-License-Identifier: MIT */
/* Numbered frames of market data, with no exchange behind them. */
#include <errno.h>
#include <signal.h>

#include "base/log.h"
#include "base/option.h"
#include "campaign/frames.h"

static const struct option_row rows[] = {
	{ .name = "interface",
	  .metavar = "NAME",
	  .type = OPTION_STRING,
	  .offset = offsetof(struct frames, interface),
	  .required = 1,
	  .help = "where they leave" },
	{ .name = "group",
	  .metavar = "ADDR:PORT",
	  .def = "239.255.0.1:12345",
	  .type = OPTION_STRING,
	  .offset = offsetof(struct frames, group),
	  .help = "multicast group of the market data" },
	{ .name = "frames",
	  .metavar = "N",
	  .def = "4000",
	  .type = OPTION_UNSIGNED,
	  .min = 1,
	  .max = UINT32_MAX,
	  .offset = offsetof(struct frames, count),
	  .help = "how many" },
	{ .name = "rate",
	  .metavar = "N",
	  .def = "4000",
	  .type = OPTION_UNSIGNED,
	  .min = 1,
	  .max = 1000000000,
	  .offset = offsetof(struct frames, rate),
	  .help = "how many a second, at even times" },
	OPTION_END,
};

static const struct option_program program = {
	.name = "t2t-frames",
	.summary = "send numbered frames of market data, without an exchange",
	.synopsis = "--interface NAME [OPTION...]",
	.description =
		"Sends datagrams with one small update each. Where the far\n"
		"end returns each frame (tc-mirred(8)), a capture holds each\n"
		"twice, and t2t-wiretap --back-to-back tells how long wire\n"
		"and tap take without a trader.",
	.rows = rows,
};

static volatile int stop;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

int main(int argc, char **argv)
{
	const struct sigaction action = { .sa_handler = on_signal };
	struct frames frames;
	enum option_result result =
		option_parse_arguments(&program, argc, argv, &frames);
	int err;

	if (result != OPTION_RUN)
		return (int)result;
	frames.stop = &stop;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	err = frames_send(&frames);
	return err && err != -EINTR ? 1 : 0;
}
