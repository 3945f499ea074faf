/* SPDX-License-Identifier: MIT */
#include "net/editcap.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROGRAM "editcap"
#define NOBODY	65534

/* Root's, and nobody else can write there. */
static bool is_roots(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && status.st_uid == 0 &&
	       !(status.st_mode & (S_IWGRP | S_IWOTH));
}

/* So is each folder on the way to it: the path has no links. */
static bool is_roots_all_along(const char *path)
{
	char part[PATH_MAX];

	strcpy(part, path);
	while (is_roots(part)) {
		char *slash = strrchr(part, '/');

		if (!slash)
			return false;
		if (slash == part)
			return is_roots("/");
		*slash = '\0';
	}
	return false;
}

/* Its whole path, into found. */
static int program_find(char found[static PATH_MAX])
{
	const char *at = getenv("PATH");

	while (at && *at) {
		size_t len = strcspn(at, ":");
		char path[PATH_MAX];

		if (len > 0 && len + sizeof("/" PROGRAM) < sizeof(path)) {
			snprintf(path, sizeof(path), "%.*s/" PROGRAM, (int)len,
				 at);
			if (realpath(path, found) && access(found, X_OK) == 0 &&
			    (geteuid() != 0 || is_roots_all_along(found)))
				return 0;
		}
		at += len + (at[len] == ':');
	}
	return -ENOENT;
}

/* In a user namespace that has no such user root is none but there, and stays
 * what it is; so does a root that has given its capabilities up already. */
static bool rights_drop(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return false;
	if (geteuid() != 0)
		return true;
	if (setresgid(NOBODY, NOBODY, NOBODY) < 0)
		return errno == EINVAL || errno == EPERM;
	return setgroups(0, NULL) == 0 &&
	       setresuid(NOBODY, NOBODY, NOBODY) == 0;
}

/* In the child: never returns. */
static void child_run(const char *path, int input, int output, int complaints)
{
	char *const arguments[] = { (char[]){ PROGRAM },  (char[]){ "-F" },
				    (char[]){ "pcapng" }, (char[]){ "-" },
				    (char[]){ "-" },	  NULL };

	signal(SIGPIPE, SIG_DFL);
	if (dup2(input, STDIN_FILENO) >= 0 &&
	    dup2(output, STDOUT_FILENO) >= 0 &&
	    dup2(complaints, STDERR_FILENO) >= 0) {
		if (!rights_drop())
			dprintf(STDERR_FILENO,
				"can't give up root's rights: %s\n",
				strerror(errno));
		else if (execve(path, arguments, environ) < 0)
			dprintf(STDERR_FILENO, "can't run %s: %s\n", path,
				strerror(errno));
	}
	_exit(127);
}

int editcap_start(int input, int output, int complaints, pid_t *pid)
{
	char path[PATH_MAX];
	int err = program_find(path);

	if (err)
		return err;
	*pid = fork();
	if (*pid < 0)
		return -errno;
	if (*pid == 0)
		child_run(path, input, output, complaints);
	return 0;
}
