/* SPDX-License-Identifier: MIT */
/* Measures what the tables of connection types want. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/option.h"
#include "campaign/campaign_order.h"
#include "campaign/launch.h"
#include "campaign/tables_run.h"
#include "net/namespace.h"

struct config {
	struct tables_config run;
};

#define AT(field) offsetof(struct config, field)

static const struct option_row rows[] = {
	{ .name = "output",
	  .metavar = "FOLDER",
	  .type = OPTION_STRING,
	  .offset = AT(run.folder),
	  .required = true,
	  .help = "new folder for the raw files" },
	{ .name = "feed",
	  .metavar = "FILE",
	  .type = OPTION_STRING,
	  .offset = AT(run.feed),
	  .required = true,
	  .help = "gzip market data, for the campaigns" },
	{ .name = "seconds",
	  .metavar = "S",
	  .def = "600",
	  .type = OPTION_UNSIGNED,
	  .max = 86400,
	  .offset = AT(run.seconds),
	  .help = "no round begins after so many; for the first six, which\n"
		  "an interval needs, it may be twice as many" },
	{ .name = "rounds",
	  .metavar = "N",
	  .def = "0",
	  .type = OPTION_UNSIGNED,
	  .max = 500,
	  .offset = AT(run.rounds),
	  .help = "so many, whatever time they take; 0: by --seconds" },
	{ .name = "blocks",
	  .metavar = "N",
	  .def = "8",
	  .type = OPTION_UNSIGNED,
	  .min = 1,
	  .max = 1000,
	  .offset = AT(run.blocks),
	  .help = "of the campaigns, as t2t-run has them" },
	{ .name = "messages",
	  .metavar = "N",
	  .def = "1000",
	  .type = OPTION_UNSIGNED,
	  .min = 20,
	  .max = 1000000,
	  .offset = AT(run.messages),
	  .help = "of each measurement in a round" },
	{ .name = "handshakes",
	  .metavar = "N",
	  .def = "40",
	  .type = OPTION_UNSIGNED,
	  .min = 20,
	  .max = 100000,
	  .offset = AT(run.handshakes),
	  .help = "of each measurement in a round" },
	{ .name = "seed",
	  .metavar = "N",
	  .def = "0",
	  .type = OPTION_UNSIGNED,
	  .max = UINT64_C(1) << 62,
	  .offset = AT(run.seed),
	  .help = "of the orders; 0: drawn, and recorded" },
	{ .name = "resume",
	  .type = OPTION_FLAG,
	  .offset = AT(run.resume),
	  .help = "go on with what was cut off in output" },
	OPTION_END,
};

static const struct option_program program = {
	.name = "t2t-tables",
	.summary = "measure every connection type for the tables",
	.description =
		"Joins two fresh network namespaces by a veth pair and runs\n"
		"t2t-echo at both ends, once for each connection type in each\n"
		"of many rounds, in an order drawn anew; before that t2t-run,\n"
		"for what is measured from market data to order. What this\n"
		"machine can't run is left out, with the reason.\n\n"
		"t2t-report of the folder makes the tables: each claim, what\n"
		"was measured, and whether that is in, below or above it.",
	.exit_and_output = "Progress on stderr. Exit status 1 when it could "
			   "not be done, or was\ninterrupted: --resume goes "
			   "on.",
	.rows = rows,
};

/* 0 or an exit code. */
static int output_check(const struct config *config)
{
	const bool there = access(config->run.folder, F_OK) == 0;

	if (access(config->run.feed, R_OK) < 0) {
		log_error("--feed %s: %s", config->run.feed,
			  log_strerror(-errno));
		return 2;
	}
	if (there == config->run.resume)
		return 0;
	log_error(there ? "--output %s: exists already; results are not "
			  "overwritten"
			: "--resume: %s: there is none",
		  config->run.folder);
	return 2;
}

int main(int argc, char **argv)
{
	char folder[PATH_MAX], command[4096];
	struct config config = { 0 };
	enum option_result result;
	int code, err;

	result = option_parse_arguments(&program, argc, argv, &config);
	if (result != OPTION_RUN)
		return (int)result;
	code = output_check(&config);
	if (code)
		return code;
	config.run.stop = launch_signals();
	if (namespace_need_root() < 0 || launch_programs(folder) < 0)
		return 1;
	launch_command_line(argc, argv, command, sizeof(command));
	config.run.programs = folder;
	config.run.command_line = command;
	config.run.progress = isatty(STDERR_FILENO);
	if (config.run.seed == 0 && !config.run.resume)
		config.run.seed = campaign_order_seed();
	err = tables_run(&config.run);
	if (err == -EINTR)
		log_error("interrupted; --resume goes on with %s",
			  config.run.folder);
	launch_give_to_caller(config.run.folder);
	return err == -EINVAL ? 2 : err ? 1 : 0;
}
