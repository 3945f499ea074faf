/* SPDX-License-Identifier: MIT */
/* TLS: a record beside the bare calls of its cipher, an order beside OpenSSL's
 * own SSL_write(), and a handshake that resumes beside a full one, in memory.
 */
#include "tests/bench/support/bench.h"

#ifndef HAVE_OPENSSL

int bench_tls(struct bench *bench)
{
	bench_note(bench, "TLS: skipped: built without OpenSSL");
	return 0;
}

#else

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "order/channel_ops.h"
#include "tests/support/channel_choice.h"
#include "wire/tls_record.h"

#define RECORDS	   100000
#define HANDSHAKES 50
#define STEPS_MAX  8

/* Nothing of it is left out because nobody looks. */
static void looked_at(const void *bytes)
{
	__asm__ volatile("" : : "r"(bytes) : "memory");
}

/*
 * Records.
 */

static const uint8_t secret[32] = { 1, 2, 3 };

/* ns each; < 0: it failed. */
static double record_ns(void)
{
	struct tls_direction direction;
	uint8_t order[ORDER_LEN] = { 1 }, record[64];
	uint64_t begin;
	int good = 0;

	if (tls_direction_begin(&direction, TLS_AES_128_GCM, secret,
				sizeof(secret), true) < 0)
		return -1;
	begin = clock_monotonic_ns();
	for (int i = 0; i < RECORDS; i++) {
		good += tls_record_seal(&direction, TLS_APPLICATION_DATA, order,
					sizeof(order), record) > 0;
		looked_at(record);
	}
	begin = clock_monotonic_ns() - begin;
	tls_direction_end(&direction);
	return good == RECORDS ? (double)begin / RECORDS : -1;
}

/* The same bytes through the same cipher. */
static double cipher_ns(void)
{
	static const uint8_t header[TLS_HEADER_LEN] = { 23, 3, 3, 0, 30 };
	EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
	uint8_t bytes[ORDER_LEN + 1] = { 1 }, nonce[TLS_NONCE_LEN] = { 0 };
	uint8_t out[64];
	uint64_t begin;
	int n, good = 0;

	if (!cipher || EVP_EncryptInit_ex(cipher, EVP_aes_128_gcm(), NULL,
					  secret, NULL) <= 0)
		return -1;
	begin = clock_monotonic_ns();
	for (int i = 0; i < RECORDS; i++) {
		memcpy(nonce, &i, sizeof(i));
		good += EVP_EncryptInit_ex(cipher, NULL, NULL, NULL, nonce) >
				0 &&
			EVP_EncryptUpdate(cipher, NULL, &n, header,
					  sizeof(header)) > 0 &&
			EVP_EncryptUpdate(cipher, out, &n, bytes,
					  sizeof(bytes)) > 0 &&
			EVP_EncryptFinal_ex(cipher, out + sizeof(bytes), &n) >
				0 &&
			EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG,
					    TLS_TAG_LEN,
					    out + sizeof(bytes)) > 0;
		looked_at(out);
	}
	begin = clock_monotonic_ns() - begin;
	EVP_CIPHER_CTX_free(cipher);
	return good == RECORDS ? (double)begin / RECORDS : -1;
}

/*
 * Sessions.
 */

struct ends {
	struct channel *trader, *exchange;
};

static void carry(struct channel *from, struct channel *to)
{
	const uint8_t *bytes;
	size_t len, room;
	uint8_t *at = channel_room(to, &room);

	bytes = channel_waiting(from, &len);
	len = len < room ? len : room;
	memcpy(at, bytes, len);
	channel_received(to, len, 1);
	channel_sent(from, len);
}

static void ends_close(struct ends *ends)
{
	channel_close(ends->trader);
	channel_close(ends->exchange);
}

/* Both ends, with their handshake. 0 or a negative errno. */
static int ends_open(struct ends *ends, const char *text)
{
	int trader, exchange = 0;
	int err = channel_open(text, CHANNEL_TRADER, &ends->trader);

	ends->exchange = NULL;
	if (!err)
		err = channel_open(text, CHANNEL_EXCHANGE, &ends->exchange);
	trader = err ? err : channel_handshake(ends->trader, 1);
	for (int i = 0; i < STEPS_MAX && trader >= 0 && exchange >= 0; i++) {
		carry(ends->trader, ends->exchange);
		if (!exchange)
			exchange = channel_handshake(ends->exchange, 1);
		/* The ticket stays where it is. */
		if (trader > 0 && exchange > 0)
			return 0;
		carry(ends->exchange, ends->trader);
		if (!trader)
			trader = channel_handshake(ends->trader, 1);
	}
	ends_close(ends);
	return -EPROTO;
}

/* Of this thread alone, which has both ends and never waits: whoever shares the
 * CPU is not in a handshake's time. */
static uint64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * CLOCK_NS_PER_S + (uint64_t)now.tv_nsec;
}

/* ns of CPU each. tickets: each has that of the one before it. */
static double handshake_ns(const char *text, bool tickets)
{
	struct order order;
	struct ends ends;
	uint64_t begin, ns = 0;

	for (int i = 0; i <= HANDSHAKES; i++) {
		begin = cpu_ns();
		if (ends_open(&ends, text) < 0)
			return -1;
		/* The first one is a full one. */
		if (i > 0)
			ns += cpu_ns() - begin;
		carry(ends.exchange, ends.trader);
		if (tickets)
			channel_decode(ends.trader, &order);
		ends_close(&ends);
	}
	return (double)ns / HANDSHAKES;
}

