/* SPDX-License-Identifier: MIT */
#include "net/xdp_program.h"

#if defined(HAVE_LIBXDP) && defined(HAVE_LIBBPF)

#include <errno.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <stddef.h>
#include <string.h>
#include <bpf/bpf.h>

#include "net/bpf_code.h"

#ifndef BPF_F_XDP_DEV_BOUND_ONLY
#define BPF_F_XDP_DEV_BOUND_ONLY (1U << 6) /* Linux 6.3 */
#endif

/* Where fields lie in a frame: from its begin, a tag of VLAN 0 left out. */
enum {
	ETHERNET_TYPE = offsetof(struct ethhdr, h_proto),
	IP = sizeof(struct ethhdr),
	TAG_LEN = 4,
	IP_VERSION_AND_LEN = IP, /* 4 bits each */
	IP_FRAGMENT = IP + offsetof(struct iphdr, frag_off),
	IP_PROTOCOL_AT = IP + offsetof(struct iphdr, protocol),
	IP_SOURCE = IP + offsetof(struct iphdr, saddr),
	IP_DESTINATION = IP + offsetof(struct iphdr, daddr),
	NEEDED_LEN = IP + sizeof(struct iphdr) + sizeof(struct udphdr),
	/* Behind the IP header; the same in TCP. */
	SOURCE_PORT = offsetof(struct udphdr, source),
	DESTINATION_PORT = offsetof(struct udphdr, dest),
	IP_WORDS_LEAST = sizeof(struct iphdr) / 4,
	IP_WORDS_MOST = 15,
};

/* What each register holds. The first five hold a helper's arguments, and
 * are gone after the call. */
enum {
	RESULT = BPF_REG_0,
	ARGUMENT_1 = BPF_REG_1, /* at the start: struct xdp_md * */
	ARGUMENT_2 = BPF_REG_2,
	ARGUMENT_3 = BPF_REG_3,
	FIELD = BPF_REG_4,
	END = BPF_REG_5,
	CONTEXT = BPF_REG_6,
	FRAME = BPF_REG_7,
	/* While flows are told apart; then what was merged. */
	TO_PORT = BPF_REG_8,
	FROM_PORT = BPF_REG_9,
	MERGED = BPF_REG_9,
};

enum { IF_NOT = BPF_JMP32 | BPF_JNE | BPF_K, IF_BITS = BPF_JMP32 | BPF_JSET };

/* Leave, unless the field has this value, as it lies in memory. */
static void expect(struct bpf_code *to, struct bpf_jumps *leave, uint8_t size,
		   int16_t field, uint32_t value)
{
	bpf_load(to, size, FIELD, FRAME, field);
	bpf_jump(to, leave, IF_NOT, FIELD, (int32_t)value);
}

/* Leave, if the frame is too short for what is looked at. */
static void expect_len(struct bpf_code *to, struct bpf_jumps *leave,
		       uint8_t base, int32_t len)
{
	bpf_copy(to, FIELD, base);
	bpf_with(to, BPF_ADD, FIELD, len);
	bpf_jump_past(to, leave, FIELD, END);
}

/* A group's, or this host's own. */
static void expect_ethernet(struct bpf_code *to, struct bpf_jumps *leave,
			    const uint8_t *own)
{
	struct bpf_jumps group = { .count = 0 };
	uint32_t first;
	uint16_t last;

	memcpy(&first, own, sizeof(first));
	memcpy(&last, own + sizeof(first), sizeof(last));
	bpf_load(to, BPF_B, FIELD, FRAME, 0);
	bpf_jump(to, &group, IF_BITS, FIELD, 1);
	expect(to, leave, BPF_W, 0, first);
	expect(to, leave, BPF_H, sizeof(first), last);
	bpf_land(to, &group);
}

