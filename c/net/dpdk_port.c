/* SPDX-License-Identifier: MIT */
#include "net/dpdk_port.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/if_arp.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/privileges.h"
#include "net/dpdk_port_frames.h"
#include "net/dpdk_sockets.h"

/* Beside those of descriptors: put aside, in hand, on their way out. */
#define BUFFERS_SPARE (DPDK_PORT_ASIDE_MAX + 512)
#define SLOT_SIZE     2048     /* of af_packet's ring */
#define ETHERNET_MOST (14 + 4) /* beside the MTU: a header, a tag */

const char *const dpdk_port_device_names[] = { "af_packet", NULL };

/*
 * What DPDK says. While something is opened, its last complaint is told with
 * our own line.
 */

static bool opening;
static char complaint[256];

static void log_take(enum dpdk_log level, const char *line)
{
	if (opening && level == DPDK_LOG_ERROR)
		snprintf(complaint, sizeof(complaint), "%s", line);
	if (opening || level == DPDK_LOG_DETAIL)
		log_debug("dpdk: %s", line);
	else
		log_warning("dpdk: %s", line);
}

static int fault(const struct dpdk_port *dp, const char *step, int err)
{
	log_error("%s: %s: %s: %s%s%s%s%s", dp->who, dp->interface.name,
		  dpdk_port_device_names[dp->kind], step, *step ? ": " : "",
		  log_strerror(err), *complaint ? ": " : "", complaint);
	return err;
}

/* The driver looks at the interface's flags and sets them, as they are. */
static bool may_set_flags(void)
{
	struct ifreq request = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool may = fd >= 0 && ioctl(fd, SIOCGIFFLAGS, &request) == 0 &&
		   ioctl(fd, SIOCSIFFLAGS, &request) == 0;

	if (fd >= 0)
		close(fd);
	return may;
}

int dpdk_port_probe(const char **why)
{
	int fd;

	if (!dpdk_device_load(why))
		return -EOPNOTSUPP;
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	*why = "CAP_NET_RAW is needed";
	if (fd < 0)
		return -errno;
	close(fd);
	*why = "CAP_NET_ADMIN is needed";
	return may_set_flags() ? 0 : -EPERM;
}

/*
 * Opening.
 */

static int interface_check(struct dpdk_port *dp, const char *name)
{
	int err = interface_find(name, &dp->interface);

	if (err) {
		log_error("%s: interface '%s': %s", dp->who, name,
			  log_strerror(err));
		return err;
	}
	if (dp->interface.link_type != ARPHRD_ETHER &&
	    dp->interface.link_type != ARPHRD_LOOPBACK) {
		log_error("%s: %s: it has no Ethernet frames", dp->who, name);
		return -EOPNOTSUPP;
	}
	if (!dp->interface.up) {
		log_error("%s: %s is down", dp->who, name);
		return -ENETDOWN;
	}
	if (dp->interface.mtu + ETHERNET_MOST <= DPDK_FRAME_MAX)
		return 0;
	log_warning("%s: %s: its MTU is %u: frames of more than %d bytes are "
		    "lost, and counted as dropped",
		    dp->who, name, dp->interface.mtu, DPDK_FRAME_MAX);
	return 0;
}

struct eal_thread {
	const struct dpdk_device_ops *ops;
	struct dpdk_start start;
	int result;
};

static void *eal_run(void *context)
{
	struct eal_thread *thread = context;

	thread->result = privileges_drop(0);
	if (!thread->result)
		thread->result = thread->ops->start(&thread->start);
	return NULL;
}

/* By a thread that has given up its capabilities: the one that EAL makes has
 * none then, and what EAL does to the CPUs of its first is nobody's. */
