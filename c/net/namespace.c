/* SPDX-License-Identifier: MIT */
#include "net/namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/veth.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/if.h> /* after net/if.h: both have IFF_ */

#include "base/clock.h"
#include "base/log.h"
#include "net/netlink_message.h"

#define LINK_WAIT_NS (10 * CLOCK_NS_PER_S)

/*
 * Work in another namespace is done by a thread that moves there, so that
 * the caller's own never changes.
 */
struct visit {
	int fd;
	int (*work)(const struct visit *visit); /* 0 or a negative errno */
	const struct namespace_end *end;	/* of namespace_veth() */
	const struct namespace_end *peer;
	const char *name; /* of namespace_link() */
	bool up;
	int *made; /* of namespace_open(): a new one's descriptor */
	int result;
};

static void *visit_thread(void *context)
{
	struct visit *visit = context;

	if (visit->made ? unshare(CLONE_NEWNET) < 0
			: setns(visit->fd, CLONE_NEWNET) < 0)
		visit->result = -errno;
	else
		visit->result = visit->work(visit);
	return NULL;
}

static int visit_run(struct visit *visit)
{
	pthread_t thread;
	int err = pthread_create(&thread, NULL, visit_thread, visit);

	if (err)
		return -err;
	pthread_join(thread, NULL);
	return visit->result;
}

static const char *hint(int err)
{
	return err == -EPERM ? " (CAP_SYS_ADMIN is needed, and CAP_NET_ADMIN)"
			     : "";
}

static int link_set(const char *name, bool up)
{
	struct ifreq request = { 0 };
	int fd, err = 0;

	if (strlen(name) >= sizeof(request.ifr_name))
		return -ENODEV;
	memcpy(request.ifr_name, name, strlen(name));
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (ioctl(fd, SIOCGIFFLAGS, &request) < 0)
		err = -errno;
	request.ifr_flags = (short)(up ? request.ifr_flags | IFF_UP
				       : request.ifr_flags & ~IFF_UP);
	if (!err && ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		err = -errno;
	close(fd);
	return err;
}

static int open_work(const struct visit *visit)
{
	int err = link_set("lo", true);

	if (err)
		return err;
	*visit->made = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	return *visit->made < 0 ? -errno : 0;
}

int namespace_open(int *fd)
{
	struct visit new = { .work = open_work, .made = fd };
	int err;

	*fd = -1;
	err = visit_run(&new);
	if (err)
		log_error("can't make a network namespace: %s%s",
			  log_strerror(err), hint(err));
	return err;
}

void namespace_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

int namespace_enter(int fd)
{
	int err;

	if (setns(fd, CLONE_NEWNET) == 0)
		return 0;
	err = -errno;
	log_error("can't enter a network namespace: %s%s", log_strerror(err),
		  hint(err));
	return err;
}

static int link_work(const struct visit *visit)
{
	return link_set(visit->name, visit->up);
}

int namespace_link(int fd, const char *name, int up)
{
	struct visit there = {
		.fd = fd, .work = link_work, .name = name, .up = up
	};
	int err = visit_run(&there);

	if (err)
		log_error("can't take interface '%s' %s: %s%s", name,
			  up ? "up" : "down", log_strerror(err), hint(err));
	return err;
}

/* What the kernel says to a message: what was asked for, or an error. */
union answer {
	struct nlmsghdr header;
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
	} end;
	struct {
		struct nlmsghdr header;
		struct ifinfomsg link;
	} link;
	_Alignas(NLMSG_ALIGNTO) uint8_t bytes[8192];
};

static int ask(struct netlink_message *message, union answer *answer)
{
	ssize_t len = 0;
	int fd, err = 0;

	if (message->full)
		return -EMSGSIZE;
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd < 0)
		return -errno;
	if (send(fd, message->bytes, netlink_header(message)->nlmsg_len, 0) <
		    0 ||
	    (len = recv(fd, answer->bytes, sizeof(answer->bytes), 0)) < 0)
		err = -errno;
	close(fd);
	if (err)
		return err;
	if (!NLMSG_OK(&answer->header, (size_t)len))
		return -EBADMSG;
	if (answer->header.nlmsg_type != NLMSG_ERROR)
		return 0;
	return answer->header.nlmsg_len < sizeof(answer->end)
		       ? -EBADMSG
		       : answer->end.error.error;
}

