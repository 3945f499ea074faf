/* SPDX-License-Identifier: MIT */
/*
 * What of a frame does not lie in its bytes, and so is not seen by an XDP
 * program that only reads these: the VLAN tag, which the NIC or a sender on
 * this machine has put beside it, and the size of the datagrams that were
 * merged into it. Without it one trades on another VLAN's data.
 *
 * In native mode the driver is asked (bpf_xdp_metadata_rx_vlan_tag(), Linux
 * 6.8; merged there is nothing yet). In generic mode the program stands in the
 * network stack: a second one, at the tracepoint that each frame passes right
 * before (netif_receive_skb), notes both from the sk_buff, a CPU its own note.
 */
#ifndef NET_XDP_BESIDE_H
#define NET_XDP_BESIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "net/interface.h"

enum xdp_beside_way {
	XDP_BESIDE_NOTHING, /* all is in the bytes */
	XDP_BESIDE_DRIVER,
	XDP_BESIDE_STACK,
};

struct xdp_beside {
	enum xdp_beside_way way;
	unsigned int interface_index;
	int32_t function;		 /* the driver's, by its id of BTF */
	int map_fd, program_fd, link_fd; /* the tracepoint's; -1: none */
};

/*
 * Find the way for a program on the interface, in generic or native mode. 0;
 * or a negative errno, everything given back: -EOPNOTSUPP when VLANs could not
 * be told apart, logged as a warning with what helps (who begins the line),
 * else silent; -EPERM without CAP_BPF and CAP_PERFMON.
 */
int xdp_beside_open(struct xdp_beside *beside,
		    const struct interface *interface, bool generic,
		    const char *who);

/* Also of one that is zeroed, or closed already. */
void xdp_beside_close(struct xdp_beside *beside);

#if defined(HAVE_LIBXDP) && defined(HAVE_LIBBPF)

#include "net/bpf_code.h"

/* Within an XDP program: its tag into a register, 0 for none. context: the
 * register that holds the struct xdp_md. Arguments' registers are lost. */
void xdp_beside_ask_driver(struct bpf_code *to, const struct xdp_beside *beside,
			   uint8_t context, uint8_t tag);

/* And the size of what was merged, 0 for none. Leaves where neither is
 * known. */
void xdp_beside_ask_stack(struct bpf_code *to, struct bpf_jumps *leave,
			  const struct xdp_beside *beside, uint8_t tag,
			  uint8_t merged);

#endif
#endif
