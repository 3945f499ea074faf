/* SPDX-License-Identifier: MIT */
/*
 * Orders by TLS 1.3, from outside: judged by the oracle over every transport,
 * by each suite and with each channel inside; certificates that are wrong,
 * peers of OpenSSL that are wrong, slow or gone, tickets and early data. With
 * $T2T_REAL_PATHS (`make test-real`) the real file over every transport.
 */
#include "tests/support/oracle_channel.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "order/tls_keys.h"
#include "tests/support/channel_choice.h"
#include "tests/support/choice.h"
#include "tests/support/tls_peer.h"
#include "tests/support/tshark.h"
#include "wire/order.h"
#include "wire/tls_record.h"

static struct lab lab;

#ifndef HAVE_OPENSSL

static void left_out(void **state)
{
	(void)state;
	lab_skip("built without OpenSSL");
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		LAB_TEST("C.32 TLS", left_out, NULL),
	};

	return lab_run(&lab, "channel_tls", tests, 1, argc, argv);
}

#else

static struct program exchange, trader;
static struct tls_peer peer = { .fd = -1 };

static int clean(void **state)
{
	(void)state;
	if (peer.fd >= 0)
		order_client_close(peer.fd);
	tls_peer_close(&peer);
	program_end(&trader);
	program_end(&exchange);
	return 0;
}

/* Made when they are first asked for. */
static const char *keys(const char *name, const char *host, int days)
{
	static char path[PATH_MAX];
	struct tls_keys_config config = { .folder = path,
					  .host = host,
					  .days = days };

	lab_path(&lab, name, path);
	if (access(path, F_OK) < 0)
		assert_int_equal(tls_keys_make(&config), 0);
	return path;
}

static const char *right_keys(void)
{
	return channel_choice_keys();
}

/* "tls:folder=...,OPTIONS", with the right keys. */
static const char *channel(const char *options)
{
	static char text[2 * PATH_MAX];

	snprintf(text, sizeof(text), "tls:folder=%s%s%s", right_keys(),
		 *options ? "," : "", options);
	return text;
}

/*
 * Sessions to the end of their feed.
 */

static void orders_are_right(void **state)
{
	char path[PATH_MAX];

	oracle_channel_judged(&lab, channel(*state), "send",
			      oracle_channel_feed(&lab, path), "1000000", 0);
}

static void tshark_reads_it(void **state)
{
	struct oracle_run run = { .pace = "rate:20000" };
	char path[PATH_MAX], dissects[PATH_MAX + 64];

	(void)state;
	tshark_needed();
	run.feed = oracle_channel_feed(&lab, path);
	run.channel = channel("inner=fix");
	oracle_run(&lab, &run);
	/* By the same key log. */
	snprintf(dissects, sizeof(dissects),
		 "-o 'tls.keylog_file:%s' -d tcp.port==9012,tls", run.keys);
	assert_true(tshark_count(run.capture, dissects,
				 "fix.MsgType == \"D\"") > 50);
	assert_true(tshark_count(run.capture, dissects,
				 "tls.alert_message.desc == 0") > 0);
	assert_int_equal(tshark_count(run.capture, dissects,
				      "tcp && (_ws.malformed || "
				      "tls.alert_message.level == 2)"),
			 0);
	oracle_free(&run);
}

/* Without the secrets nothing is said of the orders. */
static void without_secrets_nothing_is_judged(void **state)
{
	struct oracle_run run = { .pace = "rate:20000" };
	char path[PATH_MAX];
	json_t *analysis;
	FILE *log;

	(void)state;
	run.feed = oracle_channel_feed(&lab, path);
	run.channel = channel("");
	oracle_run(&lab, &run);
	oracle_is_right(run.analysis);
	log = fopen(run.keys, "w");
	assert_non_null(log);
	fputs("# none\n", log);
	assert_int_equal(fclose(log), 0);
	analysis = oracle_judge(run.capture, run.channel, NULL, NULL);
	assert_int_equal(oracle_count(analysis, "unreadable_connections"), 1);
	assert_true(json_is_null(json_object_get(analysis, "correct")));
	json_decref(analysis);
	oracle_free(&run);
}