static double order_ns(const char *text)
{
	struct order order = { .quantity = 1, .price = 1 };
	struct ends ends;
	uint64_t begin;
	int good = 0;

	if (ends_open(&ends, text) < 0)
		return -1;
	begin = clock_monotonic_ns();
	for (int i = 0; i < RECORDS; i++) {
		order.quantity = (uint32_t)i;
		good += channel_encode(ends.trader, &order) == 0;
		looked_at(ends.trader->out.bytes);
		channel_sent(ends.trader,
			     channel_buffer_len(&ends.trader->out));
	}
	begin = clock_monotonic_ns() - begin;
	ends_close(&ends);
	return good == RECORDS ? (double)begin / RECORDS : -1;
}

/* By OpenSSL alone, into its memory. */
static double openssl_ns(void)
{
	char cert[PATH_MAX], key[PATH_MAX];
	SSL_CTX *contexts[2] = { SSL_CTX_new(TLS_client_method()),
				 SSL_CTX_new(TLS_server_method()) };
	SSL *client, *server;
	BIO *to_client, *to_server;
	uint8_t bytes[ORDER_LEN] = { 1 };
	uint64_t begin;
	int good = 0;

	snprintf(cert, sizeof(cert), "%s/exchange.pem", channel_choice_keys());
	snprintf(key, sizeof(key), "%s/exchange.key", channel_choice_keys());
	SSL_CTX_use_certificate_chain_file(contexts[1], cert);
	SSL_CTX_use_PrivateKey_file(contexts[1], key, SSL_FILETYPE_PEM);
	SSL_CTX_set_ciphersuites(contexts[0], "TLS_AES_128_GCM_SHA256");
	client = SSL_new(contexts[0]);
	server = SSL_new(contexts[1]);
	to_client = BIO_new(BIO_s_mem());
	to_server = BIO_new(BIO_s_mem());
	BIO_up_ref(to_client);
	BIO_up_ref(to_server);
	SSL_set_bio(client, to_client, to_server);
	SSL_set_bio(server, to_server, to_client);
	SSL_set_connect_state(client);
	SSL_set_accept_state(server);
	for (int i = 0; i < STEPS_MAX && !SSL_is_init_finished(server); i++) {
		SSL_do_handshake(client);
		SSL_do_handshake(server);
	}
	begin = clock_monotonic_ns();
	for (int i = 0; i < RECORDS; i++) {
		good += SSL_write(client, bytes, sizeof(bytes)) ==
			sizeof(bytes);
		BIO_reset(to_server);
	}
	begin = clock_monotonic_ns() - begin;
	SSL_free(client);
	SSL_free(server);
	SSL_CTX_free(contexts[0]);
	SSL_CTX_free(contexts[1]);
	return good == RECORDS ? (double)begin / RECORDS : -1;
}

int bench_tls(struct bench *bench)
{
	enum {
		RECORD,
		CIPHER,
		ORDER,
		OPENSSL,
		RESUMED,
		FULL,
		RESUMED_MUTUAL,
		FULL_MUTUAL,
		KINDS
	};
	double ns[KINDS][BENCH_ROUNDS_MAX];
	char texts[KINDS][128];

	/* Tickets are kept by settings, so that each has its own. */
	for (int kind = ORDER; kind < KINDS; kind++)
		snprintf(texts[kind], sizeof(texts[kind]),
			 "tls:folder=%.64s,update=%d,early=%s,mutual=%s",
			 channel_choice_keys(), 1 << 24,
			 kind == RESUMED || kind == RESUMED_MUTUAL ? "on"
								   : "off",
			 kind >= RESUMED_MUTUAL ? "on" : "off");
	for (size_t i = 0; i < bench->rounds; i++) {
		ns[RECORD][i] = record_ns();
		ns[CIPHER][i] = cipher_ns();
		ns[ORDER][i] = order_ns(texts[ORDER]);
		ns[OPENSSL][i] = openssl_ns();
		for (int kind = RESUMED; kind < KINDS; kind++)
			ns[kind][i] = handshake_ns(
				texts[kind],
				kind == RESUMED || kind == RESUMED_MUTUAL);
		for (int kind = 0; kind < KINDS; kind++)
			if (ns[kind][i] < 0)
				return -EIO;
	}
	bench_figure(bench, "TLS record of 13 bytes, sealed", "ns", ns[RECORD],
		     "bare EVP calls", ns[CIPHER], bench->rounds, BENCH_AT_MOST,
		     1.1);
	bench_figure(bench, "an order by the tls channel", "ns", ns[ORDER],
		     "SSL_write()", ns[OPENSSL], bench->rounds, BENCH_AT_MOST,
		     1);
	bench_figure(bench, "TLS handshake, both verified, resumed", "ns",
		     ns[RESUMED_MUTUAL], "a full one", ns[FULL_MUTUAL],
		     bench->rounds, BENCH_AT_MOST, 0.5);
	/* Without the trader's certificate there is less to be saved. */
	bench_figure(bench, "TLS handshake, one verified, resumed", "ns",
		     ns[RESUMED], "a full one", ns[FULL], bench->rounds,
		     BENCH_AT_MOST, 0.5);
	return 0;
}

#endif
