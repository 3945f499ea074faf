/* SPDX-License-Identifier: MIT */
#include "tests/support/killer.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define OPTIONS (PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE)
#define IS_CALL (SIGTRAP | 0x80)

/* All threads that there are; 0 or a negative errno. */
static int threads_seize(pid_t pid)
{
	const struct dirent *entry;
	char path[64];
	DIR *folder;
	int err = 0;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	folder = opendir(path);
	if (!folder)
		return -errno;
	while (!err && (entry = readdir(folder))) {
		pid_t thread = (pid_t)strtol(entry->d_name, NULL, 10);

		if (thread > 0 &&
		    (ptrace(PTRACE_SEIZE, thread, NULL, OPTIONS) < 0 ||
		     ptrace(PTRACE_INTERRUPT, thread, NULL, NULL) < 0))
			err = -errno;
	}
	closedir(folder);
	return err;
}

static bool moves_bytes(pid_t thread)
{
	struct __ptrace_syscall_info info = { .op = 0 };
	static __thread unsigned long long last;

	ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof(info), &info);
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
		last = info.entry.nr;
	else if (info.op != PTRACE_SYSCALL_INFO_EXIT)
		return false;
	switch (last) {
	case SYS_write:
	case SYS_pwrite64:
	case SYS_splice:
	case SYS_sendfile:
	case SYS_sendto:
	case SYS_recvfrom:
		return true;
	}
	return false;
}

/* Never returns. */
static void watch(pid_t pid, unsigned int count)
{
	int status;

	for (;;) {
		pid_t thread = waitpid(-1, &status, __WALL);

		if (thread < 0)
			_exit(0);
		if (!WIFSTOPPED(status))
			continue;
		if (WSTOPSIG(status) == IS_CALL && moves_bytes(thread) &&
		    --count == 0)
			kill(pid, SIGKILL);
		ptrace(PTRACE_SYSCALL, thread, NULL,
		       status >> 16 || WSTOPSIG(status) == IS_CALL ||
				       WSTOPSIG(status) == SIGTRAP
			       ? 0
			       : WSTOPSIG(status));
	}
}

pid_t killer_start(pid_t pid, unsigned int count)
{
	int ready[2], err = -EPIPE;
	pid_t killer;

	if (pipe(ready) < 0)
		return -1;
	killer = fork();
	if (killer == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		err = threads_seize(pid);
		if (write(ready[1], &err, sizeof(err)) != sizeof(err) || err)
			_exit(1);
		close(ready[0]);
		close(ready[1]);
		watch(pid, count);
	}
	close(ready[1]);
	if (killer > 0 && read(ready[0], &err, sizeof(err)) != sizeof(err))
		err = -EPIPE;
	close(ready[0]);
	if (killer > 0 && err) {
		killer_end(killer);
		killer = -1;
	}
	return killer;
}

void killer_end(pid_t killer)
{
	if (killer <= 0)
		return;
	kill(killer, SIGKILL);
	waitpid(killer, NULL, 0);
}
