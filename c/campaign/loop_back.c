/* SPDX-License-Identifier: MIT */
#include "campaign/loop_back.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/cpu.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/address.h"
#include "net/namespace.h"
#include "net/process.h"
#include "net/socket.h"
#include "wire/market_data.h"

#define FRAMES	 4000
#define RATE	 4000 /* frames a second */
#define TC_MS	 10000
#define WORD_MAX 24

int loop_back_make(int space, const char *interface, const char *log)
{
	const char *const commands[][WORD_MAX] = {
		{ "tc", "qdisc", "add", "dev", interface, "clsact" },
		/* u32 is in every kernel that has filters at all. */
		{ "tc", "filter", "add", "dev", interface, "ingress", "u32",
		  "match", "u32", "0", "0", "action", "mirred", "egress",
		  "redirect", "dev", interface },
	};
	const struct process_place place = { .namespace = space,
					     .cpu = -1,
					     .err = log };

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		struct process process = { 0 };
		int code = process_start(&process, commands[i], &place);

		if (!code)
			code = process_wait(&process, TC_MS, NULL);
		process_stop(&process, SIGKILL, TC_MS);
		if (code != 0) {
			log_warning("the tap's own bias is not measured: tc "
				    "can't loop the wire (see %s)",
				    log);
			return -EOPNOTSUPP;
		}
	}
	return 0;
}

static int sender_open(const char *interface_name, const char *group_text)
{
	struct sockaddr_in group;
	struct interface interface;
	const char *why;
	int err = address_parse_group(group_text, &group, &why);

	if (!err)
		err = interface_find(interface_name, &interface);
	if (err) {
		log_error("back to back: %s to %s: %s", interface_name,
			  group_text, log_strerror(err));
		return err;
	}
	return socket_multicast_sender(&group, &interface, 1);
}

static int frames_send(int fd, const struct loop_back_frames *frames)
{
	const struct market_data_message message = { .type = MARKET_DATA_UPDATE,
						     .side = MARKET_DATA_BID };
	struct market_data_header header = { .message_count = 1 };
	uint64_t due_ns = clock_monotonic_ns();
	uint8_t datagram[64];

	market_data_write(datagram, 0, &message);
	for (; header.sequence < frames->count; header.sequence++) {
		struct timespec due;

		if (frames->stop && *frames->stop)
			return -EINTR;
		due_ns += CLOCK_NS_PER_S / frames->rate;
		due.tv_sec = (time_t)(due_ns / CLOCK_NS_PER_S);
		due.tv_nsec = (long)(due_ns % CLOCK_NS_PER_S);
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
		market_data_write_header(datagram, &header);
		if (send(fd, datagram, market_data_len(1), 0) < 0) {
			int err = -errno;

			log_error("back to back: can't send: %s",
				  log_strerror(err));
			return err;
		}
	}
	return 0;
}

int loop_back_frames(const struct loop_back_frames *frames)
{
	int fd = sender_open(frames->interface, frames->group);
	int err;

	if (fd < 0)
		return fd;
	err = frames_send(fd, frames);
	close(fd);
	return err;
}

/* In a process of its own, since it has to be in the namespace. */
int loop_back_send(int space, const char *interface, int cpu, const char *group,
		   const volatile int *stop)
{
	const struct loop_back_frames frames = {
		.interface = interface,
		.group = group,
		.count = FRAMES,
		.rate = RATE,
		.stop = stop,
	};
	int status;
	pid_t pid = fork();

	if (pid < 0) {
		log_error("back to back: can't fork: %s", log_strerror(-errno));
		return -errno;
	}
	if (pid == 0) {
		cpu_die_with_parent();
		if (namespace_enter(space) < 0 ||
		    (cpu >= 0 && cpu_pin((unsigned int)cpu) < 0))
			_exit(1);
		_exit(loop_back_frames(&frames) < 0 ? 1 : 0);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (stop && *stop)
		return -EINTR;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EIO;
}