/*
 * Certificates.
 */

static void exchange_begin(const char *text)
{
	lab_exchange(&lab, &exchange, lab_feed(&lab, 1, 100000), "--channel",
		     text, "--pace", "rate:1000", "--handshake-timeout-ms",
		     "30000", NULL);
}

/* Whoever is right is served afterwards. */
static void exchange_serves(void)
{
	program_end(&trader);
	lab_trader(&lab, &trader, "--channel", channel(""), NULL);
	lab_line(&exchange, "state TRANSMIT");
	assert_int_equal(program_stop(&trader, SIGTERM, LAB_SOON_MS), 0);
	lab_line(&exchange, "state INIT");
	assert_int_equal(program_stop(&exchange, SIGTERM, LAB_SOON_MS), 0);
}

static void trader_refuses(const char *text, const char *why, const char *heard)
{
	lab_trader(&lab, &trader, "--channel", text, NULL);
	lab_says(&trader, why);
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 1);
	lab_says(&exchange, heard);
}

static void unknown_ca(void **state)
{
	char text[2 * PATH_MAX];

	(void)state;
	exchange_begin(channel(""));
	snprintf(text, sizeof(text), "tls:folder=%s",
		 keys("others", "exchange", 1));
	trader_refuses(text,
		       "certificate verify failed: unable to get local "
		       "issuer certificate",
		       "alert unknown ca");
	exchange_serves();
}

static void wrong_host(void **state)
{
	(void)state;
	exchange_begin(channel(""));
	trader_refuses(channel("host=exchange2"),
		       "certificate verify failed: hostname mismatch",
		       "alert bad certificate");
	program_end(&trader);
	trader_refuses(channel("host=10.77.0.1"),
		       "certificate verify failed: IP address mismatch",
		       "alert bad certificate");
	exchange_serves();
}

static void right_address(void **state)
{
	char text[2 * PATH_MAX];

	(void)state;
	snprintf(text, sizeof(text), "tls:host=10.77.0.1,folder=%s",
		 keys("address", "10.77.0.1", 1));
	exchange_begin(text);
	lab_trader(&lab, &trader, "--channel", text, NULL);
	lab_line(&exchange, "state TRANSMIT");
}

static void expired(void **state)
{
	char text[2 * PATH_MAX];

	(void)state;
	snprintf(text, sizeof(text), "tls:folder=%s",
		 keys("expired", "exchange", -1));
	exchange_begin(text);
	trader_refuses(text,
		       "certificate verify failed: certificate has expired",
		       "alert certificate expired");
}

/* The exchange wants to know who it is. */
static void mutual(void **state)
{
	char text[2 * PATH_MAX];

	(void)state;
	exchange_begin(channel("mutual=on"));
	peer.fd = lab_connect();
	tls_peer_open(&peer, peer.fd, right_keys(), false, NULL);
	tls_peer_refused(&peer, "alert certificate required");
	lab_says(&exchange, "peer did not return a certificate");
	clean(NULL);
	exchange_begin(channel("mutual=on"));
	snprintf(text, sizeof(text), "tls:ca=%s/ca.pem", right_keys());
	snprintf(text + strlen(text), sizeof(text) - strlen(text), ",folder=%s",
		 keys("others", "exchange", 1));
	lab_trader(&lab, &trader, "--channel", text, NULL);
	lab_says(&exchange, "certificate verify failed: unable to get local "
			    "issuer certificate");
	exchange_serves();
}

