/* SPDX-License-Identifier: MIT */
#include "net/frame_flow.h"

#include <errno.h>

#include "wire/big_endian.h"

enum {
	ETHERNET_LEN = 14,
	TAG_LEN = 4,
	IP_LEN_LEAST = 20,
	OFFSET_BITS = 0x1fff, /* of a fragment */
	VLAN_BITS = 0x0fff,
};

int frame_flow_add(struct frame_flow_set *set,
		   const struct frame_port_flow *flow)
{
	if (set->count == sizeof(set->flows) / sizeof(*set->flows))
		return -E2BIG;
	set->flows[set->count++] = *flow;
	return 0;
}

void frame_flow_remove(struct frame_flow_set *set,
		       const struct frame_port_flow *flow)
{
	for (unsigned int i = 0; i < set->count; i++)
		if (memcmp(&set->flows[i], flow, sizeof(*flow)) == 0) {
			set->flows[i] = set->flows[--set->count];
			return;
		}
}

/* Where IPv4 begins, behind a tag of VLAN 0 or without one; 0: nowhere. */
static uint32_t ip_find(const uint8_t *bytes, uint32_t len)
{
	uint32_t at = ETHERNET_LEN;

	if (len < ETHERNET_LEN + TAG_LEN)
		return 0;
	if (big_endian_16(bytes + 12) == 0x8100) {
		if (big_endian_16(bytes + 14) & VLAN_BITS)
			return 0;
		at += TAG_LEN;
	}
	return big_endian_16(bytes + at - 2) == 0x0800 ? at : 0;
}

int frame_flow_find_any(const struct frame_flow_set *set, const uint8_t *bytes,
			uint32_t len)
{
	uint32_t at = ip_find(bytes, len), ports;
	uint16_t source_port, destination_port;
	uint32_t source, destination;
	const uint8_t *ip = bytes + at;
	bool plain;

	if (!at || len < at + IP_LEN_LEAST || ip[0] >> 4 != 4)
		return -1;
	ports = at + (ip[0] & 15U) * 4;
	if (ports < at + IP_LEN_LEAST || len < ports + 4 ||
	    big_endian_16(ip + 6) & OFFSET_BITS ||
	    !frame_flow_is_here(set, bytes))
		return -1;
	plain = ports == at + IP_LEN_LEAST && at == ETHERNET_LEN &&
		!(big_endian_16(ip + 6) & 0x3fff);
	memcpy(&source, ip + 12, sizeof(source));
	memcpy(&destination, ip + 16, sizeof(destination));
	memcpy(&source_port, bytes + ports, sizeof(source_port));
	memcpy(&destination_port, bytes + ports + 2, sizeof(destination_port));
	for (unsigned int i = 0; i < set->count; i++)
		if ((plain || set->flows[i].protocol != IPPROTO_TCP) &&
		    frame_flow_is(&set->flows[i], ip[9], source, destination,
				  source_port, destination_port))
			return (int)i;
	return -1;
}
