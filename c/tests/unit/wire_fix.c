/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "wire/fix.h"
#include "wire/fix_build.h"

/* The text with '|' for SOH, BodyLength and CheckSum put in where it has
 * "9=#" and "10=#"; to the byte on the heap, so that a sanitizer sees one too
 * many. Its length in *len; the caller frees it. */
static uint8_t *message_make(const char *text, size_t *len)
{
	const char *body = strstr(text, "9=#|"), *tail = strstr(text, "10=#|");
	uint8_t *bytes = malloc(strlen(text) + 32);
	unsigned int sum = 0;
	int n;

	assert_non_null(bytes);
	if (body)
		n = sprintf((char *)bytes, "%.*s9=%zu%s", (int)(body - text),
			    text, (size_t)(tail - body - 4), body + 3);
	else
		n = sprintf((char *)bytes, "%s", text);
	for (int i = 0; i < n; i++)
		if (bytes[i] == '|')
			bytes[i] = FIX_SOH;
	if (tail) {
		n -= 5;
		for (int i = 0; i < n; i++)
			sum += bytes[i];
		n += sprintf((char *)bytes + n, "10=%03u\1", sum % 256);
	}
	*len = (size_t)n;
	bytes = realloc(bytes, *len);
	assert_non_null(bytes);
	return bytes;
}

static const char order_text[] =
	"8=FIX.4.4|9=#|35=D|49=SENDER|56=TARGET|34=1|52=20250126-12:00:00|"
	"11=ORDER123|55=AAPL|54=1|38=100|40=2|44=150.50|10=#|";

static void a_message_is_read_in_place(void **state)
{
	static const struct {
		uint32_t tag;
		const char *value;
	} wanted[] = {
		{ 8, "FIX.4.4" },   { 9, "98" },
		{ 35, "D" },	    { 49, "SENDER" },
		{ 56, "TARGET" },   { 34, "1" },
		{ 11, "ORDER123" }, { 52, "20250126-12:00:00" },
		{ 55, "AAPL" },	    { 44, "150.50" },
	};
	struct fix_message message;
	size_t len, taken;
	uint8_t *bytes = message_make(order_text, &len);

	(void)state;
	assert_int_equal(fix_read(bytes, len, &message, &taken), 1);
	assert_int_equal(taken, len);
	assert_int_equal(message.count, 13);
	assert_int_equal(message.fault, FIX_NO_FAULT);
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		assert_true(fix_is(&message, fix_find(&message, wanted[i].tag),
				   wanted[i].value));
	assert_null(fix_find(&message, 10));
	assert_null(fix_find(&message, 999));
	assert_false(fix_is(&message, NULL, ""));
	assert_false(fix_is(&message, fix_find(&message, 55), "AAP"));
	free(bytes);
}

/* Each byte is missing once, and then is there. */
static void less_than_a_message_is_not_there_yet(void **state)
{
	struct fix_message message;
	size_t len, taken;
	uint8_t *bytes = message_make(order_text, &len);

	(void)state;
	for (size_t n = 0; n < len; n++) {
		uint8_t *part = malloc(n ? n : 1);

		assert_non_null(part);
		memcpy(part, bytes, n);
		assert_int_equal(fix_read(part, n, &message, &taken), 0);
		assert_int_equal(taken, 0);
		free(part);
	}
	free(bytes);
}

/* Each byte is another one once: never is it a whole message, unless the
 * change made up for itself. */
static void each_byte_is_verified(void **state)
{
	struct fix_message message;
	size_t len, taken;
	uint8_t *bytes = message_make(order_text, &len);

	(void)state;
	for (size_t i = 0; i < len; i++) {
		bytes[i] ^= 4;
		assert_int_not_equal(fix_read(bytes, len, &message, &taken), 1);
		bytes[i] ^= 4;
	}
	assert_int_equal(fix_read(bytes, len, &message, &taken), 1);
	free(bytes);
}

/* What is garbled goes as far as its BodyLength says, and the messages behind
 * it are found. Cases 2d, 2m, 2t, 3b and 3c of the FIX session test cases. */
