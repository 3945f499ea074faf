/* SPDX-License-Identifier: MIT */
#include "net/xdp_program.h"

#if defined(HAVE_LIBXDP) && defined(HAVE_LIBBPF)

#include <errno.h>
#include <stddef.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <bpf/bpf.h>

#define INSTRUCTIONS_MAX 128
#define JUMPS_MAX	 16

/* Where fields lie in a frame: from its begin. */
enum {
	ETHERNET_TYPE = offsetof(struct ethhdr, h_proto),
	IP = sizeof(struct ethhdr),
	IP_VERSION_AND_LEN = IP, /* 4 bits each; no options: 0x45 */
	IP_FRAGMENT = IP + offsetof(struct iphdr, frag_off),
	IP_PROTOCOL_AT = IP + offsetof(struct iphdr, protocol),
	IP_SOURCE = IP + offsetof(struct iphdr, saddr),
	IP_DESTINATION = IP + offsetof(struct iphdr, daddr),
	/* TCP has its ports at the same place. */
	SOURCE_PORT =
		IP + sizeof(struct iphdr) + offsetof(struct udphdr, source),
	DESTINATION_PORT =
		IP + sizeof(struct iphdr) + offsetof(struct udphdr, dest),
	NEEDED_LEN = IP + sizeof(struct iphdr) + sizeof(struct udphdr),
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
};

/* Jumps to a place that lies ahead. */
struct jumps {
	unsigned int at[JUMPS_MAX];
	unsigned int count;
};

/* A program in the making. */
struct assembler {
	struct bpf_insn code[INSTRUCTIONS_MAX];
	unsigned int len;
	struct jumps to_end;  /* of the program: the kernel's business */
	struct jumps to_next; /* flow */
	struct jumps *away;   /* either: where expect() leads if it is not so */
};

static void emit(struct assembler *to, struct bpf_insn instruction)
{
	to->code[to->len++] = instruction;
}

static void copy(struct assembler *to, uint8_t target, uint8_t source)
{
	emit(to, (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_X,
				    .dst_reg = target & 0xf,
				    .src_reg = source & 0xf });
}

static void set(struct assembler *to, uint8_t target, int32_t value)
{
	emit(to, (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_K,
				    .dst_reg = target & 0xf,
				    .imm = value });
}

static void add(struct assembler *to, uint8_t target, int32_t value)
{
	emit(to, (struct bpf_insn){ .code = BPF_ALU64 | BPF_ADD | BPF_K,
				    .dst_reg = target & 0xf,
				    .imm = value });
}

/* target = *(size *)(base + offset); size: BPF_B, BPF_H or BPF_W. */
static void load(struct assembler *to, uint8_t size, uint8_t target,
		 uint8_t base, int16_t offset)
{
	emit(to, (struct bpf_insn){ .code = BPF_LDX | BPF_MEM | size,
				    .dst_reg = target & 0xf,
				    .src_reg = base & 0xf,
				    .off = offset });
}

/* Two slots for one instruction. */
static void load_map(struct assembler *to, uint8_t target, int map_fd)
{
	emit(to, (struct bpf_insn){ .code = BPF_LD | BPF_DW | BPF_IMM,
				    .dst_reg = target & 0xf,
				    .src_reg = BPF_PSEUDO_MAP_FD,
				    .imm = map_fd });
	emit(to, (struct bpf_insn){ .code = 0 });
}

static void call(struct assembler *to, int32_t helper)
{
	emit(to,
	     (struct bpf_insn){ .code = BPF_JMP | BPF_CALL, .imm = helper });
}

static void leave(struct assembler *to)
{
	emit(to, (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT });
}

static void jump_away(struct assembler *to, struct bpf_insn instruction)
{
	to->away->at[to->away->count++] = to->len;
	emit(to, instruction);
}

/* The jumps lead here. */
static void land(struct assembler *to, struct jumps *jumps)
{
	for (unsigned int i = 0; i < jumps->count; i++)
		to->code[jumps->at[i]].off =
			(int16_t)(to->len - jumps->at[i] - 1);
	jumps->count = 0;
}

/* Away, unless the field has this value, as it lies in memory. */
static void expect(struct assembler *to, uint8_t size, int16_t field,
		   uint32_t value)
{
	load(to, size, FIELD, FRAME, field);
	jump_away(to, (struct bpf_insn){ .code = BPF_JMP32 | BPF_JNE | BPF_K,
					 .dst_reg = FIELD,
					 .imm = (int32_t)value });
}

/* Away, if the frame is too short for what is looked at. */
static void expect_len(struct assembler *to)
{
	copy(to, CONTEXT, ARGUMENT_1);
	load(to, BPF_W, FRAME, CONTEXT, offsetof(struct xdp_md, data));
	load(to, BPF_W, END, CONTEXT, offsetof(struct xdp_md, data_end));
	copy(to, FIELD, FRAME);
	add(to, FIELD, NEEDED_LEN);
	jump_away(to, (struct bpf_insn){ .code = BPF_JMP | BPF_JGT | BPF_X,
					 .dst_reg = FIELD,
					 .src_reg = END });
}

static void expect_plain_ipv4(struct assembler *to)
{
	expect(to, BPF_H, ETHERNET_TYPE, htons(ETH_P_IP));
	expect(to, BPF_B, IP_VERSION_AND_LEN, 0x45);
	/* Neither "more fragments" nor an offset; "don't fragment" may be. */
	load(to, BPF_H, FIELD, FRAME, IP_FRAGMENT);
	jump_away(to, (struct bpf_insn){ .code = BPF_JMP32 | BPF_JSET | BPF_K,
					 .dst_reg = FIELD,
					 .imm = htons(0x3fff) });
}

static void expect_flow(struct assembler *to,
			const struct xdp_program_flow *flow)
{
	expect(to, BPF_B, IP_PROTOCOL_AT, flow->protocol);
	expect(to, BPF_W, IP_DESTINATION, flow->destination.sin_addr.s_addr);
	expect(to, BPF_H, DESTINATION_PORT, flow->destination.sin_port);
	if (flow->source.sin_addr.s_addr)
		expect(to, BPF_W, IP_SOURCE, flow->source.sin_addr.s_addr);
	if (flow->source.sin_port)
		expect(to, BPF_H, SOURCE_PORT, flow->source.sin_port);
}

/* return bpf_redirect_map(map, context->rx_queue_index, XDP_PASS); */
static void redirect(struct assembler *to, int map_fd)
{
	load_map(to, ARGUMENT_1, map_fd);
	load(to, BPF_W, ARGUMENT_2, CONTEXT,
	     offsetof(struct xdp_md, rx_queue_index));
	set(to, ARGUMENT_3, XDP_PASS);
	call(to, BPF_FUNC_redirect_map);
	leave(to);
}

static void pass(struct assembler *to)
{
	set(to, RESULT, XDP_PASS);
	leave(to);
}

int xdp_program_load(const struct xdp_program_flow *flows, unsigned int count,
		     int map_fd)
{
	struct assembler to = { .len = 0 };
	int fd;

	if (count > XDP_PROGRAM_FLOWS_MAX)
		return -E2BIG;
	to.away = &to.to_end;
	expect_len(&to);
	expect_plain_ipv4(&to);
	for (unsigned int i = 0; i < count; i++) {
		to.away = &to.to_next;
		expect_flow(&to, &flows[i]);
		redirect(&to, map_fd);
		land(&to, &to.to_next);
	}
	land(&to, &to.to_end);
	pass(&to);
	fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "t2t_redirect", "Dual MIT/GPL",
			   to.code, to.len, NULL);
	return fd < 0 ? -errno : fd;
}

#endif
