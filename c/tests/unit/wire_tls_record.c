/* SPDX-License-Identifier: MIT */
/* Records of RFC 8448's traces opened and sealed to the byte, and what is none
 * refused. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "wire/tls_keylog.h"
#include "wire/tls_record.h"

/* RFC 8448, 3: the client's application traffic secret, 50 bytes under it, and
 * close_notify. */
static const uint8_t traffic[] = {
	0x9e, 0x40, 0x64, 0x6c, 0xe7, 0x9a, 0x7f, 0x9d, 0xc0, 0x5a, 0xf8,
	0x88, 0x9b, 0xce, 0x65, 0x52, 0x87, 0x5a, 0xfa, 0x0b, 0x06, 0xdf,
	0x00, 0x87, 0xf7, 0x92, 0xeb, 0xb7, 0xc1, 0x75, 0x04, 0xa5,
};
static const uint8_t fifty_sealed[] = {
	0x17, 0x03, 0x03, 0x00, 0x43, 0xa2, 0x3f, 0x70, 0x54, 0xb6, 0x2c, 0x94,
	0xd0, 0xaf, 0xfa, 0xfe, 0x82, 0x28, 0xba, 0x55, 0xcb, 0xef, 0xac, 0xea,
	0x42, 0xf9, 0x14, 0xaa, 0x66, 0xbc, 0xab, 0x3f, 0x2b, 0x98, 0x19, 0xa8,
	0xa5, 0xb4, 0x6b, 0x39, 0x5b, 0xd5, 0x4a, 0x9a, 0x20, 0x44, 0x1e, 0x2b,
	0x62, 0x97, 0x4e, 0x1f, 0x5a, 0x62, 0x92, 0xa2, 0x97, 0x70, 0x14, 0xbd,
	0x1e, 0x3d, 0xea, 0xe6, 0x3a, 0xee, 0xbb, 0x21, 0x69, 0x49, 0x15, 0xe4,
};
static const uint8_t alert_sealed[] = {
	0x17, 0x03, 0x03, 0x00, 0x13, 0xc9, 0x87, 0x27, 0x60, 0x65, 0x56, 0x66,
	0xb7, 0x4d, 0x7f, 0xf1, 0x15, 0x3e, 0xfd, 0x6d, 0xb6, 0xd0, 0xb0, 0xe3,
};
/* RFC 8448, 4: the same of early data, "ABCDEF" and EndOfEarlyData. */
static const uint8_t early[] = {
	0x3f, 0xbb, 0xe6, 0xa6, 0x0d, 0xeb, 0x66, 0xc3, 0x0a, 0x32, 0x79,
	0x5a, 0xba, 0x0e, 0xff, 0x7e, 0xaa, 0x10, 0x10, 0x55, 0x86, 0xe7,
	0xbe, 0x5c, 0x09, 0x67, 0x8d, 0x63, 0xb6, 0xca, 0xab, 0x62,
};
static const uint8_t early_sealed[] = {
	0x17, 0x03, 0x03, 0x00, 0x17, 0xab, 0x1d, 0xf4, 0x20, 0xe7,
	0x5c, 0x45, 0x7a, 0x7c, 0xc5, 0xd2, 0x84, 0x4f, 0x76, 0xd5,
	0xae, 0xe4, 0xb4, 0xed, 0xbf, 0x04, 0x9b, 0xe0,
};
static const uint8_t early_end_sealed[] = {
	0x17, 0x03, 0x03, 0x00, 0x15, 0xac, 0xa6, 0xfc, 0x94,
	0x48, 0x41, 0x29, 0x8d, 0xf9, 0x95, 0x93, 0x72, 0x5f,
	0x9b, 0xf9, 0x75, 0x44, 0x29, 0xb1, 0x2f, 0x09,
};

static void fifty_make(uint8_t bytes[static 50])
{
	for (uint8_t i = 0; i < 50; i++)
		bytes[i] = i;
}

static void needed(int err)
{
	if (err == -EOPNOTSUPP)
		skip();
	assert_int_equal(err, 0);
}

