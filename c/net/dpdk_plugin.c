/* SPDX-License-Identifier: MIT */
/* DPDK, in a shared object of its own: net/dpdk_device.h. */
/* rte_dev_event_callback_register() is in every release since 18.05. */
#define ALLOW_EXPERIMENTAL_API

#include "net/dpdk_device.h"
#include "net/dpdk_plugin_xdp.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_log.h>
#include <rte_mbuf.h>
#include <rte_version.h>

#define BURST_MAX   64
#define CACHE	    64
#define DATA_ROOM   (RTE_PKTMBUF_HEADROOM + 2048)
#define DESCRIPTORS 128	  /* to send by */
#define MEMORY_MB   "256" /* of address space: what is touched is taken */
#define PINNED_MB   "64"  /* where a NIC may write: all of it is taken */

/* Allowing this one alone, the host's bridge, which no driver here takes, lets
 * EAL begin with none, and others be plugged in later. */
#define NO_DEVICE "0000:00:00.0"

/* Not a folder that anything can be made in. Without shared configuration EAL
 * does without one: nothing of it is left, whatever ends the process. */
#define NO_FOLDER "/proc/self"

struct dpdk_device {
	uint16_t port;
	struct rte_mempool *pool;
	struct xsk_umem *umem;	  /* of the pool; NULL: it is none */
	struct rte_mbuf *filling; /* what frame() gave */
	volatile bool wanted_back;
	char name[RTE_ETH_NAME_MAX_LEN];
	char bus[16];
};

/*
 * What DPDK says goes where the program's lines go.
 */

static void (*say)(enum dpdk_log level, const char *line);

static ssize_t log_take(void *cookie, const char *bytes, size_t len)
{
	const int level = rte_log_cur_msg_loglevel();
	char line[512];
	size_t n = len < sizeof(line) - 1 ? len : sizeof(line) - 1;

	(void)cookie;
	while (n && (bytes[n - 1] == '\n' || bytes[n - 1] == '\r'))
		n--;
	memcpy(line, bytes, n);
	line[n] = '\0';
	if (n)
		say(level <= (int)RTE_LOG_ERR	    ? DPDK_LOG_ERROR
		    : level <= (int)RTE_LOG_WARNING ? DPDK_LOG_WARNING
						    : DPDK_LOG_DETAIL,
		    line);
	return (ssize_t)len;
}

static int log_open(void)
{
	const cookie_io_functions_t functions = { .write = log_take };
	FILE *stream = fopencookie(NULL, "w", functions);

	if (!stream)
		return -ENOMEM;
	setvbuf(stream, NULL, _IOLBF, BUFSIZ);
	return rte_openlog_stream(stream);
}

/*
 * EAL.
 */

/* The calling thread is EAL's first, on one of the CPUs that it has. */
static int eal_init(const struct dpdk_start *start)
{
	static char text[256]; /* EAL keeps it */
	char *arguments[16], *rest = text;
	cpu_set_t cpus;
	int count = 0, cpu = 0;

	if (pthread_getaffinity_np(pthread_self(), sizeof(cpus), &cpus))
		return -EINVAL;
	while (cpu < CPU_SETSIZE && !CPU_ISSET(cpu, &cpus))
		cpu++;
	snprintf(text, sizeof(text),
		 "t2t --lcores 0@%d %s --no-telemetry --iova-mode=%s %s", cpu,
		 start->pci ? "-a " NO_DEVICE : "--no-pci",
		 start->physical ? "pa" : "va",
		 start->huge_pages ? "--in-memory"
		 : start->pci	   ? "--no-huge --no-shconf -m " PINNED_MB
				   : "--no-huge --no-shconf -m " MEMORY_MB);
	while (count < 15 && (arguments[count] = strsep(&rest, " ")))
		count++;
	arguments[count] = NULL;
	if (rte_eal_init(count, arguments) < 0)
		count = -(rte_errno ? rte_errno : EIO);
	return count < 0 ? count : 0;
}

static int plugin_start(const struct dpdk_start *start)
{
	static struct dpdk_start begun;
	const char *folder = getenv("RUNTIME_DIRECTORY");
	char *before = folder ? strdup(folder) : NULL;
	int err = 0;

	say = start->log;
	if (begun.log)
		err = begun.huge_pages == start->huge_pages &&
				      begun.pci == start->pci &&
				      begun.physical == start->physical
			      ? 0
			      : -EINVAL;
	else
		err = log_open();
	if (err || begun.log)
		goto free_before;
	setenv("RUNTIME_DIRECTORY", NO_FOLDER, 1);
	err = eal_init(start);
	if (before)
		setenv("RUNTIME_DIRECTORY", before, 1);
	else
		unsetenv("RUNTIME_DIRECTORY");
	if (!err)
		begun = *start;
free_before:
	free(before);
	return err;
}

