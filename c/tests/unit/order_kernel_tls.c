/* SPDX-License-Identifier: MIT */
/* The kernel seals what a trader sends: by a kernel of our own, which makes
 * records with the keys as the real one takes them, so that nothing of it needs
 * CONFIG_TLS. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "net/kernel_tls.h"
#include "order/channel_ops.h"
#include "order/transport.h"
#include "tests/support/channel_choice.h"
#include "tests/support/log_catch.h"
#include "tests/support/tls_ends.h"

#ifdef HAVE_OPENSSL

#include <openssl/evp.h>

static struct channel *trader, *exchange;

/*
 * The kernel.
 */

static struct {
	bool there;
	union kernel_tls_keys keys;
	const char *cipher;
	const uint8_t *key, *salt, *iv;
	size_t salt_len, iv_len;
	uint8_t *sequence;
} kernel;

#define KERNEL_HAS(cipher_, keys_)                       \
	do {                                             \
		kernel.cipher = (cipher_);               \
		kernel.key = (keys_)->key;               \
		kernel.salt = (keys_)->salt;             \
		kernel.salt_len = sizeof((keys_)->salt); \
		kernel.iv = (keys_)->iv;                 \
		kernel.iv_len = sizeof((keys_)->iv);     \
		kernel.sequence = (keys_)->rec_seq;      \
		assert_int_equal(len, sizeof(*(keys_))); \
	} while (0)

static int kernel_take(void *owner, const struct tls_direction *seals,
		       const char **why)
{
	const size_t len = kernel_tls_keys_make(seals, &kernel.keys);

	assert_ptr_equal(owner, &kernel);
	*why = "of our own";
	if (!kernel.there)
		return -EOPNOTSUPP;
	assert_int_equal(kernel.keys.info.version, TLS_1_3_VERSION);
	if (kernel.keys.info.cipher_type == TLS_CIPHER_AES_GCM_128)
		KERNEL_HAS("AES-128-GCM", &kernel.keys.aes_128);
	else if (kernel.keys.info.cipher_type == TLS_CIPHER_AES_GCM_256)
		KERNEL_HAS("AES-256-GCM", &kernel.keys.aes_256);
	else
		KERNEL_HAS("ChaCha20-Poly1305", &kernel.keys.chacha20);
	return 0;
}

/* Nonce and additional data of RFC 8446, 5.2 and 5.3. How long it is. */
static size_t kernel_seal(uint8_t type, const uint8_t *bytes, size_t len,
			  uint8_t *record)
{
	const size_t inside = len + 1 + TLS_TAG_LEN;
	const uint8_t header[] = { 23, 3, 3, (uint8_t)(inside >> 8),
				   (uint8_t)inside };
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, kernel.cipher, NULL);
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	uint8_t nonce[TLS_NONCE_LEN], *at = record + sizeof(header);
	int n;

	memcpy(nonce, kernel.salt, kernel.salt_len);
	memcpy(nonce + kernel.salt_len, kernel.iv, kernel.iv_len);
	for (int i = 0; i < 8; i++)
		nonce[4 + i] ^= kernel.sequence[i];
	memcpy(record, header, sizeof(header));
	memcpy(at, bytes, len);
	at[len] = type;
	assert_int_equal(
		EVP_EncryptInit_ex2(context, cipher, kernel.key, nonce, NULL),
		1);
	assert_int_equal(
		EVP_EncryptUpdate(context, NULL, &n, header, sizeof(header)),
		1);
	assert_int_equal(EVP_EncryptUpdate(context, at, &n, at, (int)len + 1),
			 1);
	assert_int_equal(EVP_EncryptFinal_ex(context, at + len + 1, &n), 1);
	assert_int_equal(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG,
					     TLS_TAG_LEN, at + len + 1),
			 1);
	EVP_CIPHER_CTX_free(context);
	EVP_CIPHER_free(cipher);
	for (int i = 7; i >= 0 && ++kernel.sequence[i] == 0; i--)
		;
	return sizeof(header) + inside;
}

