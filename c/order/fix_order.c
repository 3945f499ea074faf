/* SPDX-License-Identifier: MIT */
#include "order/fix_order.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/decimal.h"
#include "base/mem.h"
#include "order/fix_refuse.h"
#include "order/fix_send.h"

/* The order's fields, which are there and in shape; what is wrong. */
static enum fix_reason field_take(const struct fix_message *message,
				  const struct fix_field *field,
				  struct fix_order *taken)
{
	const uint8_t *text = fix_value(message, field);
	int64_t number;

	switch (field->tag) {
	case FIX_POSS_RESEND:
		/* Taken already, under another number? Nobody knows. */
		return *text == 'Y' ? FIX_BAD_VALUE : FIX_NO_FAULT;
	case FIX_CL_ORD_ID:
		if (field->len > FIX_CL_ORD_ID_MAX)
			return FIX_BAD_VALUE;
		memcpy(taken->id, text, field->len);
		taken->id_len = field->len;
		break;
	case FIX_SYMBOL:
		if (field->len > FIX_SYMBOL_MAX)
			return FIX_BAD_VALUE;
		memcpy(taken->symbol, text, field->len);
		taken->symbol_len = field->len;
		break;
	case FIX_ORD_TYPE:
		return *text == '2' ? FIX_NO_FAULT : FIX_BAD_VALUE;
	case FIX_SIDE:
		if (*text != '1' && *text != '2')
			return FIX_BAD_VALUE;
		taken->order.side = *text == '1' ? ORDER_BUY : ORDER_SELL;
		break;
	case FIX_ORDER_QTY:
		if (fix_decimal(text, field->len, &number) < 0 || number < 0 ||
		    number % DECIMAL_ONE != 0 ||
		    number / DECIMAL_ONE > UINT32_MAX)
			return FIX_BAD_VALUE;
		taken->order.quantity = (uint32_t)(number / DECIMAL_ONE);
		break;
	case FIX_PRICE:
		if (fix_decimal(text, field->len, &number) < 0)
			return FIX_BAD_VALUE;
		taken->order.price = number;
		break;
	}
	return FIX_NO_FAULT;
}

bool fix_order_take(struct fix_order *taken, struct fix_session *session,
		    const struct fix_message *message)
{
	static const uint32_t needed[] = { FIX_ORDER_QTY, FIX_PRICE };
	enum fix_reason reason = FIX_NO_FAULT;
	uint32_t tag = 0;

	taken->sequence = session->next_in - 1;
	for (unsigned int i = 0; i < message->count && reason == FIX_NO_FAULT;
	     i++) {
		tag = message->fields[i].tag;
		reason = field_take(message, &message->fields[i], taken);
	}
	for (size_t i = 0; i < ARRAY_SIZE(needed) && reason == FIX_NO_FAULT;
	     i++) {
		tag = needed[i];
		if (!fix_find(message, tag))
			reason = FIX_TAG_MISSING;
	}
	if (reason == FIX_NO_FAULT)
		return true;
	fix_session_reject(session, message, reason, (int32_t)tag);
	return false;
}

/* A number of so many digits, as fix_prepared_patch() writes it. */
static bool hex_read(const uint8_t *text, size_t len, uint32_t *number)
{
	*number = 0;
	for (size_t i = 0; i < len; i++) {
		const uint32_t decimal = (uint32_t)text[i] - '0';
		const uint32_t letter = (uint32_t)text[i] - 'A';

		if (decimal > 9 && letter > 5)
			return false;
		*number = *number << 4 | (decimal > 9 ? letter + 10 : decimal);
	}
	return true;
}

bool fix_order_cause(const struct fix_order *taken, struct order_cause *cause)
{
	uint32_t tag, own;

	if (taken->id_len != FIX_CL_ORD_ID_LEN || taken->id[11] != '-' ||
	    !hex_read(taken->id, 3, &tag) ||
	    !hex_read(taken->id + 3, 8, &cause->sequence) ||
	    !hex_read(taken->id + 12, 8, &own))
		return false;
	cause->tag = (uint16_t)tag;
	return true;
}

void fix_order_answer(const struct fix_order *taken,
		      struct fix_session *session, const char *fault)
{
	struct fix_builder builder;

	fix_send_begin(session, &builder, "8");
	fix_add_text(&builder, FIX_AVG_PX, "0");
	fix_add(&builder, FIX_CL_ORD_ID, taken->id, taken->id_len);
	fix_add_text(&builder, FIX_CUM_QTY, "0");
	fix_add_unsigned(&builder, FIX_EXEC_ID, session->store->next_out);
	if (session->config.version == FIX_4_2)
		fix_add_text(&builder, FIX_EXEC_TRANS_TYPE, "0");
	fix_add_unsigned(&builder, FIX_ORDER_ID, taken->sequence);
	fix_add_unsigned(&builder, FIX_ORDER_QTY, taken->order.quantity);
	fix_add_text(&builder, FIX_ORD_STATUS, fault ? "8" : "0");
	fix_add_decimal(&builder, FIX_PRICE, taken->order.price);
	fix_add_text(&builder, FIX_SIDE,
		     taken->order.side == ORDER_BUY ? "1" : "2");
	fix_add(&builder, FIX_SYMBOL, taken->symbol, taken->symbol_len);
	if (fault)
		fix_add_text(&builder, FIX_TEXT, fault);
	fix_add_text(&builder, FIX_EXEC_TYPE, fault ? "8" : "0");
	fix_add_unsigned(&builder, FIX_LEAVES_QTY,
			 fault ? 0 : taken->order.quantity);
	fix_send_end(session, &builder, true);
}

int fix_order_build(struct fix_session *session,
		    const struct order_cause *cause, const struct order *order,
		    const char *symbol)
{
	char id[FIX_CL_ORD_ID_LEN + 1];
	struct fix_builder builder;

	snprintf(id, sizeof(id), "%03X%08" PRIX32 "-%08" PRIX32,
		 cause->tag & 0xfffU, cause->sequence,
		 session->store->next_out);
	fix_send_begin(session, &builder, "D");
	fix_add_text(&builder, FIX_CL_ORD_ID, id);
	if (session->config.version == FIX_4_2)
		fix_add_text(&builder, FIX_HANDL_INST, "1");
	fix_add_unsigned(&builder, FIX_ORDER_QTY, order->quantity);
	fix_add_text(&builder, FIX_ORD_TYPE, "2");
	fix_add_decimal(&builder, FIX_PRICE, order->price);
	fix_add_text(&builder, FIX_SIDE,
		     order->side == ORDER_BUY	 ? "1"
		     : order->side == ORDER_SELL ? "2"
						 : "0");
	fix_add_text(&builder, FIX_SYMBOL, symbol);
	fix_add_time(&builder, FIX_TRANSACT_TIME, session->wall_ns);
	return fix_send_end(session, &builder, true) ? 0 : -ENOSPC;
}