static void what_is_garbled_is_passed_over(void **state)
{
#define GOOD "8=FIX.4.2|9=#|35=0|34=2|10=#|"
	static const char *const garbled[] = {
		"8=FIX.4.2|9=12|35=0|34=2|10=000|", /* CheckSum */
		"8=FIX.4.2|9=11|35=0|34=2|10=198|", /* too short */
		"8=FIX.4.2|9=13|35=0|34=2|10=198|", /* too long by one */
		"8=FIX.4.2|9=|35=0|34=2|10=198|",
		"8=FIX.4.2|9=1x|35=0|34=2|10=198|",
		"8=FIX.4.2|9=-1|35=0|34=2|10=198|",
		"8=FIX.4.2|9=99999|35=0|34=2|10=198|", /* any limit */
		"8=FIX.4.2|9=4294967308|35=0|34=2|10=198|",
		"8=FIX.4.2|35=0|9=12|34=2|10=198|", /* the first three */
		"8=FIX.4.2|9=12|34=2|35=0|10=198|",
		"9=12|8=FIX.4.2|35=0|34=2|10=198|",
		"8=FIX.4.2.and.far.too.long|9=12|35=0|34=2|10=198|",
		"8=FIX.4.2|9=12|35=0|34=2|10=19|",
		"8=FIX.4.2|9=12|35=0|34=2|10=1980|",
		"8=FIX.4.2|9=10|35=0|34=2|10=420|", /* 164, and 256 */
		"8=FIX.4.2|9=10|35=0|34=2|10=16:|",
		"8=FIX.4.2|9=10|35=0|34=2.10=161|",
		"8=FIX.4.2|9=+10|35=0|34=2|10=000|",
		"8=FIX.4.2|9=1:|35=0|34=2|10=000|",
		"GET / HTTP/1.1",
		"58=FIX.4.2|",
		"888",
		"8=FI8=FI",
		"|||||",
		"8=FIX.4.2|9=40|35=0|34=2|10=198|", /* too long by more */
	};
	struct fix_message message;
	size_t good_len, taken;
	uint8_t *good = message_make(GOOD, &good_len);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(garbled); i++) {
		size_t len, at = 0;
		uint8_t *bad = message_make(garbled[i], &len);
		uint8_t *stream = malloc(len + 2 * good_len);
		int got, wanted = 2;

		assert_non_null(stream);
		memcpy(stream, bad, len);
		memcpy(stream + len, good, good_len);
		memcpy(stream + len + good_len, good, good_len);
		/* A digit hides the beginning. */
		wanted -= stream[len - 1] >= '0' && stream[len - 1] <= '9';
		wanted -= strstr(garbled[i], "9=40|") != NULL;
		do {
			got = fix_read(stream + at, len + 2 * good_len - at,
				       &message, &taken);
			assert_true(got == 0 || taken > 0);
			wanted -= got > 0;
			at += taken;
		} while (got != 0);
		assert_int_equal(wanted, 0);
		assert_int_equal(at, len + 2 * good_len);
		free(stream);
		free(bad);
	}
	free(good);
#undef GOOD
}