/*
 * The ends.
 */

/* What the trader says, by the kernel. */
static void carry_sealed(void)
{
	struct channel_buffer *out = &trader->out;
	const size_t apart_len = out->apart_len;
	size_t len = channel_buffer_len(out) - apart_len, room;
	uint8_t *at = channel_room(exchange, &room);
	size_t n = 0;

	if (len)
		n = kernel_seal(23, out->bytes + out->begin, len, at);
	if (apart_len)
		n += kernel_seal(out->apart_type, out->bytes + out->begin + len,
				 apart_len, at + n);
	assert_true(n <= room);
	channel_received(exchange, n, 1);
	channel_sent(trader, len + apart_len);
	out->apart_len = 0;
}

static int teardown(void **state)
{
	(void)state;
	channel_close(trader);
	channel_close(exchange);
	trader = exchange = NULL;
	return 0;
}

/* The trader's is not handed over yet. */
static void ends_open(const char *options)
{
	tls_ends_open(options, &trader, &exchange);
	kernel.there = true;
}

static void hand_over(int expected, const char *records)
{
	assert_string_equal(trader->records, "program");
	assert_int_equal(trader->ops->hand_over(trader, kernel_take, &kernel),
			 expected);
	assert_string_equal(trader->records, records);
}

static void say(uint32_t quantity)
{
	const struct order order = { .quantity = quantity, .price = 7 };

	assert_int_equal(channel_encode(trader, &order), 0);
}

static void hear(uint32_t quantity)
{
	struct order order;

	carry_sealed();
	assert_int_equal(channel_decode(exchange, &order), 1);
	assert_int_equal(order.quantity, quantity);
	assert_int_equal(channel_decode(exchange, &order), 0);
}

static void orders_and_the_end_are_read(void **state)
{
	struct order order;

	ends_open(*state);
	/* Some have gone before. */
	say(1);
	tls_ends_carry(trader, exchange);
	assert_int_equal(channel_decode(exchange, &order), 1);
	hand_over(0, "kernel");
	for (uint32_t i = 2; i < 300; i++) {
		say(i);
		/* As it is, for the kernel. */
		if (i == 2)
			assert_int_equal(channel_buffer_len(&trader->out),
					 ORDER_LEN);
		hear(i);
	}
	/* One that the transport does not take has no number in the kernel. */
	say(1000);
	channel_sent(trader, channel_buffer_len(&trader->out));
	trader->ops->retract(trader);
	say(300);
	hear(300);
	trader->ops->logout(trader);
	assert_int_equal(trader->out.apart_len, 2);
	carry_sealed();
	assert_int_equal(channel_decode(exchange, &order), -EPIPE);
	assert_null(exchange->ops->cut(exchange));
}

/* Inside another channel's logout close_notify is the last all the same. */
static void a_logout_goes_before(void **state)
{
	struct order order;

	(void)state;
	ends_open("ktls=auto,inner=login");
	hand_over(0, "kernel");
	say(1);
	hear(1);
	trader->ops->logout(trader);
	assert_true(channel_buffer_len(&trader->out) > 2);
	carry_sealed();
	assert_int_equal(channel_decode(exchange, &order), -EPIPE);
	assert_null(exchange->ops->cut(exchange));
}

/* What the peer spoils is told it, apart. */
static void an_alert_is_apart(void **state)
{
	struct order order;
	size_t room;
	uint8_t *at;

	(void)state;
	ends_open("ktls=auto");
	hand_over(0, "kernel");
	at = channel_room(trader, &room);
	memcpy(at, "\x17\x03\x03\x00\x20", 5);
	memset(at + 5, 0, 32);
	channel_received(trader, 5 + 32, 1);
	assert_int_equal(channel_decode(trader, &order), -EPROTO);
	assert_int_equal(trader->out.apart_len, 2);
	carry_sealed();
	assert_int_equal(channel_decode(exchange, &order), -EPROTO);
	assert_non_null(strstr(exchange->why, "alert bad record mac"));
}

