/* SPDX-License-Identifier: MIT */
#include "net/xdp_socket.h"

#include <errno.h>

const char *const xdp_socket_mode_names[] = { "auto", "zerocopy", "native",
					      "generic", NULL };

#if defined(HAVE_LIBXDP) && defined(HAVE_LIBBPF)

#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/sockios.h>
#include <net/if_arp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <xdp/libxdp.h>

#include "base/log.h"
#include "net/xdp_socket_program.h"

/* Half a page: the kernel keeps 256 bytes of it, the rest holds a frame of
 * the usual MTU. */
#define FRAME_SIZE 2048
_Static_assert(XDP_SOCKET_FRAME_MAX == FRAME_SIZE - 256, "XDP's headroom");

#define ETHERNET_MOST (14 + 4) /* beside the MTU: a header, a tag */
#define BUSY_MS	      1000     /* how long a queue may take to become free */
#define BUDGET	      64       /* packets of one busy poll, as NAPI has it */

/* Dearest first. */
static const struct attempt {
	enum xdp_socket_mode mode;
	uint32_t link_flags;
	uint16_t bind_flags;
	const char *name;
} attempts[] = {
	{ XDP_SOCKET_ZEROCOPY, XDP_FLAGS_DRV_MODE, XDP_ZEROCOPY,
	  "native, zero-copy" },
	{ XDP_SOCKET_NATIVE, XDP_FLAGS_DRV_MODE, XDP_COPY, "native, copy" },
	{ XDP_SOCKET_GENERIC, XDP_FLAGS_SKB_MODE, XDP_COPY, "generic, copy" },
};

/*
 * Rings and memory.
 */

static uint32_t ring_size(unsigned int frames)
{
	uint32_t size = XDP_SOCKET_BURST_MAX;

	while (size < frames)
		size *= 2;
	return size;
}

static void rings_close(struct xdp_socket *xs)
{
	if (xs->xsk)
		xsk_socket__delete(xs->xsk);
	if (xs->umem)
		xsk_umem__delete(xs->umem);
	xs->xsk = NULL;
	xs->umem = NULL;
	/* libxdp takes half of their members as it finds them. */
	memset(&xs->fill, 0, sizeof(xs->fill));
	memset(&xs->received, 0, sizeof(xs->received));
	memset(&xs->send, 0, sizeof(xs->send));
	memset(&xs->sent, 0, sizeof(xs->sent));
}

static void frames_share(struct xdp_socket *xs, unsigned int frames)
{
	uint32_t at;

	if (xsk_ring_prod__reserve(&xs->fill, frames, &at) == frames) {
		for (uint32_t i = 0; i < frames; i++)
			*xsk_ring_prod__fill_addr(&xs->fill, at + i) =
				(uint64_t)i * FRAME_SIZE;
		xsk_ring_prod__submit(&xs->fill, frames);
	}
	xs->spare_count = XDP_SOCKET_SEND_FRAMES;
	for (unsigned int i = 0; i < XDP_SOCKET_SEND_FRAMES; i++)
		xs->spare[i] = (uint64_t)(frames + i) * FRAME_SIZE;
}

/* 0 or a negative errno, silent: the next mode may work. */
static int rings_open(struct xdp_socket *xs,
		      const struct xdp_socket_config *config,
		      uint16_t bind_flags)
{
	const struct xsk_umem_config umem = {
		.fill_size = ring_size(config->frames),
		.comp_size = XDP_SOCKET_SEND_FRAMES,
		.frame_size = FRAME_SIZE,
	};
	const struct xsk_socket_config socket = {
		.rx_size = ring_size(config->frames),
		.tx_size = XDP_SOCKET_SEND_FRAMES,
		.libxdp_flags = XSK_LIBXDP_FLAGS__INHIBIT_PROG_LOAD,
		.bind_flags =
			(uint16_t)(bind_flags |
				   (config->need_wakeup ? XDP_USE_NEED_WAKEUP
							: 0)),
	};
	uint32_t queue = config->queue;
	int err;

	err = xsk_umem__create(&xs->umem, xs->arena.base, xs->arena.size,
			       &xs->fill, &xs->sent, &umem);
	if (err)
		return err;
	frames_share(xs, config->frames);
	err = xsk_socket__create(&xs->xsk, config->interface, queue, xs->umem,
				 &xs->received, &xs->send, &socket);
	if (!err) {
		xs->fd = xsk_socket__fd(xs->xsk);
		err = bpf_map_update_elem(xs->map_fd, &queue, &xs->fd, 0);
	}
	if (err)
		rings_close(xs);
	return err;
}

