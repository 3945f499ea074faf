/* SPDX-License-Identifier: MIT */
#include "wire/fix_build.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/decimal.h"
#include "wire/fix.h"
#include "wire/fix_digits.h"

#define TRAILER_LEN  7
#define SECOND_LEN   18 /* "20260131-12:30:00." */
#define S_PER_DAY    86400
#define SEQUENCE_LEN 9
#define QUANTITY_LEN 10
#define PRICE_LEN    21 /* "00000061800.100000000" */

/*
 * Any message.
 */

void fix_builder_begin(struct fix_builder *builder, uint8_t *bytes, size_t size)
{
	builder->bytes = bytes;
	builder->size = size;
	builder->end = FIX_BUILDER_HEAD;
	builder->full = size < FIX_BUILDER_HEAD + TRAILER_LEN;
}

void fix_add(struct fix_builder *builder, uint32_t tag, const void *value,
	     size_t len)
{
	char text[12];
	size_t tag_len = (size_t)snprintf(text, sizeof(text), "%u=", tag);

	if (builder->full ||
	    builder->size - TRAILER_LEN - builder->end < tag_len + len + 1) {
		builder->full = true;
		return;
	}
	memcpy(builder->bytes + builder->end, text, tag_len);
	memcpy(builder->bytes + builder->end + tag_len, value, len);
	builder->end += tag_len + len;
	builder->bytes[builder->end++] = FIX_SOH;
}

void fix_add_text(struct fix_builder *builder, uint32_t tag, const char *text)
{
	fix_add(builder, tag, text, strlen(text));
}

void fix_add_unsigned(struct fix_builder *builder, uint32_t tag, uint64_t value)
{
	char text[24];
	int len =
		snprintf(text, sizeof(text), "%llu", (unsigned long long)value);

	fix_add(builder, tag, text, (size_t)len);
}

void fix_add_signed(struct fix_builder *builder, uint32_t tag, int64_t value)
{
	char text[24];
	int len = snprintf(text, sizeof(text), "%lld", (long long)value);

	fix_add(builder, tag, text, (size_t)len);
}

void fix_add_decimal(struct fix_builder *builder, uint32_t tag, int64_t nano)
{
	char text[DECIMAL_TEXT_MAX];

	fix_add(builder, tag, text, decimal_format(nano, text));
}

void fix_add_time(struct fix_builder *builder, uint32_t tag, uint64_t ns)
{
	uint8_t text[FIX_TIME_LEN];

	fix_time_write(ns, text);
	fix_add(builder, tag, text, sizeof(text));
}

static uint8_t sum_of(const uint8_t *bytes, size_t len)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + bytes[i]);
	return sum;
}

static void sum_write(uint8_t *trailer, uint8_t sum)
{
	trailer[3] = (uint8_t)('0' + sum / 100);
	trailer[4] = (uint8_t)('0' + sum / 10 % 10);
	trailer[5] = (uint8_t)('0' + sum % 10);
}

const uint8_t *fix_builder_end(struct fix_builder *builder, const char *begin,
			       size_t *len)
{
	static const uint8_t trailer[TRAILER_LEN] = { '1', '0', '=',	'0',
						      '0', '0', FIX_SOH };
	char head[FIX_BUILDER_HEAD + 8];
	size_t head_len, whole;
	uint8_t *message;

	head_len = (size_t)snprintf(head, sizeof(head), "8=%s%c9=%zu%c", begin,
				    FIX_SOH, builder->end - FIX_BUILDER_HEAD,
				    FIX_SOH);
	if (builder->full || head_len > FIX_BUILDER_HEAD)
		return NULL;
	message = builder->bytes + FIX_BUILDER_HEAD - head_len;
	whole = builder->end - FIX_BUILDER_HEAD + head_len;
	memcpy(message, head, head_len);
	memcpy(message + whole, trailer, TRAILER_LEN);
	sum_write(message + whole, sum_of(message, whole));
	*len = whole + TRAILER_LEN;
	return message;
}

