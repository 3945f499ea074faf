/* SPDX-License-Identifier: MIT */
/* On each machine of a trial: does there what the runner asks. */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/agent_keeper.h"
#include "base/log.h"
#include "base/option.h"

struct config {
	const char *folder;
	const char *namespace;
};

static const struct option_row rows[] = {
	{ .name = "folder",
	  .metavar = "FOLDER",
	  .def = ".",
	  .type = OPTION_STRING,
	  .offset = offsetof(struct config, folder),
	  .help = "where the programs' files go; made if it is missing,\n"
		  "in a folder that is there" },
	{ .name = "namespace",
	  .metavar = "FILE",
	  .type = OPTION_STRING,
	  .offset = offsetof(struct config, namespace),
	  .help = "a network namespace's file, such as /run/netns/trader:\n"
		  "all that is asked for runs in it" },
	OPTION_END,
};

static const struct option_program program = {
	.name = "t2t-agent",
	.summary = "do on this machine what a trial wants",
	.description =
		"Started by t2t-run on each machine of a trial, with which it\n"
		"speaks over stdin and stdout: turns knobs, starts programs\n"
		"and waits for them, brings files and takes them.\n\n"
		"When the connection ends, however it does, the programs are\n"
		"ended and each knob is put back; also when this process, or\n"
		"its child, is killed.",
	.exit_and_output =
		"A JSON object a line on stdout, one for each request; see\n"
		"agent/README.md.",
	.rows = rows,
};

int main(int argc, char **argv)
{
	struct agent_config agent = { .in = STDIN_FILENO,
				      .out = STDOUT_FILENO,
				      .namespace = -1 };
	struct config config = { 0 };
	enum option_result result =
		option_parse_arguments(&program, argc, argv, &config);

	if (result != OPTION_RUN)
		return (int)result;
	agent.folder = config.folder;
	if (mkdir(config.folder, 0755) < 0 && errno != EEXIST) {
		log_error("--folder %s: %s", config.folder,
			  log_strerror(-errno));
		return 1;
	}
	if (config.namespace) {
		agent.namespace = open(config.namespace, O_RDONLY | O_CLOEXEC);
		if (agent.namespace < 0) {
			log_error("--namespace %s: %s", config.namespace,
				  log_strerror(-errno));
			return 1;
		}
	}
	return agent_keeper_run(&agent);
}
