/* SPDX-License-Identifier: MIT */
#include "base/ending.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/log.h"

int ending_open(void)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0) {
		fd = -errno;
		log_error("can't watch for signals: %s", log_strerror(fd));
	}
	return fd;
}

bool ending_came(int fd)
{
	struct signalfd_siginfo signal;

	if (read(fd, &signal, sizeof(signal)) <= 0)
		return false;
	log_info("ended by SIG%s", sigabbrev_np((int)signal.ssi_signo));
	return true;
}
