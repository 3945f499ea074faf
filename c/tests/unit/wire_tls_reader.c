/* SPDX-License-Identifier: MIT */
/* What a client sent, read by a key log: early data that were taken or not, key
 * updates, and what can't be read, with the reason. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "wire/tls_reader.h"

static const uint8_t end_of_early_data[] = { TLS_END_OF_EARLY_DATA, 0, 0, 0 };
static const uint8_t finished[4 + 32] = { TLS_FINISHED, 0, 0, 32 };
static const uint8_t key_update[] = { TLS_KEY_UPDATE, 0, 0, 1, 0 };
static const uint8_t close_notify[] = { 1, 0 };
static const uint8_t hello[] = {
	TLS_HANDSHAKE,
	3,
	1,
	0,
	TLS_HELLO_LEN,
	TLS_CLIENT_HELLO,
	0,
	0,
	34,
	3,
	3,
	[TLS_HEADER_LEN + TLS_HELLO_LEN - 1] = 7 /* of the random */
};

static struct tls_keylog_entry entries[] = {
	{ .label = TLS_CLIENT_EARLY, .secret = { 1 }, .secret_len = 32 },
	{ .label = TLS_CLIENT_HANDSHAKE, .secret = { 2 }, .secret_len = 32 },
	{ .label = TLS_CLIENT_TRAFFIC, .secret = { 3 }, .secret_len = 32 },
};
static struct tls_keylog keylog = { entries, ARRAY_SIZE(entries) };
static struct tls_direction seals[ARRAY_SIZE(entries)];
static struct tls_reader reader;

static int setup(void **state)
{
	(void)state;
	keylog.count = ARRAY_SIZE(entries);
	for (size_t i = 0; i < ARRAY_SIZE(entries); i++) {
		int err = tls_direction_begin(&seals[i], TLS_CHACHA20_POLY1305,
					      entries[i].secret, 32, true);

		if (err == -EOPNOTSUPP)
			skip();
		assert_int_equal(err, 0);
		entries[i].random[TLS_RANDOM_LEN - 1] = 7;
	}
	tls_reader_begin(&reader, &keylog);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(entries); i++)
		tls_direction_end(&seals[i]);
	tls_reader_end(&reader);
	return 0;
}

/* The reader has this record, whole. */
static struct tls_piece read_bytes(const uint8_t *bytes, size_t len)
{
	struct tls_piece piece;
	size_t taken = tls_reader_take(&reader, bytes, len - 1, &piece);

	assert_int_equal(taken, 0);
	assert_int_equal(piece.event, TLS_MORE);
	taken = tls_reader_take(&reader, bytes, len, &piece);
	assert_int_equal(taken, piece.event == TLS_FAULT ? 0 : len);
	return piece;
}

static struct tls_piece read_sealed(enum tls_label by, enum tls_content type,
				    const void *bytes, size_t len)
{
	static const int places[TLS_LABELS] = {
		[TLS_CLIENT_HANDSHAKE] = 1, [TLS_CLIENT_TRAFFIC] = 2
	};
	uint8_t record[256];
	int n = tls_record_seal(&seals[places[by]], type, bytes, len, record);

	assert_true(n > 0);
	return read_bytes(record, (size_t)n);
}

static void says_nothing(struct tls_piece piece)
{
	assert_int_equal(piece.event, TLS_NOTHING);
}

static void says(struct tls_piece piece, const char *text)
{
	assert_int_equal(piece.event, TLS_DATA);
	assert_int_equal(piece.len, strlen(text));
	assert_memory_equal(piece.bytes, text, piece.len);
}

static void fails(struct tls_piece piece, const char *why)
{
	assert_int_equal(piece.event, TLS_FAULT);
	assert_non_null(strstr(reader.why, why));
}

static void shake(void)
{
	says_nothing(read_bytes(hello, sizeof(hello)));
	says_nothing(read_sealed(TLS_CLIENT_HANDSHAKE, TLS_HANDSHAKE, finished,
				 sizeof(finished)));
}

