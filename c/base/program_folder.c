/* SPDX-License-Identifier: MIT */
#include "base/program_folder.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

int program_folder(char path[static PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 1);
	char *slash = NULL;

	if (n > 0) {
		path[n] = '\0';
		slash = strrchr(path, '/');
	}
	if (!slash)
		return -ENOENT;
	*slash = '\0';
	return 0;
}
