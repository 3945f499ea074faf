/* SPDX-License-Identifier: MIT */
/*
 * However a stream is cut, the same FIX messages are found in it; each of them
 * ends where it says, and its fields lie in it. The first byte chooses the
 * cuts.
 */
#include <stdlib.h>
#include <string.h>

#include "wire/fix.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
	size_t messages, fields, len, faults, left;
};

/* To the byte on the heap: a sanitizer sees one too many. */
static uint8_t *copy_of(const uint8_t *bytes, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	if (!copy)
		abort();
	memcpy(copy, bytes, len);
	return copy;
}

/* Whatever it holds is a number or an error, never a surprise. */
static void values_read(const struct fix_message *message,
			const struct fix_field *field)
{
	const uint8_t *text = fix_value(message, field);
	uint64_t size = 0, ns;
	int64_t number, nano;
	int is_unsigned = fix_unsigned(text, field->len, &size);

	if (fix_signed(text, field->len, &number) == 0 && !is_unsigned &&
	    (uint64_t)number != size)
		abort();
	if (fix_decimal(text, field->len, &nano) == 0 && !is_unsigned &&
	    nano != (int64_t)size * INT64_C(1000000000))
		abort();
	fix_time(text, field->len, &ns);
}

static void message_look(const struct fix_message *message,
			 struct outcome *outcome)
{
	const uint8_t *end = message->bytes + message->len;

	if (message->len > FIX_MESSAGE_MAX || message->count < 3 ||
	    message->count > FIX_FIELDS_MAX || memcmp(end - 7, "10=", 3) != 0)
		abort();
	for (unsigned int i = 0; i < message->count; i++) {
		const struct fix_field *field = &message->fields[i];

		if (field->at + field->len > message->len - 8 ||
		    message->bytes[field->at + field->len] != FIX_SOH)
			abort();
		values_read(message, field);
	}
	outcome->messages++;
	outcome->fields += message->count;
	outcome->len += message->len;
	outcome->faults += message->fault != FIX_NO_FAULT;
}

static struct outcome stream_read(const uint8_t *data, size_t size,
				  uint32_t cuts)
{
	struct outcome outcome = { 0 };
	size_t at = 0, there = 0;

	while (there < size) {
		struct fix_message message;
		size_t taken;
		uint8_t *bytes;
		int got;

		cuts = cuts * 1664525 + 1013904223;
		there = cuts & 1 ? there + 1 + (cuts >> 24) % 40 : size;
		there = there < size ? there : size;
		do {
			bytes = copy_of(data + at, there - at);
			got = fix_read(bytes, there - at, &message, &taken);
			if (got > 0)
				message_look(&message, &outcome);
			if (taken > there - at || (got != 0 && taken == 0))
				abort();
			at += taken;
			free(bytes);
		} while (got != 0);
		/* What is not there yet is never more than a message. */
		if (there - at > FIX_MESSAGE_MAX)
			abort();
	}
	outcome.left = size - at;
	return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct outcome whole, pieces;

	if (size == 0)
		return 0;
	whole = stream_read(data + 1, size - 1, 1664524);
	pieces = stream_read(data + 1, size - 1, data[0] | 1U);
	if (memcmp(&whole, &pieces, sizeof(whole)) != 0)
		abort();
	return 0;
}
