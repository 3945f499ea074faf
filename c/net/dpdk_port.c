/* SPDX-License-Identifier: MIT */
#include "net/dpdk_port.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <net/if_arp.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/privileges.h"
#include "net/dpdk_port_driver.h"
#include "net/dpdk_port_frames.h"
#include "net/dpdk_sockets.h"

/* Beside those of descriptors: put aside, in hand, on their way out. */
#define BUFFERS_SPARE (DPDK_PORT_ASIDE_MAX + 512)
#define BUSY_NS	      CLOCK_NS_PER_S /* how long a queue may take to be free */
#define LAST_SCANS    16    /* of a burst each: what the kernel has sent */
#define LINK_MS	      10000 /* and a NIC's link to be up */

const char *const dpdk_port_device_names[] = { "af_packet", "af_xdp", "pci",
					       NULL };

static const struct dpdk_port_driver *const drivers[] = {
	[DPDK_AF_PACKET] = &dpdk_port_packet_driver,
	[DPDK_AF_XDP] = &dpdk_port_xdp_driver,
	[DPDK_PCI] = &dpdk_port_pci_driver,
};

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

int dpdk_port_fault(const struct dpdk_port *dp, const char *step, int err)
{
	log_error("%s: %s: %s: %s%s%s%s%s", dp->who, dp->interface.name,
		  dp->driver->name, step, *step ? ": " : "", log_strerror(err),
		  *complaint ? ": " : "", complaint);
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

static int options_check(const struct dpdk_port *dp,
			 const struct dpdk_port_config *config)
{
	const char *option = config->queue	 ? "queue"
			     : config->zero_copy ? "zero_copy"
			     : config->budget	 ? "budget"
						 : NULL;

	if (!option || dp->kind == DPDK_AF_XDP)
		return 0;
	log_error("%s: %s: of device=af_xdp alone", dp->who, option);
	return -EINVAL;
}

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
	return 0;
}

struct eal_thread {
	const struct dpdk_device_ops *ops;
	struct dpdk_start start;
	uint64_t keep; /* capabilities */
	int result;
};

static void *eal_run(void *context)
{
	struct eal_thread *thread = context;

	thread->result = privileges_drop(thread->keep);
	if (!thread->result)
		thread->result = thread->ops->start(&thread->start);
	return NULL;
}

/* By a thread that has given up its capabilities: the one that EAL makes has
 * none then, and what EAL does to the CPUs of its first is nobody's. Physical
 * addresses are shown to CAP_SYS_ADMIN alone: proc_pid_pagemap(5). */
static int eal_start(struct dpdk_port *dp,
		     const struct dpdk_port_config *config)
{
	const bool huge_pages = config->huge_pages;
	struct eal_thread thread = {
		.ops = dp->ops,
		.start = { .huge_pages = huge_pages,
			   .pci = dp->driver->pci,
			   .physical = dp->nic.physical,
			   .log = log_take },
		.keep = dp->nic.physical ? PRIVILEGES_BIT(CAP_SYS_ADMIN) : 0,
	};
	pthread_t id;
	int err = -pthread_create(&id, NULL, eal_run, &thread);

	if (!err) {
		pthread_join(id, NULL);
		err = thread.result;
	}

	if (!err)
		return 0;
	log_error("%s: %s: %s%s%s", dp->who,
		  err == -EINVAL ? "device, huge_pages: this process has begun "
				   "otherwise"
		  : huge_pages	 ? "EAL does not start: are huge pages free, "
				   "and mounted (vm.nr_hugepages, hugetlbfs)?"
				 : "EAL does not start",
		  log_strerror(err), *complaint ? ": " : "", complaint);
	return err;
}

/* The kernel takes a closed AF_XDP socket off its queue a little later, by a
 * worker; and of whatever was wrong with a queue the driver says -EINVAL. */