static int eal_start(struct dpdk_port *dp, bool huge_pages)
{
	struct eal_thread thread = { .ops = dp->ops,
				     .start = { .huge_pages = huge_pages,
						.log = log_take } };
	pthread_t id;
	int err = -pthread_create(&id, NULL, eal_run, &thread);

	if (!err) {
		pthread_join(id, NULL);
		err = thread.result;
	}

	if (!err)
		return 0;
	log_error("%s: %s: %s%s%s", dp->who,
		  err == -EINVAL
			  ? "huge_pages: this process has begun otherwise"
		  : huge_pages ? "EAL does not start: are huge pages free, "
				 "and mounted (vm.nr_hugepages, hugetlbfs)?"
			       : "EAL does not start",
		  log_strerror(err), *complaint ? ": " : "", complaint);
	return err;
}

/* A driver's name is by the interface, so that a second one is refused. */
static int device_open(struct dpdk_port *dp,
		       const struct dpdk_port_config *config)
{
	char name[64], arguments[160];
	struct dpdk_device_config device = {
		.bus = "vdev",
		.device = name,
		.arguments = arguments,
		.descriptors = config->descriptors,
	};
	const char *step;
	int err;

	snprintf(name, sizeof(name), "net_%s%u",
		 dpdk_port_device_names[dp->kind], dp->interface.index);
	snprintf(arguments, sizeof(arguments),
		 "iface=%s,framesz=%d,blocksz=%d,framecnt=%u",
		 dp->interface.name, SLOT_SIZE, 2 * SLOT_SIZE,
		 device.descriptors);
	device.buffers = BUFFERS_SPARE + device.descriptors;
	err = dp->ops->open(&device, &dp->device, &step);
	if (err == -EEXIST) {
		log_error("%s: %s: this process has a port there: DPDK serves "
			  "one an interface",
			  dp->who, dp->interface.name);
		return -EBUSY;
	}
	return err ? fault(dp, step, err) : 0;
}

/* The socket's counters start anew when they are read, which some releases'
 * driver does and others' does not. */
static uint64_t missed(struct dpdk_port *dp)
{
	struct tpacket_stats counted = { 0 };
	socklen_t len = sizeof(counted);
	uint64_t told = dp->ops->lost(dp->device);

	if (getsockopt(dp->fd, SOL_PACKET, PACKET_STATISTICS, &counted, &len) ==
	    0)
		dp->missed += counted.tp_drops;
	return told + dp->missed;
}

/* What has come in before is none of the caller's. */
static void begin_anew(struct dpdk_port *dp)
{
	struct dpdk_frame frame;

	for (int i = 0; i < 65536 && dp->ops->take(dp->device, &frame, 1); i++)
		dp->ops->give(&frame.buffer, 1);
	dp->before = missed(dp);
}

static int flags_get(const struct dpdk_port *dp, int fd, struct ifreq *request)
{
	memcpy(request->ifr_name, dp->interface.name,
	       sizeof(request->ifr_name));
	return ioctl(fd, SIOCGIFFLAGS, request);
}

/* The driver begins by taking IFF_PROMISC off, whoever has put it there. */
static void flags_restore(const struct dpdk_port *dp, short before)
{
	struct ifreq request = { .ifr_flags = 0 };

	if (flags_get(dp, dp->fd, &request) == 0 &&
	    (before & ~request.ifr_flags) & IFF_PROMISC) {
		request.ifr_flags |= IFF_PROMISC;
		ioctl(dp->fd, SIOCSIFFLAGS, &request);
	}
}

/* By the socket, so that it goes with it. */
static int promiscuous(const struct dpdk_port *dp)
{
	const struct packet_mreq all = {
		.mr_ifindex = (int)dp->interface.index,
		.mr_type = PACKET_MR_PROMISC,
	};

	return setsockopt(dp->fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all,
			  sizeof(all)) < 0
		       ? -errno
		       : 0;
}

/* All but what this host sends, which the driver would show, too; its fanout
 * does not mind PACKET_IGNORE_OUTGOING. */
