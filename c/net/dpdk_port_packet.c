/* SPDX-License-Identifier: MIT */
/* net_af_packet: a packet socket with a ring. The kernel serves the same
 * frames, too. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <stdio.h>
#include <sys/socket.h>

#include "base/log.h"
#include "net/dpdk_port_driver.h"

#define SLOT_SIZE 2048 /* of its ring */

static int packet_check(struct dpdk_port *dp,
			const struct dpdk_port_config *config)
{
	(void)config;
	if (dp->interface.mtu + DPDK_PORT_ETHERNET_MOST > DPDK_FRAME_MAX)
		log_warning("%s: %s: its MTU is %u: frames of more than %d "
			    "bytes are lost, and counted as dropped",
			    dp->who, dp->interface.name, dp->interface.mtu,
			    DPDK_FRAME_MAX);
	return 0;
}

static unsigned int packet_arguments(const struct dpdk_port *dp,
				     const struct dpdk_port_config *config,
				     char *text, size_t size)
{
	snprintf(text, size, "iface=%s,framesz=%d,blocksz=%d,framecnt=%u",
		 dp->interface.name, SLOT_SIZE, 2 * SLOT_SIZE,
		 config->descriptors);
	return 0;
}

/* All but what this host sends, which the driver would show, too; its fanout
 * does not mind PACKET_IGNORE_OUTGOING. */
static int filter_incoming(const struct dpdk_port *dp)
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

static int packet_open(struct dpdk_port *dp,
		       const struct dpdk_port_config *config)
{
	int err = filter_incoming(dp);

	(void)config;
	return err ? dpdk_port_fault(dp, "SO_ATTACH_FILTER", err) : 0;
}

/* The socket's counters start anew when they are read, which some releases'
 * driver does and others' does not. */
static uint64_t packet_lost(struct dpdk_port *dp)
{
	struct tpacket_stats counted = { 0 };
	socklen_t len = sizeof(counted);
	uint64_t told = dp->ops->lost(dp->device);

	if (getsockopt(dp->fd, SOL_PACKET, PACKET_STATISTICS, &counted, &len) ==
	    0)
		dp->missed += counted.tp_drops;
	return told + dp->missed;
}

/* Who has the port may have let in the first flow alone. */
static int packet_flow_add(struct dpdk_port *dp,
			   const struct frame_port_flow *flow)
{
	(void)flow;
	return filter_incoming(dp);
}

const struct dpdk_port_driver dpdk_port_packet_driver = {
	.name = "af_packet",
	.family = AF_PACKET,
	.kernel_sees = true,
	.check = packet_check,
	.arguments = packet_arguments,
	.open = packet_open,
	.lost = packet_lost,
	.flow_add = packet_flow_add,
};
