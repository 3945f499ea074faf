/* SPDX-License-Identifier: MIT */
/*
 * BPF programs put together instruction by instruction, so that no compiler
 * for BPF is needed and what they look for are constants in them. Linux:
 * bpf(2), Documentation/bpf/standardization/instruction-set.rst.
 */
#ifndef NET_BPF_CODE_H
#define NET_BPF_CODE_H

#include <linux/bpf.h>
#include <stdint.h>

#define BPF_CODE_MAX  320
#define BPF_JUMPS_MAX 64

/* Jumps to a place that lies ahead. */
struct bpf_jumps {
	unsigned int at[BPF_JUMPS_MAX];
	unsigned int count;
};

/* A program in the making. */
struct bpf_code {
	struct bpf_insn code[BPF_CODE_MAX];
	unsigned int len;
};

static inline void bpf_emit(struct bpf_code *to, struct bpf_insn instruction)
{
	to->code[to->len++] = instruction;
}

static inline void bpf_copy(struct bpf_code *to, uint8_t target, uint8_t source)
{
	bpf_emit(to, (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_X,
					.dst_reg = target & 0xf,
					.src_reg = source & 0xf });
}

static inline void bpf_set(struct bpf_code *to, uint8_t target, int32_t value)
{
	bpf_emit(to, (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_K,
					.dst_reg = target & 0xf,
					.imm = value });
}

/* target = target operation value; operation: BPF_ADD, BPF_AND, BPF_LSH. */
static inline void bpf_with(struct bpf_code *to, uint8_t operation,
			    uint8_t target, int32_t value)
{
	bpf_emit(to, (struct bpf_insn){
			     .code = (uint8_t)(BPF_ALU64 | BPF_K | operation),
			     .dst_reg = target & 0xf,
			     .imm = value });
}

static inline void bpf_add(struct bpf_code *to, uint8_t target, uint8_t source)
{
	bpf_emit(to, (struct bpf_insn){ .code = BPF_ALU64 | BPF_ADD | BPF_X,
					.dst_reg = target & 0xf,
					.src_reg = source & 0xf });
}

/* target = *(size *)(base + at); size: BPF_B, BPF_H, BPF_W or BPF_DW. */
static inline void bpf_load(struct bpf_code *to, uint8_t size, uint8_t target,
			    uint8_t base, int16_t at)
{
	bpf_emit(to,
		 (struct bpf_insn){ .code = (uint8_t)(BPF_LDX | BPF_MEM | size),
				    .dst_reg = target & 0xf,
				    .src_reg = base & 0xf,
				    .off = at });
}

/* *(size *)(base + at) = source. */
static inline void bpf_store(struct bpf_code *to, uint8_t size, uint8_t base,
			     int16_t at, uint8_t source)
{
	bpf_emit(to,
		 (struct bpf_insn){ .code = (uint8_t)(BPF_STX | BPF_MEM | size),
				    .dst_reg = base & 0xf,
				    .src_reg = source & 0xf,
				    .off = at });
}

/* Eight bytes of the stack. */
static inline void bpf_clear(struct bpf_code *to, int16_t at)
{
	bpf_emit(to, (struct bpf_insn){ .code = BPF_ST | BPF_MEM | BPF_DW,
					.dst_reg = BPF_REG_10,
					.off = at });
}

/* target = its address. */
static inline void bpf_stack(struct bpf_code *to, uint8_t target, int16_t at)
{
	bpf_copy(to, target, BPF_REG_10);
	bpf_with(to, BPF_ADD, target, at);
}

/* Two slots for one instruction. */
static inline void bpf_load_map(struct bpf_code *to, uint8_t target, int map_fd)
{
	bpf_emit(to, (struct bpf_insn){ .code = BPF_LD | BPF_DW | BPF_IMM,
					.dst_reg = target & 0xf,
					.src_reg = BPF_PSEUDO_MAP_FD,
					.imm = map_fd });
	bpf_emit(to, (struct bpf_insn){ .code = 0 });
}

static inline void bpf_call(struct bpf_code *to, int32_t helper)
{
	bpf_emit(to, (struct bpf_insn){ .code = BPF_JMP | BPF_CALL,
					.imm = helper });
}

/* A function of the kernel's, by the id of its type (BTF). */
static inline void bpf_call_kernel(struct bpf_code *to, int32_t id)
{
	bpf_emit(to, (struct bpf_insn){ .code = BPF_JMP | BPF_CALL,
					.src_reg = BPF_PSEUDO_KFUNC_CALL,
					.imm = id });
}

static inline void bpf_leave(struct bpf_code *to)
{
	bpf_emit(to, (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT });
}

/* code: as BPF_JMP32 | BPF_JNE | BPF_K. */
static inline void bpf_jump(struct bpf_code *to, struct bpf_jumps *jumps,
			    uint8_t code, uint8_t with, int32_t value)
{
	jumps->at[jumps->count++] = to->len;
	bpf_emit(to, (struct bpf_insn){ .code = code,
					.dst_reg = with & 0xf,
					.imm = value });
}

/* If one register is greater than the other. */
static inline void bpf_jump_past(struct bpf_code *to, struct bpf_jumps *jumps,
				 uint8_t one, uint8_t other)
{
	jumps->at[jumps->count++] = to->len;
	bpf_emit(to, (struct bpf_insn){ .code = BPF_JMP | BPF_JGT | BPF_X,
					.dst_reg = one & 0xf,
					.src_reg = other & 0xf });
}

/* The jumps lead here. */
static inline void bpf_land(struct bpf_code *to, struct bpf_jumps *jumps)
{
	for (unsigned int i = 0; i < jumps->count; i++)
		to->code[jumps->at[i]].off =
			(int16_t)(to->len - jumps->at[i] - 1);
	jumps->count = 0;
}

#endif