static void files_are_named(void **state)
{
	static const struct {
		const char *channel, *why;
	} rows[] = {
		{ "tls", "cert=FILE and key=FILE are needed" },
		{ "tls:cert=/none,key=/none", "cert: '/none'" },
		{ "tls:folder=/none", "/none/ca.pem" },
		{ "tls:suites=TLS_AES_128_CCM_SHA256", "'TLS_AES_128_CCM" },
		{ "tls:inner=tls", "TLS inside TLS" },
		{ "tls:inner=row", "unknown channel 'row'" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		lab_start(&exchange, lab.exchange, "t2t-exchange", "--feed",
			  lab_feed(&lab, 1, 1), "--interface",
			  LAB_EXCHANGE_INTERFACE, "--channel", rows[i].channel,
			  NULL);
		lab_says(&exchange, rows[i].why);
		assert_int_equal(program_wait(&exchange, LAB_SOON_MS), 2);
		program_end(&exchange);
	}
}

/*
 * Peers by OpenSSL alone.
 */

static void peer_begin(bool has_certificate, SSL_SESSION *ticket)
{
	peer.fd = lab_connect();
	tls_peer_open(&peer, peer.fd, right_keys(), has_certificate, ticket);
}

static void order_comes(unsigned int quantity)
{
	char text[64];

	snprintf(text, sizeof(text), "quantity=%u ", quantity);
	assert_non_null(strstr(lab_line(&exchange, "order"), text));
}

static void older_versions_are_refused(void **state)
{
	(void)state;
	exchange_begin(channel(""));
	peer_begin(false, NULL);
	SSL_set_min_proto_version(peer.ssl, TLS1_2_VERSION);
	SSL_set_max_proto_version(peer.ssl, TLS1_2_VERSION);
	tls_peer_refused(&peer, "alert protocol version");
	lab_says(&exchange, "unsupported protocol");
	exchange_serves();
}

static void no_common_suite(void **state)
{
	(void)state;
	exchange_begin(channel("suites=TLS_AES_256_GCM_SHA384"));
	peer_begin(false, NULL);
	assert_int_equal(
		SSL_set_ciphersuites(peer.ssl, "TLS_AES_128_GCM_SHA256"), 1);
	tls_peer_refused(&peer, "alert handshake failure");
	lab_says(&exchange, "no shared cipher");
}

static void no_tls_at_all(void **state)
{
	(void)state;
	exchange_begin(channel(""));
	peer.fd = lab_connect();
	order_client_send(peer.fd, "GET / HTTP/1.1\r\n\r\n", 18);
	lab_says(&exchange, "http request");
	assert_true(order_client_closed(peer.fd, LAB_SOON_MS));
	exchange_serves();
}

/* Bytes between OpenSSL and the socket, in pieces of one. */
static void carry(BIO *from_peer, BIO *to_peer, bool wait)
{
	uint8_t bytes[4096];
	int n;

	while ((n = BIO_read(from_peer, bytes, 1)) > 0)
		order_client_send(peer.fd, bytes, 1);
	if (!wait)
		return;
	n = (int)recv(peer.fd, bytes, sizeof(bytes), 0);
	assert_true(n > 0);
	for (int i = 0; i < n; i++)
		assert_int_equal(BIO_write(to_peer, bytes + i, 1), 1);
}

static void one_byte_at_a_time(void **state)
{
	BIO *from_peer = BIO_new(BIO_s_mem()), *to_peer = BIO_new(BIO_s_mem());

	(void)state;
	exchange_begin(channel(""));
	tls_peer_open(&peer, -1, right_keys(), false, NULL);
	peer.fd = lab_connect();
	SSL_set_bio(peer.ssl, to_peer, from_peer);
	while (SSL_do_handshake(peer.ssl) != 1)
		carry(from_peer, to_peer, true);
	tls_peer_order(&peer, 3);
	SSL_shutdown(peer.ssl);
	carry(from_peer, to_peer, false);
	order_comes(3);
	lab_says(&exchange, "ended: the trader closed the connection");
}

static void end_without_close_notify(void **state)
{
	(void)state;
	exchange_begin(channel(""));
	peer_begin(false, NULL);
	tls_peer_shake(&peer);
	tls_peer_order(&peer, 5);
	order_comes(5);
	order_client_half_close(peer.fd);
	lab_says(&exchange, "the TLS stream was cut off: it ended without a "
			    "close_notify");
	exchange_serves();
}

static void close_notify_is_answered(void **state)
{
	char reason[128];

	(void)state;
	exchange_begin(channel(""));
	peer_begin(false, NULL);
	tls_peer_shake(&peer);
	tls_peer_order(&peer, 5);
	SSL_shutdown(peer.ssl);
	order_comes(5);
	lab_says(&exchange, "ended: the trader closed the connection");
	assert_true(tls_peer_ended(&peer, reason, sizeof(reason)));
}

static void killed_exchange_is_told(void **state)
{
	(void)state;
	exchange_begin(channel(""));
	lab_trader(&lab, &trader, "--channel", channel(""), NULL);
	lab_line(&exchange, "state TRANSMIT");
	kill(exchange.pid, SIGKILL);
	lab_says(&trader, "cut off: it ended without a close_notify");
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 1);
}

