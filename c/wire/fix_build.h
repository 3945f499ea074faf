/* SPDX-License-Identifier: MIT */
/*
 * FIX messages written: any, field after field, or a NewOrderSingle that was
 * prepared and is patched. All numbers of a prepared one have their full
 * width, with leading zeros, as FIX allows: none of its bytes ever moves.
 */
#ifndef WIRE_FIX_BUILD_H
#define WIRE_FIX_BUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/order.h"

#define FIX_TIME_LEN	  21 /* "20260131-12:30:00.000" */
#define FIX_CL_ORD_ID_LEN 20
#define FIX_COMP_ID_MAX	  32 /* of ours, and of a peer that is taken */
#define FIX_SYMBOL_MAX	  32
#define FIX_PREPARED_MAX  384

/* Room for BeginString and BodyLength, which are written last. */
#define FIX_BUILDER_HEAD 24

struct fix_builder {
	uint8_t *bytes;
	size_t size, end;
	bool full; /* something had no room: there will be no message */
};

/* Begin with the body, at bytes + FIX_BUILDER_HEAD. */
void fix_builder_begin(struct fix_builder *builder, uint8_t *bytes,
		       size_t size);
void fix_add(struct fix_builder *builder, uint32_t tag, const void *value,
	     size_t len);
void fix_add_text(struct fix_builder *builder, uint32_t tag, const char *text);
void fix_add_unsigned(struct fix_builder *builder, uint32_t tag,
		      uint64_t value);
void fix_add_signed(struct fix_builder *builder, uint32_t tag, int64_t value);
void fix_add_decimal(struct fix_builder *builder, uint32_t tag, int64_t nano);
void fix_add_time(struct fix_builder *builder, uint32_t tag, uint64_t ns);

/* BeginString, BodyLength and CheckSum: the message, *len bytes of builder's;
 * NULL: it had no room. */
const uint8_t *fix_builder_end(struct fix_builder *builder, const char *begin,
			       size_t *len);

/* HOT. The time in whole milliseconds; ns since 1970. */
void fix_time_write(uint64_t ns, uint8_t text[static FIX_TIME_LEN]);

struct fix_prepared {
	uint8_t bytes[FIX_PREPARED_MAX];
	uint16_t len;
	/* Where values lie that are patched. */
	uint16_t sequence, time, id, quantity, price, side, transact_time;
	uint8_t sum;	    /* of what is never patched */
	uint64_t second_ns; /* whose text is there: its begin */
	uint8_t second_sum; /* of that text, both times */
};

/* 0 or -EMSGSIZE. hands: HandlInst is part of it (4.2). */
int fix_prepare(struct fix_prepared *prepared, const char *begin,
		const char *sender, const char *target, const char *symbol,
		bool hands);

/* HOT. Make it this order's: prepared->bytes, prepared->len of them. sequence:
 * below 1,000,000,000. */
void fix_prepared_patch(struct fix_prepared *prepared, uint32_t sequence,
			uint64_t ns, const struct order_cause *cause,
			const struct order *order);

#endif