/*
 * A port.
 */

/* A pool has a cache for each thread that EAL has given a number: the buffer
 * that was given back last is taken next, and is in the CPU's caches still. */
static _Thread_local unsigned int thread_ports;

static int thread_begin(void)
{
	if (thread_ports++ || rte_lcore_id() != LCORE_ID_ANY ||
	    rte_thread_register() == 0)
		return 0;
	thread_ports--;
	return -rte_errno;
}

/* By the thread that began: another's close leaves it registered. */
static void thread_end(void)
{
	if (thread_ports && --thread_ports == 0)
		rte_thread_unregister();
}

/* So that no page fault comes with the first frames. */
static void buffer_touch(struct rte_mempool *pool, void *context, void *object,
			 unsigned int index)
{
	struct rte_mbuf *buffer = object;

	(void)pool, (void)context, (void)index;
	memset(buffer->buf_addr, 0, buffer->buf_len);
}

static int queues_open(struct dpdk_device *device,
		       const struct dpdk_device_config *config,
		       const char **step)
{
	const struct rte_eth_conf none = { 0 };
	const uint16_t port = device->port;
	int err;

	*step = "one queue a direction";
	err = rte_eth_dev_configure(port, 1, 1, &none);
	if (err)
		return err;
	*step = "the receive queue";
	dpdk_plugin_xdp_expect(device->pool, config->descriptors);
	err = rte_eth_rx_queue_setup(port, 0, (uint16_t)config->descriptors,
				     (unsigned int)SOCKET_ID_ANY, NULL,
				     device->pool);
	device->umem = dpdk_plugin_xdp_umem();
	if (!err)
		err = dpdk_plugin_xdp_fill();
	if (err)
		return err;
	*step = "the send queue";
	err = rte_eth_tx_queue_setup(port, 0, DESCRIPTORS,
				     (unsigned int)SOCKET_ID_ANY, NULL);
	if (err)
		return err;
	*step = "start";
	return rte_eth_dev_start(port);
}

/* A NIC's begins to come up when it is started. */
static int link_wait(const struct dpdk_device *device, unsigned int link_ms)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	struct rte_eth_link link = { 0 };

	for (unsigned int ms = 0; ms < link_ms; ms++) {
		if (rte_eth_link_get_nowait(device->port, &link) < 0 ||
		    link.link_status)
			return 0;
		nanosleep(&pause, NULL);
	}
	return link_ms ? -ENETDOWN : 0;
}

static int filters_open(struct dpdk_device *device,
			const struct dpdk_device_config *config,
			const char **step)
{
	int err =
		config->groups ? rte_eth_allmulticast_enable(device->port) : 0;

	*step = "to let in groups";
	if (err)
		return err;
	*step = "promiscuous";
	err = config->promiscuous ? rte_eth_promiscuous_enable(device->port)
				  : 0;
	if (err)
		return err;
	*step = "no link";
	return link_wait(device, config->link_ms);
}

/* By EAL's thread of interrupts: vfio-pci's request for the device. */
static void removal(const char *name, enum rte_dev_event_type type,
		    void *context)
{
	struct dpdk_device *device = context;

	(void)name;
	if (type == RTE_DEV_EVENT_REMOVE)
		device->wanted_back = true;
}

static int device_probe(struct dpdk_device *device,
			const struct dpdk_device_config *config,
			const char **step)
{
	int err = rte_eal_hotplug_add(config->bus, config->device,
				      config->arguments);

	*step = "the driver does not take it";
	if (err)
		return err;
	err = rte_eth_dev_get_port_by_name(config->device, &device->port);
	if (err)
		rte_eal_hotplug_remove(config->bus, config->device);
	return err;
}

static int plugin_open(const struct dpdk_device_config *config,
		       struct dpdk_device **opened, const char **step)
{
	struct dpdk_device *device = calloc(1, sizeof(*device));
	int err = -ENOMEM;