/* Bytes that are no record, behind the handshake: said by OpenSSL's alert. */
static void records_that_are_none(void **state)
{
	static const struct {
		uint8_t bytes[64];
		size_t len;
		const char *why, *heard;
	} rows[] = {
		{ { 23, 3, 3, 0x41, 0x01 }, 5, "too long", "record overflow" },
		{ { 23, 3, 3, 0, 4, 1, 2, 3, 4 },
		  9,
		  "bad record mac",
		  "bad record mac" },
		{ { 23, 3, 3, 0, 40 }, 45, "bad record mac", "bad record mac" },
		{ { 22, 3, 3, 0, 1, 0 },
		  6,
		  "bad record type",
		  "unexpected message" },
	};
	char reason[128];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		exchange_begin(channel(""));
		peer_begin(false, NULL);
		tls_peer_shake(&peer);
		tls_peer_order(&peer, 5);
		order_comes(5);
		order_client_send(peer.fd, rows[i].bytes, rows[i].len);
		lab_says(&exchange, rows[i].why);
		assert_false(tls_peer_ended(&peer, reason, sizeof(reason)));
		if (!strstr(reason, rows[i].heard))
			fail_msg("'%s' and not '%s'", reason, rows[i].heard);
		clean(NULL);
	}
}

/* Of zeros, with zeros behind its type. */
static int record_make(struct tls_direction *seals, unsigned int type,
		       size_t len, size_t padding, uint8_t *record)
{
	static uint8_t inside[TLS_PLAIN_MAX + 2];

	if (!padding)
		return tls_record_seal(seals, type, inside, len, record);
	memset(inside, 0, sizeof(inside));
	inside[len] = (uint8_t)type;
	return tls_record_seal(seals, 0, inside, len + padding, record);
}

/* Records of ours with the peer's keys: so many, of that type and length. */
static void records_that_open(void **state)
{
	static const struct {
		unsigned int type, count;
		size_t len;
		const char *why, *heard;
		/* Zeros behind the type; and then another record, of data. */
		size_t padding;
		bool more;
	} rows[] = {
		{ 0, 1, 100, "a record has no content type",
		  "unexpected message", 0, false },
		{ TLS_APPLICATION_DATA, 1, TLS_PLAIN_MAX + 1,
		  "more than 16,384 bytes", "record overflow", 0, false },
		{ TLS_APPLICATION_DATA, 1, 1, "more than 16,384 bytes",
		  "record overflow", TLS_PLAIN_MAX, false },
		{ TLS_APPLICATION_DATA, 33, 0, "too many empty records",
		  "unexpected message", 0, false },
		{ TLS_HANDSHAKE, 1, 0, "bad length", "unexpected message", 0,
		  false },
		{ TLS_HANDSHAKE, 1, 2, "inside a message of the handshake",
		  "unexpected message", 0, true },
		{ TLS_CHANGE_CIPHER_SPEC, 1, 1, "bad record type",
		  "unexpected message", 0, false },
	};
	static uint8_t zeros[TLS_PLAIN_MAX + 2], record[TLS_RECORD_MAX];
	struct tls_direction seals;
	char reason[128];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		exchange_begin(channel(""));
		peer_begin(false, NULL);
		tls_peer_shake(&peer);
		assert_int_equal(tls_direction_begin(&seals, TLS_AES_256_GCM,
						     peer.secret,
						     peer.secret_len, true),
				 0);
		for (unsigned int n = 0; n < rows[i].count; n++) {
			int len = record_make(&seals, rows[i].type, rows[i].len,
					      rows[i].padding, record);

			order_client_send(peer.fd, record, (size_t)len);
		}
		if (rows[i].more) {
			int len = tls_record_seal(&seals, TLS_APPLICATION_DATA,
						  zeros, ORDER_LEN, record);

			order_client_send(peer.fd, record, (size_t)len);
		}
		tls_direction_end(&seals);
		lab_says(&exchange, rows[i].why);
		assert_false(tls_peer_ended(&peer, reason, sizeof(reason)));
		if (!strstr(reason, rows[i].heard))
			fail_msg("'%s' and not '%s'", reason, rows[i].heard);
		clean(NULL);
	}
}