static int device_try(struct dpdk_port *dp,
		      const struct dpdk_device_config *device,
		      const char **step)
{
	const struct timespec while_busy = { .tv_nsec = 10000000 };
	uint64_t end_ns = clock_monotonic_ns() + BUSY_NS;
	int err = dp->ops->open(device, &dp->device, step);

	while (err == -EINVAL && dp->kind == DPDK_AF_XDP &&
	       clock_monotonic_ns() < end_ns) {
		nanosleep(&while_busy, NULL);
		err = dp->ops->open(device, &dp->device, step);
	}
	return err;
}

/* A device's name is by the interface, so that a second one is refused. */
static int device_open(struct dpdk_port *dp,
		       const struct dpdk_port_config *config)
{
	char name[64], arguments[160] = "";
	struct dpdk_device_config device = {
		.bus = "vdev",
		.device = name,
		.arguments = arguments,
		.descriptors = config->descriptors,
	};
	const char *step;
	int err;

	if (dp->driver->pci) {
		snprintf(name, sizeof(name), "%s", dp->nic.address);
		device.bus = "pci";
		device.groups = true;
		device.promiscuous = config->promiscuous;
		device.link_ms = LINK_MS;
	} else {
		snprintf(name, sizeof(name), "net_%s%u", dp->driver->name,
			 dp->interface.index);
	}
	device.buffers = BUFFERS_SPARE + device.descriptors;
	if (dp->driver->arguments)
		device.buffers += dp->driver->arguments(dp, config, arguments,
							sizeof(arguments));
	err = device_try(dp, &device, &step);
	if (err == -EEXIST) {
		log_error("%s: %s: this process has a port there: DPDK serves "
			  "one an interface",
			  dp->who, dp->interface.name);
		return -EBUSY;
	}
	return err ? dpdk_port_fault(dp, step, err) : 0;
}

/* What has come in before is none of the caller's. */
static void begin_anew(struct dpdk_port *dp)
{
	struct dpdk_frame frame;

	for (int i = 0; i < 65536 && dp->ops->take(dp->device, &frame, 1); i++)
		dp->ops->give(&frame.buffer, 1);
	dp->before = dp->driver->lost(dp);
}

static int flags_get(const struct dpdk_port *dp, int fd, struct ifreq *request)
{
	memcpy(request->ifr_name, dp->interface.name,
	       sizeof(request->ifr_name));
	return ioctl(fd, SIOCGIFFLAGS, request) < 0 ? -errno : 0;
}

static int promiscuous_restore(const struct dpdk_port *dp, int fd, short before)
{
	struct ifreq request = { .ifr_flags = 0 };
	int err = flags_get(dp, fd, &request);

	if (err || !(before & ~request.ifr_flags & IFF_PROMISC))
		return err;
	request.ifr_flags |= IFF_PROMISC;
	return ioctl(fd, SIOCSIFFLAGS, &request) < 0 ? -errno : 0;
}

/* The driver begins by taking IFF_PROMISC off, whoever has put it there. Not
 * by the driver's own socket: one of AF_XDP has no ioctl(2). */
static int device_open_as_it_was(struct dpdk_port *dp,
				 const struct dpdk_port_config *config)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), kept, err;
	struct ifreq before = { .ifr_flags = 0 };

	err = fd < 0 ? -errno : flags_get(dp, fd, &before);
	if (err) {
		dpdk_port_fault(dp, "the interface's flags", err);
		goto close_fd;
	}
	err = device_open(dp, config);
	kept = promiscuous_restore(dp, fd, before.ifr_flags);
	if (!err && kept) {
		err = dpdk_port_fault(dp, "IFF_PROMISC as it was", kept);
		dp->ops->close(dp->device);
	}
close_fd:
	if (fd >= 0)
		close(fd);
	return err;
}

/* By a socket, so that it goes with it. */
static int promiscuous_open(struct dpdk_port *dp)
{
	const struct packet_mreq all = {
		.mr_ifindex = (int)dp->interface.index,
		.mr_type = PACKET_MR_PROMISC,
	};

	dp->promiscuous_fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (dp->promiscuous_fd >= 0 &&
	    setsockopt(dp->promiscuous_fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP,
		       &all, sizeof(all)) == 0)
		return 0;
	return dpdk_port_fault(dp, "promiscuous", -errno);
}