/* "20260131-12:30:00."; the date as in wire/fix_value. */
static void second_write(uint64_t second, uint8_t text[static SECOND_LEN])
{
	int64_t days = (int64_t)(second / S_PER_DAY) + 719468;
	int64_t era = days / 146097, of_era = days - era * 146097;
	int64_t years =
		(of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) /
		365;
	int64_t of_year = of_era - (365 * years + years / 4 - years / 100);
	int64_t month = (5 * of_year + 2) / 153;
	int64_t day = of_year - (153 * month + 2) / 5 + 1;
	uint32_t of_day = (uint32_t)(second % S_PER_DAY);
	uint32_t date;

	month += month < 10 ? 3 : -9;
	years += era * 400 + (month <= 2);
	date = (uint32_t)(years * 10000 + month * 100 + day);
	fix_word_write(text, fix_word_of(date));
	fix_word_write(text + 9,
		       fix_word_of(of_day / 3600 * 1000000 +
				   of_day / 60 % 60 * 1000 + of_day % 60));
	text[8] = '-';
	text[11] = text[14] = ':';
	text[17] = '.';
}

/* To both places, so that no load waits for the stores; the sum of one.
 * below_s: below a second. */
static inline uint32_t milliseconds_write(uint32_t below_s, uint8_t *one,
					  uint8_t *other)
{
	const uint32_t ms = below_s / (uint32_t)CLOCK_NS_PER_MS;
	const uint32_t tens = ms / 10, hundreds = ms / 100;

	one[0] = other[0] = (uint8_t)('0' + hundreds);
	one[1] = other[1] = (uint8_t)('0' + tens - hundreds * 10);
	one[2] = other[2] = (uint8_t)('0' + ms - tens * 10);
	return 3 * '0' + hundreds + tens - hundreds * 10 + ms - tens * 10;
}

void fix_time_write(uint64_t ns, uint8_t text[static FIX_TIME_LEN])
{
	second_write(ns / CLOCK_NS_PER_S, text);
	milliseconds_write((uint32_t)(ns % CLOCK_NS_PER_S), text + SECOND_LEN,
			   text + SECOND_LEN);
}

/*
 * The one that is prepared.
 */

/* A field of so many bytes that are 0, and add nothing to the sum; where they
 * lie. */
static uint16_t gap_add(struct fix_builder *builder, uint32_t tag, size_t len)
{
	static const uint8_t none[FIX_TIME_LEN];

	fix_add(builder, tag, none, len);
	return (uint16_t)(builder->end - len - 1);
}

int fix_prepare(struct fix_prepared *prepared, const char *begin,
		const char *sender, const char *target, const char *symbol,
		bool hands)
{
	uint8_t bytes[FIX_PREPARED_MAX];
	struct fix_builder builder;
	const uint8_t *message;
	uint16_t moved;
	size_t len;

	fix_builder_begin(&builder, bytes, sizeof(bytes));
	fix_add_text(&builder, FIX_MSG_TYPE, "D");
	prepared->sequence = gap_add(&builder, FIX_MSG_SEQ_NUM, SEQUENCE_LEN);
	fix_add_text(&builder, FIX_SENDER_COMP_ID, sender);
	prepared->time = gap_add(&builder, FIX_SENDING_TIME, FIX_TIME_LEN);
	fix_add_text(&builder, FIX_TARGET_COMP_ID, target);
	prepared->id = gap_add(&builder, FIX_CL_ORD_ID, FIX_CL_ORD_ID_LEN);
	if (hands)
		fix_add_text(&builder, FIX_HANDL_INST, "1");
	prepared->quantity = gap_add(&builder, FIX_ORDER_QTY, QUANTITY_LEN);
	fix_add_text(&builder, FIX_ORD_TYPE, "2");
	prepared->price = gap_add(&builder, FIX_PRICE, PRICE_LEN);
	prepared->side = gap_add(&builder, FIX_SIDE, 1);
	fix_add_text(&builder, FIX_SYMBOL, symbol);
	prepared->transact_time =
		gap_add(&builder, FIX_TRANSACT_TIME, FIX_TIME_LEN);
	message = fix_builder_end(&builder, begin, &len);
	if (!message)
		return -EMSGSIZE;
	moved = (uint16_t)(message - bytes);
	prepared->sequence -= moved;
	prepared->time -= moved;
	prepared->id -= moved;
	prepared->quantity -= moved;
	prepared->price -= moved;
	prepared->side -= moved;
	prepared->transact_time -= moved;
	prepared->len = (uint16_t)len;
	memcpy(prepared->bytes, message, len);
	prepared->bytes[prepared->id + 11] = '-';
	prepared->bytes[prepared->price + 11] = '.';
	prepared->sum = sum_of(prepared->bytes, len - TRAILER_LEN);
	/* Far from any. */
	prepared->second_ns = 0 - 2 * CLOCK_NS_PER_S;
	return 0;
}