/* New keys each way, as either end likes. */
static void keys_are_updated(void **state)
{
	char welcome[32];

	(void)state;
	exchange_begin(channel("inner=login:heartbeat=1,name=x"));
	peer_begin(false, NULL);
	tls_peer_shake(&peer);
	tls_peer_send(&peer,
		      "T2TLOGIN\1\1x\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
		      "\0\0\0",
		      32);
	lab_line(&exchange, "state TRANSMIT");
	for (unsigned int i = 1; i < 6; i++) {
		assert_int_equal(
			SSL_key_update(peer.ssl,
				       i % 2 ? SSL_KEY_UPDATE_REQUESTED : 0),
			1);
		tls_peer_send(&peer, "O", 1);
		tls_peer_order(&peer, i);
		order_comes(i);
	}
	/* Its welcome, and heartbeats under new keys. */
	assert_int_equal(SSL_read(peer.ssl, welcome, sizeof(welcome)), 32);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(SSL_read(peer.ssl, welcome, 1), 1);
		assert_int_equal(welcome[0], 'H');
	}
}

/*
 * Tickets.
 */

/* A ticket of the exchange's. */
static SSL_SESSION *ticket_get(void)
{
	SSL_SESSION *ticket;
	char reason[128];

	peer_begin(false, NULL);
	tls_peer_shake(&peer);
	assert_false(SSL_session_reused(peer.ssl));
	SSL_shutdown(peer.ssl);
	tls_peer_ended(&peer, reason, sizeof(reason));
	ticket = peer.ticket;
	peer.ticket = NULL;
	assert_non_null(ticket);
	order_client_close(peer.fd);
	tls_peer_close(&peer);
	lab_line(&exchange, "state INIT");
	return ticket;
}

static void sessions_are_resumed(void **state)
{
	SSL_SESSION *ticket;

	(void)state;
	exchange_begin(channel(""));
	ticket = ticket_get();
	peer_begin(false, ticket);
	tls_peer_shake(&peer);
	assert_true(SSL_session_reused(peer.ssl));
	tls_peer_order(&peer, 7);
	order_comes(7);
	lab_says(&exchange, "TLS_AES_256_GCM_SHA384, resumed");
	SSL_SESSION_free(ticket);
}

/* An order in early data is taken; the same ticket and order once more are
 * not. */
static void early_order_is_taken_once(void **state)
{
	static const uint8_t early[ORDER_LEN] = { 9, 0, 0, 0, 1 };
	SSL_SESSION *ticket, *copy;
	size_t n;

	(void)state;
	exchange_begin(channel("early=on"));
	ticket = ticket_get();
	copy = SSL_SESSION_dup(ticket);
	for (int again = 0; again < 2; again++) {
		peer_begin(false, again ? copy : ticket);
		assert_int_equal(SSL_write_early_data(peer.ssl, early,
						      sizeof(early), &n),
				 1);
		tls_peer_shake(&peer);
		assert_int_equal(SSL_get_early_data_status(peer.ssl),
				 again ? SSL_EARLY_DATA_REJECTED
				       : SSL_EARLY_DATA_ACCEPTED);
		assert_int_equal(SSL_session_reused(peer.ssl), !again);
		tls_peer_order(&peer, 10);
		if (!again)
			order_comes(9);
		order_comes(10);
		order_client_close(peer.fd);
		peer.fd = -1;
		tls_peer_close(&peer);
		lab_line(&exchange, "state INIT");
	}
	SSL_SESSION_free(ticket);
	SSL_SESSION_free(copy);
}