/* A tag of VLAN 0 only carries a priority: FRAME moves past it. */
static void leave_priority(struct bpf_code *to, struct bpf_jumps *leave)
{
	struct bpf_jumps untagged = { .count = 0 };

	bpf_load(to, BPF_H, FIELD, FRAME, ETHERNET_TYPE);
	bpf_jump(to, &untagged, IF_NOT, FIELD, htons(ETH_P_8021Q));
	bpf_load(to, BPF_H, FIELD, FRAME, IP);
	bpf_jump(to, leave, IF_BITS, FIELD, htons(0x0fff));
	bpf_with(to, BPF_ADD, FRAME, TAG_LEN);
	expect_len(to, leave, FRAME, NEEDED_LEN);
	bpf_land(to, &untagged);
}

/* Behind a header of as many words. A case for each: an address that is added
 * up is for who has CAP_PERFMON, says the verifier. */
static void load_ports(struct bpf_code *to, struct bpf_jumps *leave)
{
	enum { WORDS = ARGUMENT_1 };
	struct bpf_jumps loaded = { .count = 0 };

	bpf_load(to, BPF_B, WORDS, FRAME, IP_VERSION_AND_LEN);
	bpf_with(to, BPF_AND, WORDS, 0xf);
	for (int words = IP_WORDS_LEAST; words <= IP_WORDS_MOST; words++) {
		int16_t at = (int16_t)(IP + words * 4);
		struct bpf_jumps next = { .count = 0 };

		bpf_jump(to, &next, IF_NOT, WORDS, words);
		expect_len(to, leave, FRAME, at + (int)sizeof(struct udphdr));
		bpf_load(to, BPF_H, TO_PORT, FRAME, at + DESTINATION_PORT);
		bpf_load(to, BPF_H, FROM_PORT, FRAME, at + SOURCE_PORT);
		bpf_jump(to, &loaded, BPF_JMP | BPF_JA, 0, 0);
		bpf_land(to, &next);
	}
	bpf_jump(to, leave, BPF_JMP | BPF_JA, 0, 0);
	bpf_land(to, &loaded);
}

static void expect_ipv4(struct bpf_code *to, struct bpf_jumps *leave)
{
	expect(to, leave, BPF_H, ETHERNET_TYPE, htons(ETH_P_IP));
	bpf_load(to, BPF_B, FIELD, FRAME, IP_VERSION_AND_LEN);
	bpf_with(to, BPF_AND, FIELD, 0xf0);
	bpf_jump(to, leave, IF_NOT, FIELD, 0x40);
	/* No later piece: it has no ports. */
	bpf_load(to, BPF_H, FIELD, FRAME, IP_FRAGMENT);
	bpf_jump(to, leave, IF_BITS, FIELD, htons(0x1fff));
	load_ports(to, leave);
}

static void expect_flow(struct bpf_code *to, struct bpf_jumps *leave,
			const struct frame_port_flow *flow)
{
	expect(to, leave, BPF_B, IP_PROTOCOL_AT, flow->protocol);
	expect(to, leave, BPF_W, IP_DESTINATION,
	       flow->destination.sin_addr.s_addr);
	bpf_jump(to, leave, IF_NOT, TO_PORT, flow->destination.sin_port);
	if (flow->source.sin_addr.s_addr)
		expect(to, leave, BPF_W, IP_SOURCE,
		       flow->source.sin_addr.s_addr);
	if (flow->source.sin_port)
		bpf_jump(to, leave, IF_NOT, FROM_PORT, flow->source.sin_port);
	if (flow->protocol == IPPROTO_UDP)
		return;
	expect(to, leave, BPF_B, IP_VERSION_AND_LEN, 0x45);
	bpf_load(to, BPF_H, FIELD, FRAME, IP_FRAGMENT);
	bpf_jump(to, leave, IF_BITS, FIELD, htons(0x3fff));
}

