/* SPDX-License-Identifier: MIT */
#include "campaign/launch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "net/process.h"

int launch_programs(char path[static PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 1);
	char *slash = NULL;

	if (n > 0) {
		path[n] = '\0';
		slash = strrchr(path, '/');
	}
	if (!slash) {
		log_error("/proc/self/exe does not tell where the programs "
			  "lie");
		return -ENOENT;
	}
	*slash = '\0';
	return 0;
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