static int busy_poll_set(struct xdp_socket *xs,
			 const struct xdp_socket_config *config)
{
	const int values[][2] = {
		{ SO_PREFER_BUSY_POLL, 1 },
		{ SO_BUSY_POLL, (int)config->busy_poll_us },
		{ SO_BUSY_POLL_BUDGET, BUDGET },
	};

	xs->busy_poll = config->busy_poll_us > 0;
	for (size_t i = 0; xs->busy_poll && i < ARRAY_SIZE(values); i++) {
		if (setsockopt(xs->fd, SOL_SOCKET, values[i][0], &values[i][1],
			       sizeof(int)) < 0) {
			int err = -errno;

			log_error("%s: busy_poll: %s%s", xs->who,
				  log_strerror(err),
				  err == -EPERM ? ": needs CAP_NET_ADMIN" : "");
			return err;
		}
	}
	return 0;
}

/*
 * Opening.
 */

/* Receive queues in use; 0 where the driver doesn't tell. */
static unsigned int queue_count(const struct interface *interface)
{
	struct ethtool_channels channels = { .cmd = ETHTOOL_GCHANNELS };
	struct ifreq request = { .ifr_data = (void *)&channels };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	unsigned int count = 0;

	if (fd < 0)
		return 0;
	memcpy(request.ifr_name, interface->name, sizeof(request.ifr_name));
	if (ioctl(fd, SIOCETHTOOL, &request) == 0)
		count = channels.combined_count + channels.rx_count;
	close(fd);
	return count;
}

int xdp_socket_queue_check(const struct interface *interface,
			   unsigned int queue, const char *who)
{
	unsigned int queues = queue_count(interface);

	if (queues && queue >= queues) {
		log_error("%s: queue %u: %s has %u, from 0", who, queue,
			  interface->name, queues);
		return -EINVAL;
	}
	if (queues > 1)
		log_warning("%s: %s has %u receive queues, only what comes in "
			    "on queue %u is seen: steer it there, or 'ethtool "
			    "-L %s combined 1'",
			    who, interface->name, queues, queue,
			    interface->name);
	return 0;
}

static int interface_check(struct xdp_socket *xs,
			   const struct xdp_socket_config *config)
{
	int err = interface_find(config->interface, &xs->interface);

	if (err) {
		log_error("%s: interface '%s': %s", xs->who, config->interface,
			  log_strerror(err));
		return err;
	}
	if (xs->interface.link_type != ARPHRD_ETHER &&
	    xs->interface.link_type != ARPHRD_LOOPBACK) {
		log_error("%s: %s: it has no Ethernet frames", xs->who,
			  config->interface);
		return -EOPNOTSUPP;
	}
	if (!xs->interface.up) {
		log_error("%s: %s is down", xs->who, config->interface);
		return -ENETDOWN;
	}
	err = xdp_socket_queue_check(&xs->interface, config->queue, xs->who);
	if (err)
		return err;
	if (xs->interface.mtu + ETHERNET_MOST > XDP_SOCKET_FRAME_MAX)
		log_warning("%s: %s: its MTU is %u: frames of more than %d "
			    "bytes are lost, and counted as dropped",
			    xs->who, config->interface, xs->interface.mtu,
			    XDP_SOCKET_FRAME_MAX);
	return 0;
}

