/* SPDX-License-Identifier: MIT */
/*
 * What a FIX session keeps: the two next sequence numbers, and the last
 * messages that went out, to be sent again when the peer asks. In memory, or a
 * file that is mapped: what was written is there after a kill -9, too (not
 * after a power cut). A number counts once its message is whole.
 */
#ifndef ORDER_FIX_STORE_H
#define ORDER_FIX_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/line_once.h"

#define FIX_STORE_SLOTS	  1024 /* messages */
#define FIX_STORE_MESSAGE 504  /* bytes of the longest */
#define FIX_STORE_NAME	  80

struct fix_store_slot {
	uint32_t sequence; /* 0: empty */
	uint16_t len;
	uint8_t application; /* is sent again; else it is gap-filled */
	uint8_t reserved;
	uint8_t bytes[FIX_STORE_MESSAGE];
};

struct fix_store_content {
	char magic[8];
	char name[FIX_STORE_NAME];
	struct line_note received; /* fix_store_received() */
	uint32_t next_out;
	struct fix_store_slot slots[FIX_STORE_SLOTS];
};

struct fix_store {
	struct fix_store_content *content;
	int fd; /* -1: in memory alone */
};

/* In the folder, the file NAME.fix, kept from anybody else while it is open;
 * folder "": in memory. 0; -EBUSY: somebody has it open; or another negative
 * errno; all but -EBUSY logged. */
int fix_store_open(struct fix_store *store, const char *folder,
		   const char *name);
void fix_store_close(struct fix_store *store); /* also of zeros: fd -1 */

/* Both numbers are 1 again, and nothing is kept: marks of before no longer
 * count. */
void fix_store_reset(struct fix_store_content *content);

/* The number that the peer's next message has, as far as it will be remembered
 * after a kill: behind how often the numbers began anew. */
static inline uint32_t fix_store_next_in(
	const struct fix_store_content *content)
{
	return (uint32_t)__atomic_load_n(&content->received.value,
					 __ATOMIC_ACQUIRE);
}

/* The value that `received` has with this number. */
static inline uint64_t fix_store_received(
	const struct fix_store_content *content, uint32_t next_in)
{
	return (__atomic_load_n(&content->received.value, __ATOMIC_RELAXED) >>
		32 << 32) |
	       next_in;
}

static inline struct fix_store_slot *fix_store_slot(
	struct fix_store_content *content, uint32_t sequence)
{
	return &content->slots[sequence % FIX_STORE_SLOTS];
}

#endif
