/* SPDX-License-Identifier: MIT */
/*
 * net_af_xdp: an AF_XDP socket whose UMEM is the port's memory. The program in
 * front of it is ours, as of net/xdp_socket.
 */
#include <errno.h>
#include <stdio.h>

#include "base/log.h"
#include "net/dpdk_port_driver.h"

#if defined(HAVE_LIBXDP) && defined(HAVE_LIBBPF)

#include <linux/if_link.h>
#include <linux/if_xdp.h>
#include <sys/socket.h>
#include <unistd.h>
#include <bpf/bpf.h>

#include "net/xdp_socket_program.h"

/* What the driver gives the kernel to fill at least, whatever it is asked for;
 * and as many may wait to be told as sent. */
#define FILLED 2048

static int wrong(const struct dpdk_port *dp, const char *what)
{
	log_error("%s: %s", dp->who, what);
	return -EINVAL;
}

static int options_check(struct dpdk_port *dp,
			 const struct dpdk_port_config *config)
{
	if (config->descriptors & (config->descriptors - 1))
		return wrong(dp, "descriptors: af_xdp: expected a power of 2");
	if (config->zero_copy && !config->budget)
		return wrong(dp, "zero_copy: needs budget=: without it the "
				 "driver sleeps up to a second where nothing "
				 "is there");
	return 0;
}

static int xdp_check(struct dpdk_port *dp,
		     const struct dpdk_port_config *config)
{
	int err = options_check(dp, config);

	if (err)
		return err;
	if (dp->interface.mtu + DPDK_PORT_ETHERNET_MOST > DPDK_FRAME_MAX) {
		log_error("%s: %s: af_xdp: its MTU is %u: frames of more than "
			  "%d bytes have no room",
			  dp->who, dp->interface.name, dp->interface.mtu,
			  DPDK_FRAME_MAX);
		return -EMSGSIZE;
	}
	return xdp_socket_queue_check(&dp->interface, config->queue, dp->who);
}

static unsigned int xdp_arguments(const struct dpdk_port *dp,
				  const struct dpdk_port_config *config,
				  char *text, size_t size)
{
	snprintf(text, size,
		 "iface=%s,start_queue=%u,force_copy=%d,"
		 "busy_budget=%u",
		 dp->interface.name, config->queue, !config->zero_copy,
		 config->budget);
	return FILLED +
	       (config->descriptors > FILLED ? config->descriptors : FILLED);
}

/* The driver makes do without what the kernel refuses it, and says nothing. */
static int options_granted(const struct dpdk_port *dp,
			   const struct dpdk_port_config *config)
{
	struct xdp_options options = { 0 };
	socklen_t options_len = sizeof(options), len = sizeof(int);
	int preferred = 0;

	if (config->zero_copy && (getsockopt(dp->fd, SOL_XDP, XDP_OPTIONS,
					     &options, &options_len) < 0 ||
				  !(options.flags & XDP_OPTIONS_ZEROCOPY)))
		return dpdk_port_fault(dp,
				       "zero_copy: the NIC's driver has none",
				       -EOPNOTSUPP);
	if (config->budget &&
	    (getsockopt(dp->fd, SOL_SOCKET, SO_PREFER_BUSY_POLL, &preferred,
			&len) < 0 ||
	     !preferred))
		return dpdk_port_fault(dp, "budget: no busy polling",
				       -EOPNOTSUPP);
	return 0;
}

static void xdp_close(struct dpdk_port *dp)
{
	/* First, so that the kernel gets the frames again. */
	xdp_socket_detach(&dp->xdp);
	xdp_socket_program_close(&dp->xdp);
	if (dp->xdp.map_fd >= 0)
		close(dp->xdp.map_fd);
}

/* Until it knows of a socket, the program leaves all to the kernel. */
static int xdp_prepare(struct dpdk_port *dp,
		       const struct dpdk_port_config *config)
{
	struct xdp_socket *xs = &dp->xdp;
	int err;

	xdp_socket_silence();
	*xs = (struct xdp_socket){ .who = dp->who,
				   .interface = dp->interface,
				   .fd = -1,
				   .map_fd = -1,
				   .link_fd = -1,
				   .program_fd = -1,
				   .flows = { config->flow },
				   .flow_count = 1 };
	err = xdp_socket_map_open(xs);
	if (err)
		return err;
	err = xdp_socket_attach(xs, XDP_FLAGS_DRV_MODE);
	if (err && (err != -EBUSY || !xdp_socket_other_told(xs)))
		dpdk_port_fault(dp, "no XDP program in the NIC's driver", err);
	return err;
}

static int xdp_open(struct dpdk_port *dp, const struct dpdk_port_config *config)
{
	int err = options_granted(dp, config);

	dp->xdp.fd = dp->fd;
	if (err)
		return err;
	err = bpf_map_update_elem(dp->xdp.map_fd, &config->queue, &dp->fd, 0);
	return err ? dpdk_port_fault(dp, "the map of AF_XDP sockets", err) : 0;
}

/* Some releases' driver does not count what its ring has no room for. */
static uint64_t xdp_lost(struct dpdk_port *dp)
{
	return xdp_socket_lost(&dp->xdp);
}

static int xdp_flow_add(struct dpdk_port *dp,
			const struct frame_port_flow *flow)
{
	return xdp_socket_flow_add(&dp->xdp, flow);
}

static void xdp_flow_remove(struct dpdk_port *dp,
			    const struct frame_port_flow *flow)
{
	xdp_socket_flow_remove(&dp->xdp, flow);
}

const struct dpdk_port_driver dpdk_port_xdp_driver = {
	.name = "af_xdp",
	.family = AF_XDP,
	.check = xdp_check,
	.prepare = xdp_prepare,
	.arguments = xdp_arguments,
	.open = xdp_open,
	.close = xdp_close,
	.lost = xdp_lost,
	.flow_add = xdp_flow_add,
	.flow_remove = xdp_flow_remove,
};

#else

static int xdp_check(struct dpdk_port *dp,
		     const struct dpdk_port_config *config)
{
	(void)config;
	log_error("%s: af_xdp: built without libxdp and libbpf", dp->who);
	return -EOPNOTSUPP;
}

const struct dpdk_port_driver dpdk_port_xdp_driver = { .name = "af_xdp",
						       .check = xdp_check };

#endif
