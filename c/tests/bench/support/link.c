/* SPDX-License-Identifier: MIT */
#include "tests/bench/support/link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cpu.h"
#include "net/address.h"
#include "net/namespace.h"
#include "net/socket.h"

void link_child_end(pid_t *pid)
{
	if (*pid <= 0)
		return;
	kill(*pid, SIGKILL);
	waitpid(*pid, NULL, 0);
	*pid = 0;
}

void link_close(struct link *link)
{
	link_child_end(&link->client);
	link_child_end(&link->member);
	namespace_close(&link->space[0]);
	namespace_close(&link->space[1]);
}

/* Run work in a child there; what it reports (one double) comes back. */
double link_child_start(int space, int cpu, pid_t *pid,
			int (*work)(const struct bench *bench, void *all,
				    int report),
			const struct bench *bench, void *all)
{
	double answer = -1;
	int pipes[2];

	if (pipe(pipes) < 0)
		return -1;
	*pid = fork();
	if (*pid == 0) {
		cpu_die_with_parent();
		close(pipes[0]);
		if (namespace_enter(space) < 0)
			_exit(1);
		if (cpu >= 0)
			cpu_pin((unsigned int)cpu);
		_exit(work(bench, all, pipes[1]) ? 1 : 0);
	}
	close(pipes[1]);
	if (read(pipes[0], &answer, sizeof(answer)) != sizeof(answer))
		answer = -1;
	close(pipes[0]);
	return answer;
}

int link_report_send(int report, double answer)
{
	return write(report, &answer, sizeof(answer)) == sizeof(answer) ? 0
									: -EIO;
}

static int far_join(const struct bench *bench, void *all, int report)
{
	unsigned int buffer = 262144;
	struct sockaddr_in group;
	struct interface interface;
	const char *why;

	(void)all;
	if (address_parse_group(bench->trial.group, &group, &why) < 0 ||
	    interface_find("far0", &interface) < 0 ||
	    socket_multicast_receiver(&group, &interface, &buffer) < 0 ||
	    link_report_send(report, 1) < 0)
		return -EINVAL;
	return pause();
}

int link_far_connect(const struct bench *bench, void *all, int report)
{
	struct sockaddr_in exchange;
	const char *why;

	(void)bench;
	(void)all;
	if (address_parse("10.77.0.1:9012", &exchange, &why) < 0 ||
	    socket_connect(&exchange, 5000, NULL) < 0 ||
	    link_report_send(report, 1) < 0)
		return -EINVAL;
	return pause();
}

int link_open(struct link *link, const struct bench *bench)
{
	struct namespace_end near = { .name = "near0", .prefix_len = 24 };
	struct namespace_end far = { .name = "far0", .prefix_len = 24 };
	int err;

	*link = (struct link){ .space = { -1, -1 } };
	err = namespace_open(&link->space[0]);
	if (!err)
		err = namespace_open(&link->space[1]);
	if (err)
		return err;
	near.fd = link->space[0];
	far.fd = link->space[1];
	inet_pton(AF_INET, "10.77.0.1", &near.address);
	inet_pton(AF_INET, "10.77.0.2", &far.address);
	err = namespace_veth(&near, &far);
	if (!err && link_child_start(link->space[1], -1, &link->member,
				     far_join, bench, NULL) < 0)
		err = -EIO;
	return err;
}