static void opens_the_trace(void **state)
{
	struct tls_direction direction;
	uint8_t fifty[50], out[TLS_RECORD_MAX];
	enum tls_content type;

	(void)state;
	fifty_make(fifty);
	needed(tls_direction_begin(&direction, TLS_AES_128_GCM, traffic,
				   sizeof(traffic), false));
	assert_int_equal(tls_record_open(&direction, fifty_sealed,
					 sizeof(fifty_sealed), out, &type),
			 50);
	assert_int_equal(type, TLS_APPLICATION_DATA);
	assert_memory_equal(out, fifty, 50);
	assert_int_equal(tls_record_open(&direction, alert_sealed,
					 sizeof(alert_sealed), out, &type),
			 2);
	assert_int_equal(type, TLS_ALERT);
	assert_int_equal(out[1], 0);
	tls_direction_end(&direction);
}

static void seals_the_trace(void **state)
{
	static const uint8_t close_notify[] = { 1, 0 };
	struct tls_direction direction;
	uint8_t fifty[50], out[256];

	(void)state;
	fifty_make(fifty);
	needed(tls_direction_begin(&direction, TLS_AES_128_GCM, traffic,
				   sizeof(traffic), true));
	assert_int_equal(tls_record_seal(&direction, TLS_APPLICATION_DATA,
					 fifty, 50, out),
			 sizeof(fifty_sealed));
	assert_memory_equal(out, fifty_sealed, sizeof(fifty_sealed));
	assert_int_equal(
		tls_record_seal(&direction, TLS_ALERT, close_notify, 2, out),
		sizeof(alert_sealed));
	assert_memory_equal(out, alert_sealed, sizeof(alert_sealed));
	tls_direction_end(&direction);
}

static void opens_early_data(void **state)
{
	struct tls_messages messages = { 0 };
	struct tls_direction direction;
	uint8_t out[64];
	enum tls_content type;

	(void)state;
	needed(tls_direction_begin(&direction, TLS_AES_128_GCM, early,
				   sizeof(early), false));
	assert_int_equal(tls_record_open(&direction, early_sealed,
					 sizeof(early_sealed), out, &type),
			 6);
	assert_memory_equal(out, "ABCDEF", 6);
	assert_int_equal(tls_record_open(&direction, early_end_sealed,
					 sizeof(early_end_sealed), out, &type),
			 4);
	assert_int_equal(type, TLS_HANDSHAKE);
	assert_int_equal(
		tls_messages_follow(&messages, out, 4, TLS_END_OF_EARLY_DATA),
		1);
	tls_direction_end(&direction);
}

/* A bit anywhere, or another number. */
static void spoilt_record_is_refused(void **state)
{
	uint8_t record[sizeof(fifty_sealed)], out[64];
	struct tls_direction direction;
	enum tls_content type;

	(void)state;
	needed(tls_direction_begin(&direction, TLS_AES_128_GCM, traffic,
				   sizeof(traffic), false));
	for (size_t i = 0; i < sizeof(record); i++) {
		memcpy(record, fifty_sealed, sizeof(record));
		record[i] ^= 1;
		assert_int_equal(tls_record_open(&direction, record,
						 sizeof(record), out, &type),
				 -EBADMSG);
	}
	for (size_t len = TLS_HEADER_LEN; len < sizeof(record); len++)
		assert_int_equal(tls_record_open(&direction, fifty_sealed, len,
						 out, &type),
				 -EBADMSG);
	assert_int_equal(tls_record_open(&direction, alert_sealed,
					 sizeof(alert_sealed), out, &type),
			 -EBADMSG);
	assert_int_equal(direction.sequence, 0);
	tls_direction_end(&direction);
}