static void limit_log(const struct xdp_socket *xs)
{
	struct rlimit limit = { 0 };

	getrlimit(RLIMIT_MEMLOCK, &limit);
	log_error("%s: %zu KiB of frames are more than the limit of locked "
		  "memory, %llu KiB: raise it (ulimit -l), ask for fewer "
		  "frames, or give CAP_IPC_LOCK",
		  xs->who, xs->arena.size / 1024,
		  (unsigned long long)limit.rlim_cur / 1024);
}

static void busy_log(const struct xdp_socket *xs,
		     const struct xdp_socket_config *config)
{
	if (xs->link_fd >= 0)
		log_error("%s: %s: another AF_XDP socket has queue %u", xs->who,
			  config->interface, config->queue);
	else if (!xdp_socket_other_told(xs))
		log_error("%s: %s: busy", xs->who, config->interface);
}

/* Does no other mode help against it? Logged then. */
static bool is_final(const struct xdp_socket *xs,
		     const struct xdp_socket_config *config, int err)
{
	switch (err) {
	case -EBUSY:
		busy_log(xs, config);
		return true;
	case -EPERM:
	case -EACCES:
		log_error("%s: %s: %s: needs CAP_NET_RAW, CAP_NET_ADMIN and "
			  "CAP_BPF, and CAP_PERFMON for generic mode",
			  xs->who, config->interface, log_strerror(err));
		return true;
	case -ENOBUFS:
		limit_log(xs);
		return true;
	case -ENETDOWN:
	case -ENODEV:
		log_error("%s: %s: %s", xs->who, config->interface,
			  log_strerror(err));
		return true;
	}
	return false;
}

/* The kernel takes a closed socket off its queue a little later, by a worker;
 * so a queue that is busy may have just been left. */
static int mode_try(struct xdp_socket *xs,
		    const struct xdp_socket_config *config,
		    const struct attempt *attempt)
{
	const struct timespec while_busy = { .tv_nsec = 1000000 };
	int err = xdp_socket_attach(xs, attempt->link_flags);

	if (err)
		return err;
	for (int i = 0; i < BUSY_MS; i++) {
		err = rings_open(xs, config, attempt->bind_flags);
		if (err != -EBUSY)
			break;
		nanosleep(&while_busy, NULL);
	}
	return err;
}

/* One mode after the other. 0 or a negative errno, logged. */
static int modes_try(struct xdp_socket *xs,
		     const struct xdp_socket_config *config)
{
	char failed[256] = "";
	size_t len = 0;
	int err = -EOPNOTSUPP;

	for (size_t i = 0; i < ARRAY_SIZE(attempts); i++) {
		const struct attempt *attempt = &attempts[i];

		if (config->mode != XDP_SOCKET_AUTO &&
		    config->mode != attempt->mode)
			continue;
		err = mode_try(xs, config, attempt);
		if (!err) {
			log_info("%s: %s queue %u: %s; %u frames in %s "
				 "pages%s%s",
				 xs->who, config->interface, config->queue,
				 attempt->name, config->frames,
				 xs->arena.huge ? "huge" : "ordinary",
				 *failed ? "; not " : "", failed);
			return 0;
		}
		if (is_final(xs, config, err))
			return err;
		len += (size_t)snprintf(failed + len, sizeof(failed) - len,
					"%s%s (%s)", len ? ", " : "",
					attempt->name, log_strerror(err));
	}
	log_error("%s: %s queue %u: not available: %s%s", xs->who,
		  config->interface, config->queue, failed,
		  err == -EINVAL ? ": is there such a queue?" : "");
	return err;
}

static int quiet(enum libxdp_print_level level, const char *format,
		 va_list arguments)
{
	(void)level, (void)format, (void)arguments;
	return 0;
}

static int quiet_bpf(enum libbpf_print_level level, const char *format,
		     va_list arguments)
{
	(void)level, (void)format, (void)arguments;
	return 0;
}

void xdp_socket_silence(void)
{
	/* Their lines would stand beside ours, for the same cause. */
	libxdp_set_print(quiet);
	libbpf_set_print(quiet_bpf);
}