static int packet_filter_incoming(const struct dpdk_port *dp)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS,
			 (uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_OUTGOING, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	};
	const struct sock_fprog program = { .len = ARRAY_SIZE(code),
					    .filter = code };

	return setsockopt(dp->fd, SOL_SOCKET, SO_ATTACH_FILTER, &program,
			  sizeof(program)) < 0
		       ? -errno
		       : 0;
}

static int driver_open(struct dpdk_port *dp,
		       const struct dpdk_port_config *config)
{
	int asked = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err;
	struct ifreq flags = { .ifr_flags = 0 };
	struct dpdk_sockets before;

	if (asked < 0 || flags_get(dp, asked, &flags) < 0)
		flags.ifr_flags = 0;
	if (asked >= 0)
		close(asked);
	dpdk_sockets_note(&before, AF_PACKET);
	err = device_open(dp, config);
	if (err)
		return err;
	dp->fd = dpdk_sockets_new(&before, AF_PACKET);
	if (dp->fd < 0)
		err = fault(dp, "its socket is not found", -EPROTO);
	else if ((err = packet_filter_incoming(dp)))
		fault(dp, "SO_ATTACH_FILTER", err);
	else if (config->promiscuous && (err = promiscuous(dp)))
		fault(dp, "promiscuous", err);
	if (dp->fd >= 0)
		flags_restore(dp, flags.ifr_flags);
	dp->port.kernel_sees = true;
	if (err)
		dp->ops->close(dp->device);
	return err;
}

int dpdk_port_open(struct dpdk_port *dp, const struct dpdk_port_config *config)
{
	const char *why = "";
	int err;

	memset(dp, 0, sizeof(*dp));
	dp->who = config->who;
	dp->kind = config->device;
	dp->kernel_link = KERNEL_LINK_NONE;
	dp->port = (struct frame_port){ .ops = &dpdk_port_ops,
					.name = dp->interface.name,
					.frame_max = DPDK_FRAME_MAX };
	err = interface_check(dp, config->interface);
	if (err)
		return err;
	memcpy(dp->flows.ethernet, dp->interface.ethernet,
	       sizeof(dp->flows.ethernet));
	frame_flow_add(&dp->flows, &config->flow);
	dp->ops = dpdk_device_load(&why);
	if (!dp->ops) {
		log_error("%s: %s", dp->who, why);
		return -EOPNOTSUPP;
	}
	opening = true;
	*complaint = '\0';
	err = eal_start(dp, config->huge_pages);
	if (!err)
		err = driver_open(dp, config);
	opening = false;
	if (err)
		return err;
	begin_anew(dp);
	log_info("%s: %s: %s by %s, %u descriptors, %s pages", dp->who,
		 dp->interface.name, dpdk_port_device_names[dp->kind],
		 dp->ops->release(), config->descriptors,
		 config->huge_pages ? "huge" : "ordinary");
	return 0;
}

void dpdk_port_close(struct dpdk_port *dp)
{
	opening = true;
	if (dp->held_count)
		dp->ops->give(dp->held, dp->held_count);
	for (; dp->aside_count; dp->aside_count--)
		dp->ops->give(
			&dp->aside[dp->aside_first++ % DPDK_PORT_ASIDE_MAX]
				 .buffer,
			1);
	kernel_link_close(&dp->kernel_link);
	dp->ops->close(dp->device);
	opening = false;
}

uint64_t dpdk_port_lost(struct dpdk_port *dp)
{
	return missed(dp) - dp->before + dp->aside_lost + dp->cut;
}

/*
 * Flows.
 */

int dpdk_port_flow_add(struct dpdk_port *dp, const struct frame_port_flow *flow)
{
	int err = frame_flow_add(&dp->flows, flow);

	if (err)
		return err;
	/* Who has it may have let in the first flow alone. */
	err = packet_filter_incoming(dp);
	if (err)
		frame_flow_remove(&dp->flows, flow);
	return err;
}

void dpdk_port_flow_remove(struct dpdk_port *dp,
			   const struct frame_port_flow *flow)
{
	frame_flow_remove(&dp->flows, flow);
}
