/* SPDX-License-Identifier: MIT */
/*
 * What net_af_xdp asks of libxdp, put right on its way there: of
 * libt2t-dpdk.so, for net/dpdk_plugin alone.
 */
#ifndef NET_DPDK_PLUGIN_XDP_H
#define NET_DPDK_PLUGIN_XDP_H

struct rte_mempool;
struct xsk_umem;

/* Before a receive queue is set up: its pool, and the frames there is to be
 * room for. */
void dpdk_plugin_xdp_expect(struct rte_mempool *pool, unsigned int room);

/* And after it: its UMEM, to be closed when the driver is, also where the queue
 * could not be set up. NULL: the queue is not net_af_xdp's. */
struct xsk_umem *dpdk_plugin_xdp_umem(void);
void dpdk_plugin_xdp_close(struct xsk_umem *umem);

/* The rest of the room. 0, or -ENOMEM: the pool has too few. */
int dpdk_plugin_xdp_fill(void);

#endif