/* Where none are taken they are skipped: RFC 8446, 4.2.10. The ticket is of
 * an exchange that took them. */
static void early_data_are_skipped(void **state)
{
	static const uint8_t early[1000] = { 9, 0, 0, 0, 1 };
	SSL_SESSION *ticket;
	size_t n;

	(void)state;
	exchange_begin(channel("early=on"));
	ticket = ticket_get();
	clean(NULL);
	exchange_begin(channel(""));
	peer_begin(false, ticket);
	for (int i = 0; i < 4; i++)
		assert_int_equal(SSL_write_early_data(peer.ssl, early,
						      sizeof(early), &n),
				 1);
	tls_peer_shake(&peer);
	assert_int_equal(SSL_get_early_data_status(peer.ssl),
			 SSL_EARLY_DATA_REJECTED);
	tls_peer_order(&peer, 10);
	order_comes(10);
	assert_int_equal(program_count(&exchange, PROGRAM_OUT, "order"), 1);
	SSL_SESSION_free(ticket);
}

/* A trader that is turned out comes back by its ticket, and its greeting goes
 * with the ClientHello. */
static void trader_resumes(void **state)
{
	const char *text = channel("early=on,inner=login");

	(void)state;
	lab_exchange(&lab, &exchange, lab_feed(&lab, 1, 100000), "--channel",
		     text, "--pace", "rate:1000", "--idle", "1", NULL);
	lab_trader(&lab, &trader, "--channel", text, "--reconnect", "30",
		   "--threshold-usd", "9000000000", NULL);
	lab_says(&trader, "a full handshake");
	lab_says(&trader, "resumed, early data taken");
	lab_says(&exchange, "resumed, early data taken");
	lab_line(&exchange, "state INIT");
	lab_line(&exchange, "state TRANSMIT");
	assert_int_equal(program_stop(&trader, SIGTERM, LAB_SOON_MS), 0);
}

/* How many handshakes of a trader that has ended were so. */
static size_t trader_shook(const char *how)
{
	char line[128];

	snprintf(line, sizeof(line),
		 "t2t-trader: --channel tls: TLSv1.3 with "
		 "TLS_AES_128_GCM_SHA256, %s",
		 how);
	return program_count(&trader, PROGRAM_ERR, line);
}

/* Of a trader's three sessions, one after the other, two are resumed, unless
 * either end won't have it. */
static void sessions_are_resumed_or_not(void **state)
{
	static const struct {
		const char *exchange, *trader;
		size_t resumed;
	} cases[] = {
		{ "", "", 2 },
		{ "mutual=on", "mutual=on", 2 },
		{ "resume=off", "", 0 },
		{ "", "resume=off", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[2 * PATH_MAX];

		lab_exchange(&lab, &exchange, lab_feed(&lab, 1, 50),
			     "--channel", channel(cases[i].exchange),
			     "--on-second-client", "queue", NULL);
		snprintf(text, sizeof(text), "%s", channel(cases[i].trader));
		lab_trader(&lab, &trader, "--channel", text, "--sessions", "3",
			   NULL);
		assert_int_equal(program_wait(&trader, LAB_SOON_MS), 0);
		assert_int_equal(trader_shook("resumed"), cases[i].resumed);
		assert_int_equal(trader_shook("a full handshake"),
				 3 - cases[i].resumed);
		assert_int_equal(program_stop(&exchange, SIGTERM, LAB_SOON_MS),
				 0);
		program_end(&trader);
		program_end(&exchange);
	}
}

static void early_data_need_a_ticket(void **state)
{
	(void)state;
	lab_start(&exchange, lab.exchange, "t2t-exchange", "--feed",
		  lab_feed(&lab, 1, 1), "--interface", LAB_EXCHANGE_INTERFACE,
		  "--channel", channel("early=on,resume=off"), NULL);
	lab_says(&exchange, "early=on: only a session that is resumed");
	assert_int_equal(program_wait(&exchange, LAB_SOON_MS), 2);
}

/* A key log that others may read is none of ours. */
static void key_log_is_private(void **state)
{
	char path[PATH_MAX];
	FILE *file = fopen(lab_path(&lab, "open.log", path), "w");

	(void)state;
	assert_non_null(file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, 0644), 0);
	lab_start(&exchange, lab.exchange, "t2t-exchange", "--feed",
		  lab_feed(&lab, 1, 1), "--interface", LAB_EXCHANGE_INTERFACE,
		  "--channel", channel(""), "--keys", path, NULL);
	lab_says(&exchange, "others may read it");
	assert_int_equal(program_wait(&exchange, LAB_SOON_MS), 1);
}

