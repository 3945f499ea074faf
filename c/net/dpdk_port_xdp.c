/* SPDX-License-Identifier: MIT */
#include "net/dpdk_port_xdp.h"

#include <errno.h>

#include "base/log.h"

#if defined(HAVE_LIBXDP) && defined(HAVE_LIBBPF)

#include <linux/if_link.h>
#include <stdlib.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "net/xdp_socket_program.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED_BY_CLANG
#endif
#endif

/* Some releases' driver forgets its UMEM (net/dpdk_port.c), 80 bytes of
 * libxdp's. */
#if defined(__SANITIZE_ADDRESS__) || defined(SANITIZED_BY_CLANG)
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:xsk_umem__create\n";
}
#endif

int dpdk_port_xdp_prepare(const struct dpdk_port *dp)
{
	uint32_t id = 0;

	xdp_socket_silence();
	/* Its dispatcher is pinned to a file, which would stay. */
	setenv("LIBXDP_SKIP_DISPATCHER", "1", 1);
	if (bpf_xdp_query_id((int)dp->interface.index, 0, &id) < 0 || !id)
		return 0;
	log_error("%s: %s: another XDP program is attached, id %u: an "
		  "interface serves one",
		  dp->who, dp->interface.name, id);
	return -EBUSY;
}

/* Between the two, frames of the flow go to the kernel. */
static int program_exchange(struct xdp_socket *xs)
{
	uint32_t queue = 0;
	int err = bpf_map_update_elem(xs->map_fd, &queue, &xs->fd, 0);

	if (!err)
		err = bpf_xdp_detach((int)xs->interface.index,
				     XDP_FLAGS_DRV_MODE, NULL);
	if (!err)
		err = xdp_socket_attach(xs, XDP_FLAGS_DRV_MODE);
	return err;
}

int dpdk_port_xdp_open(struct dpdk_port *dp, const struct frame_port_flow *flow)
{
	struct xdp_socket *xs = &dp->xdp;
	int err;

	*xs = (struct xdp_socket){ .who = dp->who,
				   .interface = dp->interface,
				   .fd = dp->fd,
				   .link_fd = -1,
				   .program_fd = -1,
				   .flows = { *flow },
				   .flow_count = 1 };
	err = xdp_socket_map_open(xs);
	if (err)
		return err;
	err = program_exchange(xs);
	if (!err)
		return 0;
	log_error("%s: %s: af_xdp: needs an XDP program in the driver: %s",
		  dp->who, dp->interface.name, log_strerror(err));
	dpdk_port_xdp_close(dp);
	return err;
}

void dpdk_port_xdp_close(struct dpdk_port *dp)
{
	xdp_socket_detach(&dp->xdp);
	xdp_socket_program_close(&dp->xdp);
	close(dp->xdp.map_fd);
}

#else

int dpdk_port_xdp_prepare(const struct dpdk_port *dp)
{
	log_error("%s: af_xdp: built without libxdp and libbpf", dp->who);
	return -EOPNOTSUPP;
}

int dpdk_port_xdp_open(struct dpdk_port *dp, const struct frame_port_flow *flow)
{
	(void)dp, (void)flow;
	return -EOPNOTSUPP;
}

void dpdk_port_xdp_close(struct dpdk_port *dp)
{
	(void)dp;
}

#endif
