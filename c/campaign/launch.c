/* SPDX-License-Identifier: MIT */
#include "campaign/launch.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/program_folder.h"
#include "net/process.h"

int launch_programs(char path[static PATH_MAX])
{
	int err = program_folder(path);

	if (err)
		log_error("/proc/self/exe does not tell where the programs "
			  "lie");
	return err;
}

static volatile int stopped;

static void on_signal(int signal)
{
	(void)signal;
	stopped = 1;
}

const volatile int *launch_signals(void)
{
	const struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	return &stopped;
}

void launch_give_to_caller(const char *folder)
{
	const char *user = getenv("SUDO_UID"), *group = getenv("SUDO_GID");
	char owner[64], ignored[1];
	const char *const argv[] = { "chown", "-R", owner, "--", folder, NULL };

	if (!user || !group || getuid() != 0)
		return;
	snprintf(owner, sizeof(owner), "%s:%s", user, group);
	if (process_output(argv, ignored, sizeof(ignored)) != 0)
		log_warning("can't give %s to user %s", folder, user);
}

void launch_command_line(int argc, char **argv, char *text, size_t size)
{
	size_t n = 0;

	*text = '\0';
	for (int i = 0; i < argc && n < size; i++)
		n += (size_t)snprintf(text + n, size - n, "%s'%s'",
				      i ? " " : "", argv[i]);
}
