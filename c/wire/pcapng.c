/* SPDX-License-Identifier: MIT */
#include <endian.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "wire/pcapng.h"

enum block_type {
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_INTERFACE = 1,
	BLOCK_STATISTICS = 5,
	BLOCK_PACKET = 6,
};

enum code {
	CODE_END = 0,
	CODE_COMMENT = 1,
	CODE_SECTION_HARDWARE = 2,
	CODE_SECTION_SYSTEM = 3,
	CODE_SECTION_APPLICATION = 4,
	CODE_INTERFACE_NAME = 2,
	CODE_INTERFACE_DESCRIPTION = 3,
	CODE_INTERFACE_RESOLUTION = 9,
	CODE_PACKET_FLAGS = 2,
	CODE_STATISTICS_RECEIVED = 4,
	CODE_STATISTICS_DROPPED = 5,
};

#define BYTE_ORDER_MAGIC UINT32_C(0x1a2b3c4d)

const char *const pcapng_clock_texts[PCAPNG_CLOCKS] = {
	[PCAPNG_CLOCK_UNTOLD] = "",
	[PCAPNG_CLOCK_KERNEL] = "stamped by the kernel",
	[PCAPNG_CLOCK_RING] = "stamped by the ring's writer",
	[PCAPNG_CLOCK_REGION] = "stamped by a tap on the region",
	[PCAPNG_CLOCK_NIC] = "stamped by the NIC",
};

/* A block in the making; what does not fit is told by block_end(). */
struct block {
	uint8_t *out;
	size_t size;
	size_t len;
	bool full;
};

/* Append bytes, and zeroes up to the next multiple of 4. */
static void put(struct block *block, const void *bytes, size_t len)
{
	size_t padding = -len & 3;

	if (block->full || len > block->size - block->len ||
	    padding > block->size - block->len - len) {
		block->full = true;
		return;
	}
	if (len > 0)
		memcpy(block->out + block->len, bytes, len);
	memset(block->out + block->len + len, 0, padding);
	block->len += len + padding;
}

static void put_u32(struct block *block, uint32_t value)
{
	uint32_t wire = htole32(value);

	put(block, &wire, sizeof(wire));
}

static void put_u16_pair(struct block *block, uint16_t first, uint16_t second)
{
	uint16_t wire[2] = { htole16(first), htole16(second) };

	put(block, wire, sizeof(wire));
}

/* The one 64-bit number of the format whose high half comes first. */
static void put_stamp(struct block *block, uint64_t stamp_ns)
{
	put_u32(block, (uint32_t)(stamp_ns >> 32));
	put_u32(block, (uint32_t)stamp_ns);
}

static void put_option(struct block *block, enum code code, const void *value,
		       uint16_t len)
{
	put_u16_pair(block, (uint16_t)code, len);
	put(block, value, len);
}

static void put_text(struct block *block, enum code code, const char *text)
{
	if (text)
		put_option(block, code, text,
			   (uint16_t)strnlen(text, UINT16_MAX));
}

static void put_counter(struct block *block, enum code code, uint64_t value)
{
	uint64_t wire = htole64(value);

	put_option(block, code, &wire, sizeof(wire));
}

static struct block block_begin(uint8_t *out, size_t size, enum block_type type)
{
	struct block block = { .out = out, .size = size };

	put_u32(&block, type);
	put_u32(&block, 0); /* the length, known at the end */
	return block;
}

static int block_end(struct block *block)
{
	uint32_t total;

	put_option(block, CODE_END, NULL, 0);
	if (block->full || block->len > INT_MAX - sizeof(total))
		return -ENOSPC;
	put_u32(block, (uint32_t)(block->len + sizeof(total)));
	if (block->full)
		return -ENOSPC;
	total = htole32((uint32_t)block->len);
	memcpy(block->out + 4, &total, sizeof(total));
	return (int)block->len;
}

int pcapng_section(uint8_t *out, size_t size, const char *hardware,
		   const char *system, const char *application)
{
	struct block block = block_begin(out, size, BLOCK_SECTION);

	put_u32(&block, BYTE_ORDER_MAGIC);
	put_u16_pair(&block, 1, 0);
	/* The section's length is not known: -1. */
	put_u32(&block, UINT32_MAX);
	put_u32(&block, UINT32_MAX);
	put_text(&block, CODE_SECTION_HARDWARE, hardware);
	put_text(&block, CODE_SECTION_SYSTEM, system);
	put_text(&block, CODE_SECTION_APPLICATION, application);
	return block_end(&block);
}

int pcapng_interface(uint8_t *out, size_t size, uint16_t link_type,
		     uint32_t snap_len, const char *name,
		     const char *description)
{
	struct block block = block_begin(out, size, BLOCK_INTERFACE);
	const uint8_t nanoseconds = 9; /* 10^-9 s */

	put_u16_pair(&block, link_type, 0);
	put_u32(&block, snap_len);
	put_text(&block, CODE_INTERFACE_NAME, name);
	put_text(&block, CODE_INTERFACE_DESCRIPTION, description);
	put_option(&block, CODE_INTERFACE_RESOLUTION, &nanoseconds, 1);
	return block_end(&block);
}

int pcapng_packet_beside(uint8_t *out, size_t size, uint32_t interface_id,
			 uint64_t stamp_ns, const uint8_t *bytes,
			 uint32_t captured_len, uint32_t wire_len,
			 const struct pcapng_beside *beside)
{
	struct block block = block_begin(out, size, BLOCK_PACKET);
	uint32_t flags = htole32(
		(uint32_t)beside->direction | (uint32_t)beside->checksum |
		(beside->gso_tcp ? PCAPNG_SEGMENTATION_OFFLOADED : 0));
	char merged[PCAPNG_MERGED_MAX];

	put_u32(&block, interface_id);
	put_stamp(&block, stamp_ns);
	put_u32(&block, captured_len);
	put_u32(&block, wire_len);
	put(&block, bytes, captured_len);
	if (beside->gso_size > 0) {
		put_option(&block, CODE_COMMENT, merged,
			   (uint16_t)snprintf(merged, sizeof(merged),
					      PCAPNG_MERGED_COMMENT,
					      beside->gso_size));
	}
	put_option(&block, CODE_PACKET_FLAGS, &flags, sizeof(flags));
	return block_end(&block);
}

int pcapng_packet(uint8_t *out, size_t size, uint32_t interface_id,
		  uint64_t stamp_ns, const uint8_t *bytes,
		  uint32_t captured_len, uint32_t wire_len,
		  enum pcapng_direction direction)
{
	const struct pcapng_beside beside = { .direction = direction };

	return pcapng_packet_beside(out, size, interface_id, stamp_ns, bytes,
				    captured_len, wire_len, &beside);
}

int pcapng_statistics(uint8_t *out, size_t size, uint32_t interface_id,
		      uint64_t stamp_ns, uint64_t received, uint64_t dropped)
{
	struct block block = block_begin(out, size, BLOCK_STATISTICS);

	put_u32(&block, interface_id);
	put_stamp(&block, stamp_ns);
	put_counter(&block, CODE_STATISTICS_RECEIVED, received);
	put_counter(&block, CODE_STATISTICS_DROPPED, dropped);
	return block_end(&block);
}
