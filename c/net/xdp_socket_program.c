/* SPDX-License-Identifier: MIT */
#include "net/xdp_socket_program.h"

#if defined(HAVE_LIBXDP) && defined(HAVE_LIBBPF)

#include <errno.h>
#include <linux/if_link.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>

#include "base/log.h"

#define QUEUES_MAX 4096

static int program_load(const struct xdp_socket *xs)
{
	const struct xdp_program program = { .flows = xs->flows,
					     .count = xs->flow_count,
					     .sockets = xs->map_fd,
					     .ethernet = xs->interface.ethernet,
					     .beside = &xs->beside };

	return xdp_program_load(&program);
}

int xdp_socket_map_open(struct xdp_socket *xs)
{
	xs->map_fd =
		bpf_map_create(BPF_MAP_TYPE_XSKMAP, "t2t_sockets",
			       sizeof(uint32_t), sizeof(int), QUEUES_MAX, NULL);
	if (xs->map_fd < 0) {
		int err = -errno;

		log_error("%s: no map of AF_XDP sockets: %s%s", xs->who,
			  log_strerror(err),
			  err == -EPERM ? ": needs CAP_BPF and CAP_NET_ADMIN"
					: "");
		return err;
	}
	return 0;
}

void xdp_socket_program_close(struct xdp_socket *xs)
{
	if (xs->program_fd >= 0)
		close(xs->program_fd);
	xs->program_fd = -1;
	xs->merged_told = false;
	xdp_beside_close(&xs->beside);
}

/* Each mode has its own way to what lies beside a frame. */
static int program_open(struct xdp_socket *xs, uint32_t flags)
{
	int err = 0;

	if (xs->flow_count)
		err = xdp_beside_open(&xs->beside, &xs->interface,
				      flags == XDP_FLAGS_SKB_MODE, xs->who);
	if (err)
		return err;
	xs->program_fd = program_load(xs);
	if (xs->program_fd < 0) {
		err = xs->program_fd;
		xdp_socket_program_close(xs);
		return err;
	}
	xs->merged_told = xs->beside.way == XDP_BESIDE_STACK;
	return 0;
}

void xdp_socket_detach(struct xdp_socket *xs)
{
	if (xs->link_fd >= 0)
		close(xs->link_fd);
	xs->link_fd = -1;
}

int xdp_socket_attach(struct xdp_socket *xs, uint32_t flags)
{
	const struct bpf_link_create_opts options = { .sz = sizeof(options),
						      .flags = flags };
	int err;

	if (xs->link_fd >= 0 && xs->link_flags == flags)
		return 0;
	xdp_socket_detach(xs);
	xdp_socket_program_close(xs);
	err = program_open(xs, flags);
	if (err)
		return err;
	xs->link_flags = flags;
	xs->link_fd = bpf_link_create(xs->program_fd, (int)xs->interface.index,
				      BPF_XDP, &options);
	if (xs->link_fd >= 0)
		return 0;
	/* -EEXIST: another program, in another mode. */
	return errno == EEXIST ? -EBUSY : -errno;
}

bool xdp_socket_other_told(const struct xdp_socket *xs)
{
	uint32_t id = 0;

	if (bpf_xdp_query_id((int)xs->interface.index, 0, &id) < 0 || !id)
		return false;
	log_error("%s: %s: another XDP program is attached, id %u: an "
		  "interface serves one",
		  xs->who, xs->interface.name, id);
	return true;
}

static int program_replace(struct xdp_socket *xs)
{
	int fd = program_load(xs), err = 0;

	if (fd < 0 || bpf_link_update(xs->link_fd, fd, NULL) < 0) {
		err = fd < 0 ? fd : -errno;
		log_error("%s: %s: the XDP program can't be exchanged: %s",
			  xs->who, xs->interface.name, log_strerror(err));
		if (fd >= 0)
			close(fd);
		return err;
	}
	close(xs->program_fd);
	xs->program_fd = fd;
	return 0;
}

int xdp_socket_flow_add(struct xdp_socket *xs,
			const struct frame_port_flow *flow)
{
	int err;

	if (xs->flow_count == XDP_PROGRAM_FLOWS_MAX)
		return -E2BIG;
	xs->flows[xs->flow_count++] = *flow;
	err = program_replace(xs);
	if (err)
		xs->flow_count--;
	return err;
}

void xdp_socket_flow_remove(struct xdp_socket *xs,
			    const struct frame_port_flow *flow)
{
	for (unsigned int i = 0; i < xs->flow_count; i++) {
		if (memcmp(&xs->flows[i], flow, sizeof(*flow)) != 0)
			continue;
		xs->flows[i] = xs->flows[--xs->flow_count];
		program_replace(xs);
		return;
	}
}

#endif
