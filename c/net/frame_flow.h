/* SPDX-License-Identifier: MIT */
/* Which of a port's flows a frame is of, for ports that are shown all frames
 * of an interface: what xdp_program says in BPF (net/frame_port.h has the
 * rules). */
#ifndef NET_FRAME_FLOW_H
#define NET_FRAME_FLOW_H

#include "net/frame_port.h"
#include "wire/datagram.h"

struct frame_flow_set {
	struct frame_port_flow flows[4];
	unsigned int count;
	uint8_t ethernet[6]; /* this host's */
};

/* 0 or -E2BIG. */
int frame_flow_add(struct frame_flow_set *set,
		   const struct frame_port_flow *flow);
void frame_flow_remove(struct frame_flow_set *set,
		       const struct frame_port_flow *flow);

/* The flow's number, -1: of none. Of frames with a tag of VLAN 0, IP options,
 * or fragments, too; for those that frame_flow_find() finds odd. */
int frame_flow_find_any(const struct frame_flow_set *set, const uint8_t *bytes,
			uint32_t len);

/* HOT. Are the ends the flow's? */
static inline bool frame_flow_is(const struct frame_port_flow *flow,
				 uint8_t protocol, uint32_t source,
				 uint32_t destination, uint16_t source_port,
				 uint16_t destination_port)
{
	return flow->protocol == protocol &&
	       flow->destination.sin_addr.s_addr == destination &&
	       flow->destination.sin_port == destination_port &&
	       (!flow->source.sin_addr.s_addr ||
		flow->source.sin_addr.s_addr == source) &&
	       (!flow->source.sin_port || flow->source.sin_port == source_port);
}

/* HOT. To this host or to a group. */
static inline bool frame_flow_is_here(const struct frame_flow_set *set,
				      const uint8_t *bytes)
{
	return bytes[0] & 1 ||
	       memcmp(bytes, set->ethernet, sizeof(set->ethernet)) == 0;
}

/* HOT. The flow's number, -1: of none. A frame's ports are read before its
 * checksums are: whoever gets it looks at these. */
static inline int frame_flow_find(const struct frame_flow_set *set,
				  const uint8_t *bytes, uint32_t len)
{
	const struct datagram_headers *headers = (const void *)bytes;

	if (__builtin_expect(len < sizeof(*headers) ||
				     headers->type != htobe16(0x0800) ||
				     headers->version_and_len != 0x45 ||
				     headers->fragment & htobe16(0x3fff),
			     0))
		return frame_flow_find_any(set, bytes, len);
	for (unsigned int i = 0; i < set->count; i++)
		if (frame_flow_is(&set->flows[i], headers->protocol,
				  headers->source, headers->destination,
				  headers->source_port,
				  headers->destination_port))
			return frame_flow_is_here(set, bytes) ? (int)i : -1;
	return -1;
}

#endif