int main(int argc, char **argv)
{
	static const char *const channels_inside[] = {
		"suites=TLS_AES_256_GCM_SHA384,mutual=on,update=20",
		"suites=TLS_CHACHA20_POLY1305_SHA256,update=20",
		"suites=TLS_AES_128_GCM_SHA256,inner=login",
		"inner=ws:ping=1,mask=zero",
		"inner=fix:version=4.2",
		NULL
	};
	static struct CMUnitTest tests[80];
	static const struct CMUnitTest others[] = {
		LAB_TEST("tshark reads it", tshark_reads_it, clean),
		LAB_TEST("without secrets nothing is judged",
			 without_secrets_nothing_is_judged, clean),
		LAB_TEST("C.32 another CA is refused", unknown_ca, clean),
		LAB_TEST("C.32 another host is refused", wrong_host, clean),
		LAB_TEST("an address is a name", right_address, clean),
		LAB_TEST("C.32 an old certificate is refused", expired, clean),
		LAB_TEST("C.32 both ends are verified", mutual, clean),
		LAB_TEST("files are named", files_are_named, clean),
		LAB_TEST("C.32 TLS 1.2 is refused", older_versions_are_refused,
			 clean),
		LAB_TEST("no common suite", no_common_suite, clean),
		LAB_TEST("no TLS at all", no_tls_at_all, clean),
		LAB_TEST("one byte at a time", one_byte_at_a_time, clean),
		LAB_TEST("an end without close_notify",
			 end_without_close_notify, clean),
		LAB_TEST("close_notify is answered", close_notify_is_answered,
			 clean),
		LAB_TEST("an exchange that is killed", killed_exchange_is_told,
			 clean),
		LAB_TEST("records that are none", records_that_are_none, clean),
		LAB_TEST("records that open", records_that_open, clean),
		LAB_TEST("keys are updated", keys_are_updated, clean),
		LAB_TEST("C.32 sessions are resumed", sessions_are_resumed,
			 clean),
		LAB_TEST("C.32 an early order is taken once",
			 early_order_is_taken_once, clean),
		LAB_TEST("C.32 early data that nobody takes are skipped",
			 early_data_are_skipped, clean),
		LAB_TEST("C.32 sessions are resumed, or not: resume",
			 sessions_are_resumed_or_not, clean),
		LAB_TEST("early data without tickets is refused",
			 early_data_need_a_ticket, clean),
		LAB_TEST("a trader comes back by its ticket", trader_resumes,
			 clean),
		LAB_TEST("the key log is private", key_log_is_private, clean),
	};
	static char text[2 * PATH_MAX];
	size_t n;

	snprintf(text, sizeof(text), "%s", channel(""));
	n = oracle_channel_tests(&lab, "C.32 tls", text, clean, tests);
	n += choice_tests(tests + n, "orders are right", orders_are_right,
			  clean, channels_inside);
	memcpy(tests + n, others, sizeof(others));
	n += ARRAY_SIZE(others);
	return lab_run(&lab, "channel_tls", tests, n, argc, argv);
}

#endif