/* Send it and take the kernel's word that it did it. */
static int message_exchange(struct netlink_message *message)
{
	union answer answer = { 0 };
	int err = ask(message, &answer);

	return !err && answer.header.nlmsg_type != NLMSG_ERROR ? -EBADMSG : err;
}

static int veth_make(const struct visit *visit)
{
	const struct namespace_end *end = visit->end, *peer = visit->peer;
	struct ifinfomsg link = { .ifi_family = AF_UNSPEC };
	struct netlink_message message;
	uint32_t info, data, other;

	netlink_message_start(&message, RTM_NEWLINK,
			      NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, &link,
			      sizeof(link));
	netlink_attribute(&message, IFLA_IFNAME, end->name,
			  strlen(end->name) + 1);
	info = netlink_nest_open(&message, IFLA_LINKINFO);
	netlink_attribute(&message, IFLA_INFO_KIND, "veth", sizeof("veth"));
	data = netlink_nest_open(&message, IFLA_INFO_DATA);
	other = netlink_nest_open(&message, VETH_INFO_PEER);
	netlink_message_append(&message, &link, sizeof(link));
	netlink_attribute(&message, IFLA_IFNAME, peer->name,
			  strlen(peer->name) + 1);
	netlink_attribute(&message, IFLA_NET_NS_FD, &peer->fd,
			  sizeof(peer->fd));
	netlink_nest_close(&message, other);
	netlink_nest_close(&message, data);
	netlink_nest_close(&message, info);
	return message_exchange(&message);
}

static int veth_remove(const struct visit *visit)
{
	struct ifinfomsg link = { .ifi_family = AF_UNSPEC };
	struct netlink_message message;

	netlink_message_start(&message, RTM_DELLINK, NLM_F_ACK, &link,
			      sizeof(link));
	netlink_attribute(&message, IFLA_IFNAME, visit->end->name,
			  strlen(visit->end->name) + 1);
	return message_exchange(&message);
}

/* Best effort: router solicitations and their like would disturb what is
 * measured, but do not change it. The name is a real interface's by now. */
static void ipv6_disable(const char *name)
{
	char path[64 + IFNAMSIZ];
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/disable_ipv6",
		 name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (write(fd, "1", 1) < 0)
		log_debug("%s: %s", path, log_strerror(-errno));
	close(fd);
}

static int end_configure(const struct visit *visit)
{
	const struct namespace_end *end = visit->end;
	struct ifaddrmsg address = {
		.ifa_family = AF_INET,
		.ifa_prefixlen = (uint8_t)end->prefix_len,
		.ifa_index = if_nametoindex(end->name),
	};
	struct netlink_message message;
	int err;

	if (end->prefix_len > 32)
		return -EINVAL;
	ipv6_disable(end->name);
	netlink_message_start(&message, RTM_NEWADDR,
			      NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, &address,
			      sizeof(address));
	netlink_attribute(&message, IFA_LOCAL, &end->address,
			  sizeof(end->address));
	netlink_attribute(&message, IFA_ADDRESS, &end->address,
			  sizeof(end->address));
	err = message_exchange(&message);
	return err ? err : link_set(end->name, true);
}

/* *state: RFC 2863's, IF_OPER_. */
static int link_state(const char *name, uint8_t *state)
{
	struct ifinfomsg link = { .ifi_family = AF_UNSPEC };
	struct netlink_message question;
	union answer answer = { 0 };
	struct rtattr *attribute;
	size_t len;
	int err;

	netlink_message_start(&question, RTM_GETLINK, 0, &link, sizeof(link));
	netlink_attribute(&question, IFLA_IFNAME, name, strlen(name) + 1);
	err = ask(&question, &answer);
	if (err)
		return err;
	if (answer.header.nlmsg_type != RTM_NEWLINK ||
	    answer.header.nlmsg_len < NLMSG_SPACE(sizeof(answer.link.link)))
		return -EBADMSG;
	attribute = IFLA_RTA(&answer.link.link);
	len = IFLA_PAYLOAD(&answer.header);
	for (; RTA_OK(attribute, len); attribute = RTA_NEXT(attribute, len)) {
		if (attribute->rta_type != IFLA_OPERSTATE ||
		    RTA_PAYLOAD(attribute) != sizeof(*state))
			continue;
		memcpy(state, RTA_DATA(attribute), sizeof(*state));
		return 0;
	}
	return -EBADMSG;
}

