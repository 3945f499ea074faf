/* SPDX-License-Identifier: MIT */
#include "net/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/cpu.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/namespace.h"

#define LOOK_NS 2000000 /* how often a wait for a text looks */
/* How often a wait for an end looks whether to stop. More often would take the
 * CPU from who is measured: a trader that spins beside one that looked every
 * 2 ms was slower by a twentieth. */
#define STOP_LOOK_MS 100

static int redirect(const char *path, int fd)
{
	const int flags =
		fd == STDIN_FILENO ? O_RDONLY : O_WRONLY | O_CREAT | O_TRUNC;
	int file = open(path, flags | O_CLOEXEC, 0644);

	if (file < 0 || dup2(file, fd) < 0)
		return -errno;
	close(file);
	return 0;
}

static int output_redirect(const struct process_place *place)
{
	int err;

	if (place->connection) {
		if (dup2(*place->connection, STDIN_FILENO) < 0 ||
		    dup2(*place->connection, STDOUT_FILENO) < 0)
			return -errno;
		return 0;
	}
	err = redirect(place->err ? place->err : "/dev/null", STDERR_FILENO);
	if (err)
		return err;
	if (place->out)
		err = redirect(place->out, STDOUT_FILENO);
	else if (dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
		err = -errno;
	return err ? err
		   : redirect(place->in ? place->in : "/dev/null",
			      STDIN_FILENO);
}

/* In the child: never returns. */
static void child_run(const char *const *argv,
		      const struct process_place *place, pid_t parent)
{
	static const int handled[] = { SIGTERM, SIGINT, SIGHUP, SIGPIPE };
	sigset_t none;

	if (!place->connection)
		cpu_die_with_parent();
	if (getppid() != parent)
		_exit(127);
	/* Who kills the parent's whole session does not reach one that has a
	 * connection, and knows by its end what to do. */
	if (place->connection)
		setsid();
	else
		setpgid(0, 0);
	/* The parent's handlers are not for what comes before the exec. */
	for (size_t i = 0; i < ARRAY_SIZE(handled); i++)
		signal(handled[i], SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (output_redirect(place) < 0)
		_exit(127);
	if (place->namespace >= 0 && namespace_enter(place->namespace) < 0)
		_exit(127);
	if (place->cpu >= 0 && cpu_pin((unsigned int)place->cpu) < 0) {
		log_error("%s: can't be pinned to CPU %d", argv[0], place->cpu);
		_exit(127);
	}
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	log_error("can't run %s: %s", argv[0], log_strerror(-errno));
	_exit(127);
}

/* Before the fork: who then waits for a text in the file must not meet that of
 * an earlier process. What can't be emptied is the child's to complain of. */
static void output_empty(const char *path)
{
	if (path && truncate(path, 0) < 0)
		return;
}

int process_start(struct process *process, const char *const *argv,
		  const struct process_place *place)
{
	pid_t parent = getpid(), pid;
	sigset_t all, before;

	output_empty(place->out);
	output_empty(place->err);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = fork();
	if (pid < 0) {
		int err = -errno;

		sigprocmask(SIG_SETMASK, &before, NULL);
		log_error("can't start %s: %s", argv[0], log_strerror(err));
		return err;
	}
	if (pid == 0)
		child_run(argv, place, parent);
	/* As the child does: who comes second changes nothing. A session can't
	 * be made by the leader of a group. */
	if (!place->connection)
		setpgid(pid, pid);
	sigprocmask(SIG_SETMASK, &before, NULL);
	*process = (struct process){ .pid = pid, .name = argv[0] };
	return 0;
}

static int exit_code(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int process_ended(struct process *process)
{
	struct rusage usage;
	int status;
	pid_t pid;

	if (process->pid == 0)
		return process->code;
	pid = wait4(process->pid, &status, WNOHANG, &usage);
	if (pid == 0)
		return -EAGAIN;
	process->pid = 0;
	process->code = pid < 0 ? 127 : exit_code(status);
	if (pid > 0) {
		process->max_rss_kib = usage.ru_maxrss;
		process->involuntary_switches = usage.ru_nivcsw;
	}
	return process->code;
}

/* How much longer a wait may last: -1: as long as it likes; -ETIMEDOUT,
 * -EINTR: it is over. */
static int left_ms(uint64_t begin, int timeout_ms, const volatile int *stop)
{
	const uint64_t waited_ms = (clock_monotonic_ns() - begin) / 1000000;

	if (stop && *stop)
		return -EINTR;
	if (timeout_ms < 0)
		return -1;
	return waited_ms > (uint64_t)timeout_ms
		       ? -ETIMEDOUT
		       : timeout_ms - (int)waited_ms + 1;
}

int process_wait(struct process *process, int timeout_ms,
		 const volatile int *stop)
{
	const uint64_t begin = clock_monotonic_ns();
	/* Readable once it has ended: pidfd_open(2). Without one we look. */
	struct pollfd end = { .fd = -1, .events = POLLIN };
	int code;

	if (process->pid)
		end.fd = (int)syscall(SYS_pidfd_open, process->pid, 0);
	while ((code = process_ended(process)) == -EAGAIN) {
		int ms = left_ms(begin, timeout_ms, stop);

		if (ms < -1) {
			code = ms;
			break;
		}
		if (ms < 0 || ms > STOP_LOOK_MS)
			ms = STOP_LOOK_MS;
		poll(&end, 1, ms);
	}
	if (end.fd >= 0)
		close(end.fd);
	return code;
}

static bool file_holds(const char *path, const char *text)
{
	char bytes[16384];
	int file = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (file < 0)
		return false;
	n = read(file, bytes, sizeof(bytes));
	close(file);
	return n > 0 && memmem(bytes, (size_t)n, text, strlen(text));
}

int process_wait_text(struct process *process, const char *path,
		      const char *text, int timeout_ms,
		      const volatile int *stop)
{
	const struct timespec pause = { .tv_nsec = LOOK_NS };
	const uint64_t begin = clock_monotonic_ns();
	int ms;

	do {
		if (file_holds(path, text))
			return 0;
		if (process_ended(process) != -EAGAIN)
			return -ECHILD;
		ms = left_ms(begin, timeout_ms, stop);
		if (ms >= -1)
			nanosleep(&pause, NULL);
	} while (ms >= -1);
	return ms;
}

int process_stop(struct process *process, int signal, int timeout_ms)
{
	const pid_t pid = process->pid;
	int code;

	if (pid == 0)
		return process->code;
	kill(pid, signal);
	code = process_wait(process, timeout_ms, NULL);
	if (code == -ETIMEDOUT) {
		log_warning("%s did not end on signal %d: killed",
			    process->name, signal);
		kill(pid, SIGKILL);
		code = process_wait(process, -1, NULL);
	}
	/* What it started and left behind, such as a shell's command. */
	kill(-pid, SIGTERM);
	return code;
}

int process_output(const char *const *argv, char *text, size_t size)
{
	size_t len = 0;
	int pipes[2], status;
	ssize_t n;
	pid_t pid;

	*text = '\0';
	if (pipe2(pipes, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (pid == 0) {
		dup2(pipes[1], STDOUT_FILENO);
		redirect("/dev/null", STDERR_FILENO);
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	close(pipes[1]);
	while (pid > 0 && len < size - 1) {
		n = read(pipes[0], text + len, size - 1 - len);
		if (n == 0 || (n < 0 && errno != EINTR))
			break;
		len += n > 0 ? (size_t)n : 0;
	}
	close(pipes[0]);
	if (pid < 0)
		return -errno;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	while (len > 0 && text[len - 1] == '\n')
		len--;
	text[len] = '\0';
	return exit_code(status);
}

int process_cpus(const struct process *process, char *text, size_t size)
{
	static const char key[] = "Cpus_allowed_list:";
	char path[64], line[256];
	int err = -ENOENT;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)process->pid);
	file = fopen(path, "re");
	if (!file)
		return -errno;
	while (err && fgets(line, sizeof(line), file)) {
		if (strncmp(line, key, sizeof(key) - 1) != 0)
			continue;
		line[strcspn(line, "\n")] = '\0';
		snprintf(text, size, "%s",
			 line + sizeof(key) - 1 +
				 strspn(line + sizeof(key) - 1, " \t"));
		err = 0;
	}
	fclose(file);
	return err;
}