/* Fields that are none, and which of them is told. */
static void fields_have_faults(void **state)
{
	static const struct {
		const char *fields;
		enum fix_reason fault;
		int tag;
	} cases[] = {
		{ "58=x|", FIX_NO_FAULT, 0 },
		{ "58=a=b|", FIX_NO_FAULT, 0 },
		{ "0=HI|", FIX_INVALID_TAG, 0 },
		{ "-1=HI|", FIX_INVALID_TAG, -1 },
		{ "058=HI|", FIX_INVALID_TAG, 58 },
		{ "HI|", FIX_INVALID_TAG, 0 },
		{ "|", FIX_INVALID_TAG, 0 },
		{ "=HI|", FIX_INVALID_TAG, 0 },
		{ "12345678=HI|", FIX_INVALID_TAG, 0 },
		{ "58=|", FIX_NO_VALUE, 58 },
		{ "58=|0=1|", FIX_NO_VALUE, 58 },
		{ "95=3|96=a|b|58=x|", FIX_NO_FAULT, 0 },
		{ "95=4|96=a|b|58=x|", FIX_BAD_FORMAT, 95 },
		{ "95=99999|96=ab|58=x|", FIX_BAD_FORMAT, 95 },
		{ "95=x|96=ab|58=x|", FIX_BAD_FORMAT, 95 },
		{ "93=1|89=||58=x|", FIX_NO_FAULT, 0 },
		{ "445=7|446=8=FIX|9|58=x|", FIX_NO_FAULT, 0 },
		{ "96=ab|58=x|", FIX_NO_FAULT, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fix_message message;
		char text[200];
		size_t len, taken;
		uint8_t *bytes;

		snprintf(text, sizeof(text), "8=FIX.4.2|9=#|35=0|%s34=7|10=#|",
			 cases[i].fields);
		bytes = message_make(text, &len);
		assert_int_equal(fix_read(bytes, len, &message, &taken), 1);
		assert_int_equal(message.fault, cases[i].fault);
		assert_int_equal(message.fault_tag, cases[i].tag);
		/* What is behind it is read all the same. */
		assert_true(fix_is(&message, fix_find(&message, 34), "7"));
		free(bytes);
	}
}

static void a_hundred_fields_and_no_more(void **state)
{
	(void)state;
	for (int fields = 95; fields < 105; fields++) {
		struct fix_message message;
		char text[1024] = "8=FIX.4.2|9=#|35=0|";
		size_t len, taken;
		uint8_t *bytes;

		for (int i = 3; i < fields; i++)
			sprintf(text + strlen(text), "%d=x|", 1000 + i);
		strcat(text, "10=#|");
		bytes = message_make(text, &len);
		assert_int_equal(fix_read(bytes, len, &message, &taken), 1);
		assert_int_equal(message.fault, fields > FIX_FIELDS_MAX
							? FIX_OTHER
							: FIX_NO_FAULT);
		assert_int_equal(message.count, fields > FIX_FIELDS_MAX
							? FIX_FIELDS_MAX
							: fields);
		free(bytes);
	}
}

/* The longest that is taken, and one more byte. */
static void messages_have_a_limit(void **state)
{
	static char text[FIX_MESSAGE_MAX + 64];
	const size_t around = strlen("8=FIX.4.2|9=8170|35=0|58=|10=000|");

	(void)state;
	for (size_t more = 0; more < 2; more++) {
		size_t fill = FIX_MESSAGE_MAX - around + more, len, taken;
		struct fix_message message;
		uint8_t *bytes;

		strcpy(text, "8=FIX.4.2|9=#|35=0|58=");
		memset(text + strlen(text), 'x', fill);
		strcpy(text + strlen("8=FIX.4.2|9=#|35=0|58=") + fill,
		       "|10=#|");
		bytes = message_make(text, &len);
		assert_int_equal(len, FIX_MESSAGE_MAX + more);
		assert_int_equal(fix_read(bytes, len, &message, &taken),
				 more ? -EBADMSG : 1);
		free(bytes);
		memset(text, 0, sizeof(text));
	}
}

/* By a byte at a time: its fields but the last, as they lie between SOHs; the
 * one behind `data` begins behind its value. */
static void is_as_read_bytewise(const struct fix_message *message,
				size_t data_at, size_t data_len)
{
	size_t start = 0, n = 0;

	for (size_t at = 0; at < message->len - 7; at++) {
		const struct fix_field *field = &message->fields[n];
		const uint8_t *value;

		if (message->bytes[at] != FIX_SOH ||
		    (at >= data_at && at < data_at + data_len))
			continue;
		value = memchr(message->bytes + start, '=', at - start);
		assert_true(n < message->count);
		assert_int_equal(field->tag,
				 atoi((const char *)message->bytes + start));
		assert_ptr_equal(fix_value(message, field), value + 1);
		assert_int_equal(field->at + field->len, at);
		start = at + 1;
		n++;
	}
	assert_int_equal(n, message->count);
}

/* Whatever bits of which words its SOHs are, and whatever is left of the last
 * word: also of a value that has some. */
static void each_length_is_read_alike(void **state)
{
	char data[300], text[700];

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = i % 3 ? '|' : 'y';
	for (int n = 1; n < (int)sizeof(data); n++) {
		struct fix_message message;
		const uint8_t *found;
		size_t len, taken;
		uint8_t *bytes;

		snprintf(text, sizeof(text),
			 "8=FIXT.1.1|9=#|35=D|58=%*d|95=%d|96=%.*s|34=7|"
			 "10=#|",
			 300 - n / 2, n, n, n, data);
		bytes = message_make(text, &len);
		assert_int_equal(fix_read(bytes, len, &message, &taken), 1);
		assert_int_equal(message.fault, FIX_NO_FAULT);
		assert_int_equal(message.count, 7);
		found = memmem(bytes, len, "\00196=", 4);
		is_as_read_bytewise(&message, (size_t)(found - bytes) + 4,
				    (size_t)n);
		bytes[len - 9]++;
		assert_int_not_equal(fix_read(bytes, len, &message, &taken), 1);
		free(bytes);
	}
}

#define TEXT(text_) (const uint8_t *)(text_), strlen(text_)

static void numbers_are_exact_or_refused(void **state)
{
	static const struct {
		const char *text;
		int result;
		uint64_t value;
	} cases[] = {
		{ "0", 0, 0 },
		{ "7", 0, 7 },
		{ "12345678", 0, 12345678 },
		{ "123456789", 0, 123456789 },
		{ "00000000000000000000000000000000012", 0, 12 },
		{ "9999999999999999999", 0, UINT64_C(9999999999999999999) },
		{ "10000000000000000000", -ERANGE, 0 },
		{ "1000000000000000000x", -EINVAL, 0 },
		{ "", -EINVAL, 0 },
		{ "+1", -EINVAL, 0 },
		{ "-1", -EINVAL, 0 },
		{ " 1", -EINVAL, 0 },
		{ "1234567:", -EINVAL, 0 },
		{ "1234567/", -EINVAL, 0 },
		{ "12345\xb0"
		  "78",
		  -EINVAL, 0 },
	};
	int64_t number;
	uint64_t value;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(fix_unsigned(TEXT(cases[i].text), &value),
				 cases[i].result);
		if (!cases[i].result)
			assert_true(value == cases[i].value);
	}
	assert_int_equal(fix_signed(TEXT("-9223372036854775808"), &number), 0);
	assert_true(number == INT64_MIN);
	assert_int_equal(fix_signed(TEXT("9223372036854775807"), &number), 0);
	assert_true(number == INT64_MAX);
	assert_int_equal(fix_signed(TEXT("9223372036854775808"), &number),
			 -ERANGE);
	assert_int_equal(fix_signed(TEXT("-9223372036854775809"), &number),
			 -ERANGE);
	assert_int_equal(fix_signed(TEXT("-"), &number), -EINVAL);
	assert_int_equal(fix_signed(TEXT("--1"), &number), -EINVAL);
}