/*
 * The end that is taken up first has no carrier until the other one is up, and
 * drops what it is given until the kernel has noticed (net/core/link_watch.c):
 * it calls it up and gives it its queue in one turn of a lock, which setting
 * flags waits for. IFF_RUNNING would not tell, since it stands for "unknown" as
 * well. Newer kernels do it when they are asked for the state.
 */
static int end_wait(const struct visit *visit)
{
	uint64_t deadline_ns = clock_monotonic_ns() + LINK_WAIT_NS;
	uint8_t state;
	int err;

	for (;;) {
		err = link_state(visit->end->name, &state);
		if (err)
			return err;
		if (state == IF_OPER_UP)
			return link_set(visit->end->name, true);
		if (clock_monotonic_ns() > deadline_ns)
			return -ETIMEDOUT;
		usleep(1000);
	}
}

int namespace_veth(const struct namespace_end *a, const struct namespace_end *b)
{
	struct visit at_a = { .fd = a->fd, .end = a, .peer = b };
	struct visit at_b = { .fd = b->fd, .end = b, .peer = a };
	const struct {
		struct visit *visit;
		int (*work)(const struct visit *visit);
		const char *what;
	} steps[] = {
		{ &at_a, veth_make, "make" },
		{ &at_a, end_configure, "set up the first end of" },
		{ &at_b, end_configure, "set up the second end of" },
		{ &at_a, end_wait, "wait for the first end of" },
	};
	int err = 0;

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		steps[i].visit->work = steps[i].work;
		err = visit_run(steps[i].visit);
		if (!err)
			continue;
		log_error("can't %s the veth pair %s, %s: %s%s", steps[i].what,
			  a->name, b->name, log_strerror(err), hint(err));
		if (i > 0) {
			at_a.work = veth_remove;
			visit_run(&at_a);
		}
		return err;
	}
	return 0;
}

static bool is_administrator(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	return syscall(SYS_capget, &header, data) == 0 &&
	       data[CAP_TO_INDEX(CAP_SYS_ADMIN)].effective &
		       CAP_TO_MASK(CAP_SYS_ADMIN);
}

static int file_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

/* refused: the call that failed. */
static int become_root(const char **refused)
{
	char uid_map[32], gid_map[32];
	int err;

	if (is_administrator())
		return 0;
	snprintf(uid_map, sizeof(uid_map), "0 %u 1", getuid());
	snprintf(gid_map, sizeof(gid_map), "0 %u 1", getgid());
	*refused = "unshare(CLONE_NEWUSER)";
	if (unshare(CLONE_NEWUSER) < 0)
		return -errno;
	/* A group map may only be written once setgroups(2) is given up:
	 * user_namespaces(7). */
	*refused = "a write to /proc/self/setgroups";
	err = file_write("/proc/self/setgroups", "deny");
	if (err)
		return err;
	*refused = "a write to /proc/self/uid_map";
	err = file_write("/proc/self/uid_map", uid_map);
	if (err)
		return err;
	*refused = "a write to /proc/self/gid_map";
	return file_write("/proc/self/gid_map", gid_map);
}

int namespace_become_root(void)
{
	const char *ignored;

	return become_root(&ignored);
}

int namespace_need_root(void)
{
	const char *refused = "";
	int err = become_root(&refused);

	if (err)
		log_error(
			"network namespaces need CAP_SYS_ADMIN (root, outside "
			"of a container that lacks it), or a user namespace: "
			"%s was refused: %s",
			refused, log_strerror(err));
	return err;
}