/* Each suite both ways, over KeyUpdates, with every length at the edges. */
static void suites_make_the_round_trip(void **state)
{
	static const unsigned int suites[] = { TLS_AES_128_GCM, TLS_AES_256_GCM,
					       TLS_CHACHA20_POLY1305 };
	static const size_t lens[] = { 0, 1, 13, 15, 16, 17, TLS_PLAIN_MAX };
	static uint8_t bytes[TLS_PLAIN_MAX], record[TLS_RECORD_MAX];
	uint8_t secret[TLS_SECRET_MAX] = { 1, 2, 3 };
	struct tls_direction seals, opens;
	enum tls_content type;

	(void)state;
	memset(bytes, 7, sizeof(bytes));
	for (size_t s = 0; s < ARRAY_SIZE(suites); s++) {
		size_t len = suites[s] == TLS_AES_256_GCM ? 48 : 32;

		needed(tls_direction_begin(&seals, suites[s], secret, len,
					   true));
		needed(tls_direction_begin(&opens, suites[s], secret, len,
					   false));
		for (size_t i = 0; i < 3 * ARRAY_SIZE(lens); i++) {
			size_t n = lens[i % ARRAY_SIZE(lens)];
			int made = tls_record_seal(&seals, TLS_APPLICATION_DATA,
						   bytes, n, record);

			assert_int_equal(made, n + TLS_OVERHEAD);
			assert_int_equal(tls_record_len(record, (size_t)made),
					 made);
			assert_int_equal(
				tls_record_open(&opens, record, (size_t)made,
						record + TLS_HEADER_LEN, &type),
				n);
			assert_memory_equal(record + TLS_HEADER_LEN, bytes, n);
			if (i % 5)
				continue;
			assert_int_equal(tls_direction_update(&seals), 0);
			assert_int_equal(tls_direction_update(&opens), 0);
			assert_int_equal(opens.sequence, 0);
		}
		tls_direction_end(&seals);
		tls_direction_end(&opens);
	}
}

static void secret_of_another_suite_is_refused(void **state)
{
	uint8_t secret[TLS_SECRET_MAX] = { 0 };
	struct tls_direction direction;

	(void)state;
	needed(tls_direction_begin(&direction, TLS_AES_128_GCM, secret, 32,
				   true));
	tls_direction_end(&direction);
	assert_int_equal(tls_direction_begin(&direction, TLS_AES_128_GCM,
					     secret, 48, true),
			 -EINVAL);
	assert_int_equal(
		tls_direction_begin(&direction, 0x1304, secret, 32, true),
		-EINVAL);
}

/* Of nothing but zeros nobody knows what it is: RFC 8446, 5.4. */
static void record_without_a_type_is_refused(void **state)
{
	static const uint8_t zeros[8];
	struct tls_direction seals, opens;
	uint8_t record[64];
	enum tls_content type;
	int len;

	(void)state;
	needed(tls_direction_begin(&seals, TLS_AES_128_GCM, traffic, 32, true));
	needed(tls_direction_begin(&opens, TLS_AES_128_GCM, traffic, 32,
				   false));
	len = tls_record_seal(&seals, 0, zeros, sizeof(zeros), record);
	assert_int_equal(tls_record_open(&opens, record, (size_t)len,
					 record + TLS_HEADER_LEN, &type),
			 -EPROTO);
	/* Padding behind a type is none of it. */
	len = tls_record_seal(&seals, 0, (const uint8_t *)"ab\x17\0\0", 5,
			      record);
	assert_int_equal(tls_record_open(&opens, record, (size_t)len,
					 record + TLS_HEADER_LEN, &type),
			 2);
	assert_int_equal(type, TLS_APPLICATION_DATA);
	tls_direction_end(&seals);
	tls_direction_end(&opens);
}