static void device_close(struct dpdk_port *dp)
{
	if (dp->promiscuous_fd >= 0)
		close(dp->promiscuous_fd);
	dp->ops->close(dp->device);
	/* The last of its frames were on their way by the other. */
	if (dp->kernel)
		dp->ops->close(dp->kernel);
}

static void driver_close(struct dpdk_port *dp)
{
	if (dp->driver->close)
		dp->driver->close(dp);
}

static int driver_open(struct dpdk_port *dp,
		       const struct dpdk_port_config *config)
{
	struct dpdk_sockets before;
	int err = dp->driver->prepare ? dp->driver->prepare(dp, config) : 0;

	if (err)
		goto close_driver;
	dpdk_sockets_note(&before, dp->driver->family);
	err = device_open_as_it_was(dp, config);
	if (err)
		goto close_driver;
	if (!dp->driver->pci) {
		dp->fd = dpdk_sockets_new(&before, dp->driver->family);
		if (dp->fd < 0)
			err = dpdk_port_fault(dp, "its socket is not found",
					      -EPROTO);
		if (!err && config->promiscuous)
			err = promiscuous_open(dp);
	}
	if (!err)
		err = dp->driver->open(dp, config);
	if (!err)
		return 0;
	device_close(dp);
close_driver:
	driver_close(dp);
	return err;
}

int dpdk_port_open(struct dpdk_port *dp, const struct dpdk_port_config *config)
{
	const char *why = "";
	int err;

	memset(dp, 0, sizeof(*dp));
	dp->who = config->who;
	dp->kind = config->device;
	dp->driver = drivers[dp->kind];
	dp->promiscuous_fd = dp->fd = -1;
	dp->kernel_link = KERNEL_LINK_NONE;
	dp->port = (struct frame_port){ .ops = &dpdk_port_ops,
					.name = dp->interface.name,
					.frame_max = DPDK_FRAME_MAX,
					.kernel_sees = dp->driver->kernel_sees,
					.carries_kernel = dp->driver->pci };
	err = interface_check(dp, config->interface);
	if (!err)
		err = options_check(dp, config);
	if (!err)
		err = dp->driver->check(dp, config);
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
	err = eal_start(dp, config);
	if (!err)
		err = driver_open(dp, config);
	opening = false;
	if (err)
		return err;
	begin_anew(dp);
	log_info("%s: %s: %s by %s, %u descriptors, %s pages", dp->who,
		 dp->interface.name, dp->driver->name, dp->ops->release(),
		 config->descriptors, config->huge_pages ? "huge" : "ordinary");
	return 0;
}

void dpdk_port_close(struct dpdk_port *dp)
{
	opening = true;
	for (int i = 0; dp->kernel && i < LAST_SCANS; i++)
		(void)dp->port.ops->scan(&dp->port);
	if (dp->held_count)
		dp->ops->give(dp->held, dp->held_count);
	for (; dp->aside_count; dp->aside_count--)
		dp->ops->give(
			&dp->aside[dp->aside_first++ % DPDK_PORT_ASIDE_MAX]
				 .buffer,
			1);
	driver_close(dp);
	kernel_link_close(&dp->kernel_link);
	device_close(dp);
	opening = false;
}

uint64_t dpdk_port_lost(struct dpdk_port *dp)
{
	return dp->driver->lost(dp) - dp->before + dp->aside_lost + dp->cut;
}

/*
 * Flows.
 */

int dpdk_port_flow_add(struct dpdk_port *dp, const struct frame_port_flow *flow)
{
	int err = frame_flow_add(&dp->flows, flow);

	if (err)
		return err;
	err = dp->driver->flow_add ? dp->driver->flow_add(dp, flow) : 0;
	if (err)
		frame_flow_remove(&dp->flows, flow);
	return err;
}

void dpdk_port_flow_remove(struct dpdk_port *dp,
			   const struct frame_port_flow *flow)
{
	if (dp->driver->flow_remove)
		dp->driver->flow_remove(dp, flow);
	frame_flow_remove(&dp->flows, flow);
}
