/* SPDX-License-Identifier: MIT */
/* The linker leads the driver's calls here (--wrap). */
#include "net/dpdk_plugin_xdp.h"

#include <errno.h>

#include <rte_mbuf.h>
#include <xdp/xsk.h>

#define BATCH 64U

int __real_xsk_socket__create(struct xsk_socket **socket, const char *interface,
			      __u32 queue, struct xsk_umem *umem,
			      struct xsk_ring_cons *receive,
			      struct xsk_ring_prod *send,
			      const struct xsk_socket_config *config);
int __wrap_xsk_socket__create(struct xsk_socket **socket, const char *interface,
			      __u32 queue, struct xsk_umem *umem,
			      struct xsk_ring_cons *receive,
			      struct xsk_ring_prod *send,
			      const struct xsk_socket_config *config);
int __real_xsk_umem__create(struct xsk_umem **umem, void *area, __u64 size,
			    struct xsk_ring_prod *fill,
			    struct xsk_ring_cons *completed,
			    const struct xsk_umem_config *config);
int __wrap_xsk_umem__create(struct xsk_umem **umem, void *area, __u64 size,
			    struct xsk_ring_prod *fill,
			    struct xsk_ring_cons *completed,
			    const struct xsk_umem_config *config);

int __real_xsk_umem__delete(struct xsk_umem *umem);
int __wrap_xsk_umem__delete(struct xsk_umem *umem);

/* The queue that is being set up. */
static struct {
	struct rte_mempool *pool;
	unsigned int room;
	uintptr_t area;
	struct xsk_ring_prod *fill;
	struct xsk_umem *umem; /* NULL: it is not net_af_xdp's */
} expected;

/* Without libxdp's program, which takes each frame from the kernel, ARP and
 * all, and stays when the process is killed: the caller has one of its own. */
int __wrap_xsk_socket__create(struct xsk_socket **socket, const char *interface,
			      __u32 queue, struct xsk_umem *umem,
			      struct xsk_ring_cons *receive,
			      struct xsk_ring_prod *send,
			      const struct xsk_socket_config *config)
{
	struct xsk_socket_config without = *config;

	without.libxdp_flags |= XSK_LIBXDP_FLAGS__INHIBIT_PROG_LOAD;
	return __real_xsk_socket__create(socket, interface, queue, umem,
					 receive, send, &without);
}

/*
 * All of the pool is the UMEM. The driver reckons as if its objects lay side
 * by side, but none of them crosses a page, so that they take more; and what
 * lies behind the UMEM's end the kernel throws away, each time it is given it
 * to fill or to send, and tells nobody.
 */
int __wrap_xsk_umem__create(struct xsk_umem **umem, void *area, __u64 size,
			    struct xsk_ring_prod *fill,
			    struct xsk_ring_cons *completed,
			    const struct xsk_umem_config *config)
{
	const struct rte_mempool_memhdr *all =
		STAILQ_FIRST(&expected.pool->mem_list);
	struct xsk_umem_config wide = *config;
	int err;

	if (STAILQ_NEXT(all, next)) /* in pieces */
		return -ENOMEM;
	size = (uintptr_t)all->addr + all->len - (uintptr_t)area;
	wide.fill_size = RTE_MAX(wide.fill_size, expected.room);
	expected.area = (uintptr_t)area;
	expected.fill = fill;
	err = __real_xsk_umem__create(umem, area, size, fill, completed, &wide);
	expected.umem = err ? NULL : *umem;
	return err;
}

/* Some releases' driver forgets it, and with it the socket, which keeps the
 * queue: it is dpdk_plugin_xdp_close() that does it. */
int __wrap_xsk_umem__delete(struct xsk_umem *umem)
{
	(void)umem;
	return 0;
}

void dpdk_plugin_xdp_expect(struct rte_mempool *pool, unsigned int room)
{
	expected.pool = pool;
	expected.room = room;
	expected.umem = NULL;
}

struct xsk_umem *dpdk_plugin_xdp_umem(void)
{
	return expected.umem;
}

void dpdk_plugin_xdp_close(struct xsk_umem *umem)
{
	if (umem)
		__real_xsk_umem__delete(umem);
}

/* As many again go into the ring of what is to be filled as are taken from the
 * socket, so that there is room for as many as are there once. */
static int fill_more(unsigned int count)
{
	struct rte_mbuf *buffers[BATCH];
	uint32_t at;

	if (rte_pktmbuf_alloc_bulk(expected.pool, buffers, count))
		return -ENOMEM;
	if (xsk_ring_prod__reserve(expected.fill, count, &at) != count) {
		rte_pktmbuf_free_bulk(buffers, count);
		return -ENOMEM;
	}
	for (unsigned int i = 0; i < count; i++)
		*xsk_ring_prod__fill_addr(expected.fill, at + i) =
			(uintptr_t)buffers[i] - expected.area -
			expected.pool->header_size;
	xsk_ring_prod__submit(expected.fill, count);
	return 0;
}

int dpdk_plugin_xdp_fill(void)
{
	int err = 0;

	while (!err && expected.umem &&
	       expected.fill->cached_prod < expected.room)
		err = fill_more(RTE_MIN(
			BATCH, expected.room - expected.fill->cached_prod));
	return err;
}