int xdp_socket_open(struct xdp_socket *xs,
		    const struct xdp_socket_config *config)
{
	size_t frames = (size_t)config->frames + XDP_SOCKET_SEND_FRAMES;
	int err;

	memset(xs, 0, sizeof(*xs));
	xs->link_fd = -1;
	xs->program_fd = -1;
	xs->kernel_link = KERNEL_LINK_NONE;
	xs->who = config->who;
	xs->port = (struct frame_port){ .ops = &xdp_socket_port_ops,
					.name = xs->interface.name,
					.frame_max = XDP_SOCKET_FRAME_MAX };
	xs->need_wakeup = config->need_wakeup;
	xs->flows[0] = config->flow;
	xs->flow_count = config->flow.protocol != 0;
	xdp_socket_silence();
	err = interface_check(xs, config);
	if (err)
		return err;
	err = mem_arena_open(&xs->arena, frames * FRAME_SIZE,
			     config->huge_pages);
	if (err) {
		log_error("%s: no memory for %zu frames", xs->who, frames);
		return err;
	}
	if (config->huge_pages && !xs->arena.huge)
		log_warning("%s: no huge pages are free: frames are in "
			    "ordinary ones: vm.nr_hugepages",
			    xs->who);
	xs->memory = xs->arena.base;
	xs->aside_size = ring_size(config->frames);
	xs->aside_max = config->frames / 2;
	xs->aside = calloc(xs->aside_size, sizeof(*xs->aside));
	err = xs->aside ? xdp_socket_map_open(xs) : -ENOMEM;
	if (err)
		goto close_arena;
	err = modes_try(xs, config);
	if (err)
		goto close_map;
	err = busy_poll_set(xs, config);
	if (!err)
		return 0;
	rings_close(xs);
close_map:
	xdp_socket_detach(xs);
	xdp_socket_program_close(xs);
	close(xs->map_fd);
close_arena:
	free(xs->aside);
	mem_arena_close(&xs->arena);
	return err;
}

void xdp_socket_close(struct xdp_socket *xs)
{
	/* First, so that the kernel gets the frames again. */
	xdp_socket_detach(xs);
	kernel_link_close(&xs->kernel_link);
	rings_close(xs);
	xdp_socket_program_close(xs);
	close(xs->map_fd);
	free(xs->aside);
	mem_arena_close(&xs->arena);
}

uint64_t xdp_socket_lost(const struct xdp_socket *xs)
{
	struct xdp_statistics statistics = { 0 };
	struct xdp_options options = { 0 };
	socklen_t len = sizeof(statistics), options_len = sizeof(options);
	uint64_t lost;

	if (getsockopt(xs->fd, SOL_XDP, XDP_STATISTICS, &statistics, &len) < 0)
		return xs->aside_lost;
	lost = statistics.rx_dropped + statistics.rx_ring_full + xs->aside_lost;
	/* Without a frame to fill the NIC drops, one or more each time, which
	 * nobody else counts; where the kernel copies, rx_dropped has each. */
	if (getsockopt(xs->fd, SOL_XDP, XDP_OPTIONS, &options, &options_len) ==
		    0 &&
	    options.flags & XDP_OPTIONS_ZEROCOPY)
		lost += statistics.rx_fill_ring_empty_descs;
	return lost;
}

int xdp_socket_probe(const char **why)
{
	const struct xdp_beside nothing = { .way = XDP_BESIDE_NOTHING };
	const struct xdp_program passes = { .ethernet = (uint8_t[6]){ 0 },
					    .beside = &nothing };
	int fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0), err = -errno;

	if (fd < 0) {
		*why = err == -EPERM ? "AF_XDP needs CAP_NET_RAW"
				     : "this kernel has no AF_XDP";
		return err;
	}
	close(fd);
	xdp_socket_silence();
	fd = xdp_program_load(&passes);
	if (fd < 0) {
		*why = fd == -EPERM
			       ? "an XDP program needs CAP_BPF and "
				 "CAP_NET_ADMIN, in the first user namespace"
			       : "this kernel takes no XDP program";
		return fd;
	}
	close(fd);
	return 0;
}

#else

int xdp_socket_probe(const char **why)
{
	*why = "built without libxdp";
	return -EOPNOTSUPP;
}

#endif