static void prices_are_exact_or_refused(void **state)
{
	static const struct {
		const char *text;
		int result;
		int64_t nano;
	} cases[] = {
		{ "61800.1", 0, INT64_C(61800100000000) },
		{ "-0.5", 0, -500000000 },
		{ "5.", 0, INT64_C(5000000000) },
		{ ".5", 0, 500000000 },
		{ "00000061800.100000000", 0, INT64_C(61800100000000) },
		{ "-0000000001.000000001", 0, INT64_C(-1000000001) },
		{ "0.0000000010000", 0, 1 },
		{ "0.0000000010001", -ERANGE, 0 },
		{ "9223372036.854775807", 0, INT64_MAX },
		{ "-9223372036.854775808", 0, INT64_MIN },
		{ "9223372036.854775808", -ERANGE, 0 },
		{ "99999999999999999999", -ERANGE, 0 },
		{ "18446744073709551617", -ERANGE, 0 },
		{ "", -EINVAL, 0 },
		{ ".", -EINVAL, 0 },
		{ "-", -EINVAL, 0 },
		{ "-.", -EINVAL, 0 },
		{ "1e3", -EINVAL, 0 },
		{ "+1", -EINVAL, 0 },
		{ "1.2.3", -EINVAL, 0 },
		{ "1.-2", -EINVAL, 0 },
		{ "1.0000000000x", -EINVAL, 0 },
		{ "x.0000000001", -EINVAL, 0 },
		{ "0x10", -EINVAL, 0 },
	};
	int64_t nano;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(fix_decimal(TEXT(cases[i].text), &nano),
				 cases[i].result);
		if (!cases[i].result)
			assert_true(nano == cases[i].nano);
	}
}

static void times_are_read_and_written(void **state)
{
	static const struct {
		const char *text;
		uint64_t s;
	} cases[] = {
		{ "19700101-00:00:00", 0 },
		{ "20000229-23:59:59", 951868799 },
		{ "20250126-12:00:00", 1737892800 },
		{ "21000301-00:00:01", 4107542401 },
		{ "20991231-23:59:59", 4102444799 },
	};
	static const char *const wrong[] = {
		"",
		"20250126",
		"20250126 12:00:00",
		"20251326-12:00:00",
		"20250100-12:00:00",
		"20250126-24:00:00",
		"20250126-12:60:00",
		"20250126-12:00:61",
		"20250126-12:00:00.",
		"20250126-12:00:00.1234567890",
		"20250126-12:00:00,123",
		"20250126-12:00:0x",
	};
	uint8_t text[FIX_TIME_LEN];
	uint64_t ns;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(fix_time(TEXT(cases[i].text), &ns), 0);
		assert_true(ns == cases[i].s * CLOCK_NS_PER_S);
		fix_time_write(ns + 987654321, text);
		assert_memory_equal(text, cases[i].text, 17);
		assert_memory_equal(text + 17, ".987", 4);
	}
	assert_int_equal(fix_time(TEXT("19700101-00:00:01.000000001"), &ns), 0);
	assert_true(ns == CLOCK_NS_PER_S + 1);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_int_equal(fix_time(TEXT(wrong[i]), &ns), -EINVAL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_is_read_in_place),
		cmocka_unit_test(less_than_a_message_is_not_there_yet),
		cmocka_unit_test(each_byte_is_verified),
		cmocka_unit_test(what_is_garbled_is_passed_over),
		cmocka_unit_test(each_length_is_read_alike),
		cmocka_unit_test(fields_have_faults),
		cmocka_unit_test(a_hundred_fields_and_no_more),
		cmocka_unit_test(messages_have_a_limit),
		cmocka_unit_test(numbers_are_exact_or_refused),
		cmocka_unit_test(prices_are_exact_or_refused),
		cmocka_unit_test(times_are_read_and_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
