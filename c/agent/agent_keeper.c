/* SPDX-License-Identifier: MIT */
#include "agent/agent_keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#define RESTORE_MS 60000  /* for a command that puts back */
#define AGENT_MS   120000 /* for the agent to end its programs and put back */

static struct agent_stop stop;
static int stop_write;

static void on_signal(int signal)
{
	int before = errno;

	(void)signal;
	stop.set = 1;
	if (write(stop_write, "", 1) < 0)
		stop.set = 1; /* the pipe is full: it has been told */
	errno = before;
}

/* The signals that tell us to stop wait for stop_open(). */
static void signals_hold(sigset_t *held)
{
	sigemptyset(held);
	sigaddset(held, SIGTERM);
	sigaddset(held, SIGINT);
	sigaddset(held, SIGHUP);
	sigprocmask(SIG_BLOCK, held, NULL);
}

/* Each of the two has a pipe of its own. */
static int stop_open(const sigset_t *held)
{
	const struct sigaction action = { .sa_handler = on_signal };
	int ends[2];

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	stop.fd = ends[0];
	stop_write = ends[1];
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	sigprocmask(SIG_UNBLOCK, held, NULL);
	return 0;
}

/* In the child. It puts back at its end what it owes, whether the keeper is
 * still there or not: who is killed amidst it leaves the rest to the other. */
static int agent_run(const struct agent_config *config,
		     struct agent_restores *restores, pid_t keeper,
		     const sigset_t *held)
{
	int err, other;

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != keeper)
		return 1;
	err = stop_open(held);
	if (!err)
		err = agent_serve(config, restores, &stop);
	other = agent_restores_end(restores, config->namespace, RESTORE_MS);
	return err || other ? 1 : 0;
}

/* Until the agent has ended, the connection has, or we are told to stop. Only
 * the hang-up is looked for: what comes in is the agent's. */
static void connection_watch(const struct agent_config *config, int agent_fd)
{
	struct pollfd all[] = {
		{ .fd = config->in, .events = POLLRDHUP },
		{ .fd = stop.fd, .events = POLLIN },
		{ .fd = agent_fd, .events = POLLIN },
	};

	while (!stop.set)
		if (poll(all, ARRAY_SIZE(all), -1) > 0)
			return;
}

/* Its exit code. It is told to end, if it hasn't, and killed if it doesn't. */
static int agent_end(pid_t agent, int agent_fd)
{
	struct pollfd ended = { .fd = agent_fd, .events = POLLIN };
	const uint64_t begin_ns = clock_monotonic_ns();
	int status = 0, left_ms = AGENT_MS;

	kill(agent, SIGTERM);
	/* Signals cut a poll short. */
	while (poll(&ended, 1, left_ms) < 0 && errno == EINTR) {
		uint64_t ms = (clock_monotonic_ns() - begin_ns) / 1000000;

		left_ms = ms < AGENT_MS ? AGENT_MS - (int)ms : 0;
	}
	kill(agent, SIGKILL);
	while (waitpid(agent, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	log_error("the agent was killed by signal %d", WTERMSIG(status));
	return 1;
}

int agent_keeper_run(const struct agent_config *config)
{
	struct agent_restores *restores = agent_restores_open();
	pid_t keeper = getpid(), agent;
	sigset_t held;
	int code, agent_fd;

	if (!restores)
		return 1;
	signals_hold(&held);
	agent = fork();
	if (agent == 0)
		_exit(agent_run(config, restores, keeper, &held));
	agent_fd = agent < 0 ? -1 : (int)syscall(SYS_pidfd_open, agent, 0);
	if (agent_fd < 0 || stop_open(&held) < 0) {
		log_error("can't start the agent: %s", log_strerror(-errno));
		return 1;
	}
	/* The end that the agent writes into is its alone. */
	close(config->out);
	connection_watch(config, agent_fd);
	code = agent_end(agent, agent_fd);
	/* Whatever the agent could not, since it was killed. */
	if (agent_restores_end(restores, config->namespace, RESTORE_MS) < 0)
		code = 1;
	return code;
}