static void new_keys_are_refused(void **state)
{
	struct order order;

	(void)state;
	ends_open("ktls=auto,update=2");
	hand_over(0, "kernel");
	say(1);
	hear(1);
	assert_int_equal(channel_decode(trader, &order), 0);
	say(2);
	hear(2);
	assert_int_equal(channel_decode(trader, &order), -EPROTO);
	assert_non_null(strstr(trader->why, "new keys"));
}

static void what_can_not_be_is_told(void **state)
{
	(void)state;
	ends_open("ktls=auto");
	kernel.there = false;
	log_catch();
	hand_over(0, "program");
	assert_non_null(strstr(log_caught(), "ktls=auto: of our own"));
	say(1);
	assert_int_equal(channel_buffer_len(&trader->out),
			 ORDER_LEN + TLS_OVERHEAD);
}

static void it_is_off_by_itself(void **state)
{
	(void)state;
	ends_open("inner=raw");
	hand_over(0, "program");
}

/* The real one: there it is open, else refused before anything else. */
static void on_is_the_kernels_word(void **state)
{
	char text[512];
	const char *why = "";
	const int probed = kernel_tls_probe(&why);

	(void)state;
	snprintf(text, sizeof(text), "tls:folder=%s,ktls=on",
		 channel_choice_keys());
	log_catch();
	assert_int_equal(channel_open(text, CHANNEL_TRADER, &trader), probed);
	if (probed)
		assert_non_null(strstr(log_caught(),
				       "ktls=on: this kernel has no TLS"));
	/* It is the trader's. */
	assert_int_equal(channel_open(text, CHANNEL_EXCHANGE, &exchange), 0);
	if (probed)
		return;
	kernel.there = false;
	assert_int_equal(trader->ops->hand_over(trader, kernel_take, &kernel),
			 -EOPNOTSUPP);
	assert_string_equal(trader->why, "of our own");
}

/* A transport that is no socket's. */
static void transports_may_not_do(void **state)
{
	const struct tls_direction none = { .cipher = NULL };
	struct transport *transport;
	const char *why;

	(void)state;
	assert_int_equal(transport_open("null", -1, &transport), 0);
	assert_int_equal(transport_seal(transport, &none, &why), -EOPNOTSUPP);
	assert_non_null(strstr(why, "--transport send and uring do"));
	transport_close(transport);
}

int main(void)
{
	static char aes_128[] = "ktls=auto,suites=TLS_AES_128_GCM_SHA256";
	static char aes_256[] = "ktls=auto,suites=TLS_AES_256_GCM_SHA384";
	static char chacha[] = "ktls=auto,suites=TLS_CHACHA20_POLY1305_SHA256";
	static const struct CMUnitTest tests[] = {
		{ "AES-128-GCM", orders_and_the_end_are_read, NULL, teardown,
		  aes_128 },
		{ "AES-256-GCM", orders_and_the_end_are_read, NULL, teardown,
		  aes_256 },
		{ "ChaCha20-Poly1305", orders_and_the_end_are_read, NULL,
		  teardown, chacha },
		cmocka_unit_test_teardown(a_logout_goes_before, teardown),
		cmocka_unit_test_teardown(an_alert_is_apart, teardown),
		cmocka_unit_test_teardown(new_keys_are_refused, teardown),
		cmocka_unit_test_teardown(what_can_not_be_is_told, teardown),
		cmocka_unit_test_teardown(it_is_off_by_itself, teardown),
		cmocka_unit_test_teardown(on_is_the_kernels_word, teardown),
		cmocka_unit_test(transports_may_not_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

static void left_out(void **state)
{
	(void)state;
	print_message("# skipped: tls: built without OpenSSL\n");
	skip();
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