	*step = "memory";
	if (!device)
		return err;
	snprintf(device->name, sizeof(device->name), "%s", config->device);
	snprintf(device->bus, sizeof(device->bus), "%s", config->bus);
	*step = "one more thread of EAL's";
	err = thread_begin();
	if (err)
		goto free_device;
	*step = "memory";
	/* One thread at a time uses it. */
	device->pool = rte_pktmbuf_pool_create_by_ops(
		device->name, config->buffers, CACHE, 0, DATA_ROOM,
		SOCKET_ID_ANY, "ring_sp_sc");
	if (!device->pool) {
		err = -rte_errno;
		goto end_thread;
	}
	rte_mempool_obj_iter(device->pool, buffer_touch, NULL);
	err = device_probe(device, config, step);
	if (err)
		goto free_pool;
	err = queues_open(device, config, step);
	if (!err)
		err = filters_open(device, config, step);
	if (err)
		goto remove;
	/* Where the driver has no such request it never comes. */
	rte_dev_event_callback_register(device->name, removal, device);
	*opened = device;
	return 0;
remove:
	rte_eth_dev_close(device->port);
	rte_eal_hotplug_remove(device->bus, device->name);
	dpdk_plugin_xdp_close(device->umem);
free_pool:
	rte_mempool_free(device->pool);
end_thread:
	thread_end();
free_device:
	free(device);
	return err;
}

static unsigned int plugin_take(struct dpdk_device *device,
				struct dpdk_frame *frames, unsigned int max)
{
	struct rte_mbuf *buffers[BURST_MAX];
	unsigned int n = rte_eth_rx_burst(device->port, 0, buffers,
					  (uint16_t)RTE_MIN(max, BURST_MAX));

	for (unsigned int i = 0; i < n; i++)
		frames[i] = (struct dpdk_frame){
			.bytes = rte_pktmbuf_mtod(buffers[i], uint8_t *),
			.buffer = buffers[i],
			/* One that has several parts is too long for us. */
			.len = rte_pktmbuf_pkt_len(buffers[i]),
			.vlan = buffers[i]->ol_flags & RTE_MBUF_F_RX_VLAN
					? buffers[i]->vlan_tci & 0xfff
					: 0,
		};
	return n;
}

static void plugin_give(void **buffers, unsigned int count)
{
	rte_pktmbuf_free_bulk((struct rte_mbuf **)buffers, count);
}

static uint8_t *plugin_frame(struct dpdk_device *device)
{
	if (!device->filling)
		device->filling = rte_pktmbuf_alloc(device->pool);
	return device->filling ? rte_pktmbuf_mtod(device->filling, uint8_t *)
			       : NULL;
}

static int plugin_send(struct dpdk_device *device, uint32_t len)
{
	struct rte_mbuf *buffer = device->filling;

	device->filling = NULL;
	buffer->data_len = (uint16_t)len;
	buffer->pkt_len = len;
	if (rte_eth_tx_burst(device->port, 0, &buffer, 1) == 1)
		return 0;
	rte_pktmbuf_free(buffer);
	return -ENOBUFS;
}

static void plugin_pass(struct dpdk_device *device, void **buffers,
			unsigned int count)
{
	struct rte_mbuf **frames = (struct rte_mbuf **)buffers;
	uint16_t sent =
		rte_eth_tx_burst(device->port, 0, frames, (uint16_t)count);

	if (sent < count)
		rte_pktmbuf_free_bulk(frames + sent, count - sent);
}

static bool plugin_wanted_back(const struct dpdk_device *device)
{
	return device->wanted_back;
}

static uint64_t plugin_lost(struct dpdk_device *device)
{
	struct rte_eth_stats stats = { 0 };

	rte_eth_stats_get(device->port, &stats);
	return stats.imissed + stats.rx_nombuf;
}

static void plugin_close(struct dpdk_device *device)
{
	rte_dev_event_callback_unregister(device->name, removal, device);
	rte_pktmbuf_free(device->filling);
	rte_eth_dev_stop(device->port);
	rte_eth_dev_close(device->port);
	rte_eal_hotplug_remove(device->bus, device->name);
	dpdk_plugin_xdp_close(device->umem);
	rte_mempool_free(device->pool);
	thread_end();
	free(device);
}

extern const struct dpdk_device_ops t2t_dpdk_device_ops;
const struct dpdk_device_ops t2t_dpdk_device_ops = {
	.version = DPDK_DEVICE_VERSION,
	.release = rte_version,
	.start = plugin_start,
	.open = plugin_open,
	.take = plugin_take,
	.give = plugin_give,
	.frame = plugin_frame,
	.send = plugin_send,
	.pass = plugin_pass,
	.wanted_back = plugin_wanted_back,
	.lost = plugin_lost,
	.close = plugin_close,
};