/* Who receives finds MERGED right before the frame. */
static void merged_tell(struct bpf_code *to, struct bpf_jumps *leave)
{
	bpf_copy(to, ARGUMENT_1, CONTEXT);
	bpf_set(to, ARGUMENT_2, -(int)sizeof(uint32_t));
	bpf_call(to, BPF_FUNC_xdp_adjust_meta);
	bpf_jump(to, leave, IF_NOT, RESULT, 0);
	bpf_load(to, BPF_W, ARGUMENT_1, CONTEXT,
		 offsetof(struct xdp_md, data_meta));
	bpf_load(to, BPF_W, END, CONTEXT, offsetof(struct xdp_md, data));
	expect_len(to, leave, ARGUMENT_1, sizeof(uint32_t));
	bpf_store(to, BPF_W, ARGUMENT_1, 0, MERGED);
}

/* What is not in the frame's bytes. */
static void expect_beside(struct bpf_code *to, struct bpf_jumps *leave,
			  const struct xdp_beside *beside)
{
	switch (beside->way) {
	case XDP_BESIDE_NOTHING:
		return;
	case XDP_BESIDE_DRIVER:
		xdp_beside_ask_driver(to, beside, CONTEXT, FIELD);
		bpf_jump(to, leave, IF_BITS, FIELD, 0x0fff);
		return;
	case XDP_BESIDE_STACK:
		xdp_beside_ask_stack(to, leave, beside, FIELD, MERGED);
		bpf_jump(to, leave, IF_BITS, FIELD, 0x0fff);
		merged_tell(to, leave);
	}
}

/* return bpf_redirect_map(map, context->rx_queue_index, XDP_PASS); */
static void redirect(struct bpf_code *to, int sockets)
{
	bpf_load_map(to, ARGUMENT_1, sockets);
	bpf_load(to, BPF_W, ARGUMENT_2, CONTEXT,
		 offsetof(struct xdp_md, rx_queue_index));
	bpf_set(to, ARGUMENT_3, XDP_PASS);
	bpf_call(to, BPF_FUNC_redirect_map);
	bpf_leave(to);
}

static void pass(struct bpf_code *to)
{
	bpf_set(to, RESULT, XDP_PASS);
	bpf_leave(to);
}

int xdp_program_load(const struct xdp_program *program)
{
	struct bpf_jumps to_end = { .count = 0 }, found = { .count = 0 };
	struct bpf_code to = { .len = 0 };
	struct bpf_prog_load_opts options = { .sz = sizeof(options) };
	int fd;

	if (program->count > XDP_PROGRAM_FLOWS_MAX)
		return -E2BIG;
	bpf_copy(&to, CONTEXT, ARGUMENT_1);
	bpf_load(&to, BPF_W, FRAME, CONTEXT, offsetof(struct xdp_md, data));
	bpf_load(&to, BPF_W, END, CONTEXT, offsetof(struct xdp_md, data_end));
	expect_len(&to, &to_end, FRAME, NEEDED_LEN);
	expect_ethernet(&to, &to_end, program->ethernet);
	leave_priority(&to, &to_end);
	expect_ipv4(&to, &to_end);
	for (unsigned int i = 0; i < program->count; i++) {
		struct bpf_jumps to_next = { .count = 0 };

		expect_flow(&to, &to_next, &program->flows[i]);
		bpf_jump(&to, &found, BPF_JMP | BPF_JA, 0, 0);
		bpf_land(&to, &to_next);
	}
	bpf_jump(&to, &to_end, BPF_JMP | BPF_JA, 0, 0);
	if (found.count) {
		bpf_land(&to, &found);
		expect_beside(&to, &to_end, program->beside);
		redirect(&to, program->sockets);
	}
	bpf_land(&to, &to_end);
	pass(&to);
	if (program->beside->way == XDP_BESIDE_DRIVER) {
		options.prog_ifindex = program->beside->interface_index;
		options.prog_flags = BPF_F_XDP_DEV_BOUND_ONLY;
	}
	fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "t2t_redirect", "Dual MIT/GPL",
			   to.code, to.len, &options);
	return fd < 0 ? -errno : fd;
}

#endif