static void a_session(void **state)
{
	(void)state;
	shake();
	says(read_sealed(TLS_CLIENT_TRAFFIC, TLS_APPLICATION_DATA, "one", 3),
	     "one");
	for (int i = 0; i < 3; i++) {
		says_nothing(read_sealed(TLS_CLIENT_TRAFFIC, TLS_HANDSHAKE,
					 key_update, sizeof(key_update)));
		assert_int_equal(tls_direction_update(&seals[2]), 0);
		says(read_sealed(TLS_CLIENT_TRAFFIC, TLS_APPLICATION_DATA,
				 "two", 3),
		     "two");
	}
	assert_int_equal(
		read_sealed(TLS_CLIENT_TRAFFIC, TLS_ALERT, close_notify, 2)
			.event,
		TLS_CLOSED);
}

static void early_data_that_were_taken(void **state)
{
	(void)state;
	says_nothing(read_bytes(hello, sizeof(hello)));
	says_nothing(
		read_sealed(TLS_CLIENT_EARLY, TLS_APPLICATION_DATA, "ear", 3));
	says_nothing(
		read_sealed(TLS_CLIENT_EARLY, TLS_APPLICATION_DATA, "ly", 2));
	says(read_sealed(TLS_CLIENT_EARLY, TLS_HANDSHAKE, end_of_early_data,
			 sizeof(end_of_early_data)),
	     "early");
	says_nothing(read_sealed(TLS_CLIENT_HANDSHAKE, TLS_HANDSHAKE, finished,
				 sizeof(finished)));
	says(read_sealed(TLS_CLIENT_TRAFFIC, TLS_APPLICATION_DATA, "late", 4),
	     "late");
}

/* They are said again. */
static void early_data_that_were_refused(void **state)
{
	(void)state;
	says_nothing(read_bytes(hello, sizeof(hello)));
	says_nothing(
		read_sealed(TLS_CLIENT_EARLY, TLS_APPLICATION_DATA, "x", 1));
	says_nothing(read_sealed(TLS_CLIENT_HANDSHAKE, TLS_HANDSHAKE, finished,
				 sizeof(finished)));
	says(read_sealed(TLS_CLIENT_TRAFFIC, TLS_APPLICATION_DATA, "x", 1),
	     "x");
}

static void too_much_early_data(void **state)
{
	static uint8_t bytes[TLS_PLAIN_MAX], record[TLS_RECORD_MAX];
	int n;

	(void)state;
	says_nothing(read_bytes(hello, sizeof(hello)));
	n = tls_record_seal(&seals[0], TLS_APPLICATION_DATA, bytes,
			    sizeof(bytes), record);
	says_nothing(read_bytes(record, (size_t)n));
	fails(read_sealed(TLS_CLIENT_EARLY, TLS_APPLICATION_DATA, "x", 1),
	      "more early data than is allowed");
}

static void without_secrets(void **state)
{
	(void)state;
	keylog.count = 0;
	says_nothing(read_bytes(hello, sizeof(hello)));
	fails(read_sealed(TLS_CLIENT_HANDSHAKE, TLS_HANDSHAKE, finished,
			  sizeof(finished)),
	      "--keys has no secrets of it");
}

static void with_another_secret(void **state)
{
	(void)state;
	says_nothing(read_bytes(hello, sizeof(hello)));
	fails(read_sealed(TLS_CLIENT_TRAFFIC, TLS_HANDSHAKE, finished,
			  sizeof(finished)),
	      "no secret of --keys opens its records");
}

static void a_record_that_is_lost(void **state)
{
	(void)state;
	shake();
	seals[2].sequence++;
	fails(read_sealed(TLS_CLIENT_TRAFFIC, TLS_APPLICATION_DATA, "x", 1),
	      "does not open");
}

static void no_tls(void **state)
{
	struct tls_piece piece;

	(void)state;
	assert_int_equal(
		tls_reader_take(&reader, (const uint8_t *)"GET / H", 7, &piece),
		0);
	fails(piece, "it is not TLS");
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_session),
		TEST(early_data_that_were_taken),
		TEST(early_data_that_were_refused),
		TEST(too_much_early_data),
		TEST(without_secrets),
		TEST(with_another_secret),
		TEST(a_record_that_is_lost),
		TEST(no_tls),
	};

	return cmocka_run_group_tests_name("tls_reader", tests, NULL, NULL);
}