static void lengths_are_checked(void **state)
{
	static const struct {
		uint8_t header[TLS_HEADER_LEN];
		size_t len;
		int wanted;
	} rows[] = {
		{ { 23, 3, 3, 0, 1 }, 5, 6 },
		{ { 23, 3, 3, 0, 1 }, 4, 0 },
		{ { 22, 3, 1, 0, 0 }, 5, 5 },
		{ { 23, 3, 3, 0x41, 0x00 }, 5, 5 + 0x4100 },
		{ { 23, 3, 3, 0x41, 0x01 }, 5, -EPROTO },
		{ { 23, 3, 3, 0xff, 0xff }, 5, -EPROTO },
		{ { 19, 3, 3, 0, 1 }, 5, -EPROTO },
		{ { 24, 3, 3, 0, 1 }, 5, -EPROTO },
		{ { 23, 2, 3, 0, 1 }, 5, -EPROTO },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(tls_record_len(rows[i].header, rows[i].len),
				 rows[i].wanted);
}

/* Cut anywhere. */
static void messages_are_followed(void **state)
{
	static const uint8_t bytes[] = { 24, 0, 0, 1, 0, 4,  0, 0, 3, 24, 0,
					 0,  5, 0, 0, 0, 24, 0, 0, 1, 1,  20 };

	(void)state;
	for (size_t cut = 0; cut <= sizeof(bytes); cut++) {
		struct tls_messages messages = { 0 };
		unsigned int ended = tls_messages_follow(&messages, bytes, cut,
							 TLS_KEY_UPDATE);

		ended += tls_messages_follow(&messages, bytes + cut,
					     sizeof(bytes) - cut,
					     TLS_KEY_UPDATE);
		assert_int_equal(ended, 2);
		assert_int_equal(messages.have, 1);
	}
}

#define RANDOM \
	"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1F"

static void keylog_lines_are_read(void **state)
{
	static const char *const none[] = {
		"",
		"# CLIENT_TRAFFIC_SECRET_0 " RANDOM " 0102",
		"CLIENT_RANDOM " RANDOM " 0102",
		"CLIENT_TRAFFIC_SECRET_0",
		"CLIENT_TRAFFIC_SECRET_0 " RANDOM,
		"CLIENT_TRAFFIC_SECRET_0 " RANDOM " ",
		"CLIENT_TRAFFIC_SECRET_0 " RANDOM " 010",
		"CLIENT_TRAFFIC_SECRET_0 " RANDOM " 0102x",
		"CLIENT_TRAFFIC_SECRET_0 " RANDOM "00 0102",
		"CLIENT_TRAFFIC_SECRET_0 0102 0102",
		"CLIENT_TRAFFIC_SECRET_0 " RANDOM " " RANDOM RANDOM,
	};
	struct tls_keylog_entry entries[2];
	const struct tls_keylog log = { entries, 2 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(none); i++)
		assert_false(tls_keylog_read(none[i], &entries[0]));
	assert_true(tls_keylog_read(
		"CLIENT_TRAFFIC_SECRET_0 " RANDOM " fF01\r\n", &entries[0]));
	assert_true(tls_keylog_read("CLIENT_EARLY_TRAFFIC_SECRET " RANDOM " 02",
				    &entries[1]));
	assert_int_equal(entries[0].label, TLS_CLIENT_TRAFFIC);
	assert_int_equal(entries[0].secret_len, 2);
	assert_int_equal(entries[0].secret[0], 0xff);
	assert_int_equal(entries[0].random[31], 0x1f);
	assert_ptr_equal(
		tls_keylog_find(&log, TLS_CLIENT_EARLY, entries[0].random),
		&entries[1]);
	assert_null(
		tls_keylog_find(&log, TLS_SERVER_TRAFFIC, entries[0].random));
	entries[0].random[31]++;
	assert_null(tls_keylog_find(&log, TLS_CLIENT_EARLY, entries[0].random));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(opens_the_trace),
		cmocka_unit_test(seals_the_trace),
		cmocka_unit_test(opens_early_data),
		cmocka_unit_test(spoilt_record_is_refused),
		cmocka_unit_test(suites_make_the_round_trip),
		cmocka_unit_test(secret_of_another_suite_is_refused),
		cmocka_unit_test(record_without_a_type_is_refused),
		cmocka_unit_test(lengths_are_checked),
		cmocka_unit_test(messages_are_followed),
		cmocka_unit_test(keylog_lines_are_read),
	};

	return cmocka_run_group_tests_name("tls_record", tests, NULL, NULL);
}