__attribute__((cold, noinline)) static void second_patch(
	struct fix_prepared *prepared, uint64_t second)
{
	uint8_t *text = prepared->bytes + prepared->time;

	second_write(second, text);
	memcpy(prepared->bytes + prepared->transact_time, text, SECOND_LEN);
	prepared->second_ns = second * CLOCK_NS_PER_S;
	prepared->second_sum = (uint8_t)(2 * sum_of(text, SECOND_LEN));
}

/* A digit; its place in the sum. */
static inline uint32_t digit_write(uint8_t *at, uint32_t digit)
{
	*at = (uint8_t)('0' + digit);
	return '0' + digit;
}

static inline uint32_t times_patch(struct fix_prepared *prepared, uint64_t ns)
{
	uint8_t *one = prepared->bytes + prepared->time + SECOND_LEN;
	uint8_t *other = prepared->bytes + prepared->transact_time + SECOND_LEN;

	if (__builtin_expect(ns - prepared->second_ns >= CLOCK_NS_PER_S, 0))
		second_patch(prepared, ns / CLOCK_NS_PER_S);
	return prepared->second_sum +
	       2 * milliseconds_write((uint32_t)(ns - prepared->second_ns), one,
				      other);
}

/* The session's tag, the datagram, and the order's own number. */
static inline uint32_t id_patch(uint8_t *id, struct order_cause cause,
				uint32_t sequence)
{
	static const char digits[] = "0123456789ABCDEF";

	id[0] = (uint8_t)digits[cause.tag >> 8 & 0xf];
	id[1] = (uint8_t)digits[cause.tag >> 4 & 0xf];
	id[2] = (uint8_t)digits[cause.tag & 0xf];
	return (uint32_t)id[0] + id[1] + id[2] +
	       fix_hex_write(id + 3, cause.sequence, id + 12, sequence);
}

/* Sign, ten digits, the point that is there, nine digits. */
static inline uint32_t price_patch(uint8_t *text, int64_t nano)
{
	const uint64_t size = nano < 0 ? 0 - (uint64_t)nano : (uint64_t)nano;
	const uint64_t whole = size / CLOCK_NS_PER_S;
	const uint32_t fraction = (uint32_t)(size - whole * CLOCK_NS_PER_S);
	const uint32_t tenths = fraction / 100000000;
	uint32_t low = (uint32_t)whole, high = 0, tens, sum;

	if (__builtin_expect(whole >= 100000000, 0)) {
		high = (uint32_t)(whole / 100000000);
		low = (uint32_t)(whole % 100000000);
	}
	tens = high / 10;
	text[0] = nano < 0 ? '-' : '0';
	sum = text[0];
	sum += digit_write(text + 1, tens);
	sum += digit_write(text + 2, high - tens * 10);
	sum += digit_write(text + 12, tenths);
	return sum + fix_numbers_write(text + 3, low, text + 13,
				       fraction - tenths * 100000000);
}

void fix_prepared_patch(struct fix_prepared *prepared, uint32_t sequence,
			uint64_t ns, const struct order_cause *cause,
			const struct order *order)
{
	/* A store to a byte may change whatever is read behind it, as far as
	 * the compiler knows: all is read before. */
	uint8_t *number_at = prepared->bytes + prepared->sequence;
	uint8_t *quantity_at = prepared->bytes + prepared->quantity;
	uint8_t *id_at = prepared->bytes + prepared->id;
	uint8_t *price_at = prepared->bytes + prepared->price;
	uint8_t *side_at = prepared->bytes + prepared->side;
	uint8_t *trailer = prepared->bytes + prepared->len - TRAILER_LEN;
	const struct order_cause answers = *cause;
	const uint32_t quantity = order->quantity;
	const int64_t price = order->price;
	const uint32_t side = order->side;
	const uint32_t number_high = sequence / 100000000;
	const uint32_t quantity_high = quantity / 100000000;
	uint32_t sum = prepared->sum;

	sum += times_patch(prepared, ns);
	sum += digit_write(number_at, number_high);
	sum += digit_write(quantity_at, quantity_high / 10);
	sum += digit_write(quantity_at + 1, quantity_high % 10);
	sum += fix_numbers_write(
		number_at + 1, sequence - number_high * 100000000,
		quantity_at + 2, quantity - quantity_high * 100000000);
	sum += id_patch(id_at, answers, sequence);
	sum += price_patch(price_at, price);
	sum += digit_write(side_at, side <= ORDER_SELL ? side + 1 : 0);
	sum_write(trailer, (uint8_t)sum);
}
