/* SPDX-License-Identifier: MIT */
/* The opening handshake: RFC 6455's example, and what each end refuses. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "wire/sha1.h"
#include "wire/websocket_handshake.h"

#define REQUEST_LINE "GET /chat HTTP/1.1\r\n"
#define HOST	     "Host: server.example.com\r\n"
#define UPGRADE	     "Upgrade: websocket\r\n"
#define CONNECTION   "Connection: Upgrade\r\n"
#define KEY	     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define VERSION	     "Sec-WebSocket-Version: 13\r\n"
#define REQUEST	     REQUEST_LINE HOST UPGRADE CONNECTION KEY VERSION

#define SWITCHING "HTTP/1.1 101 Switching Protocols\r\n"
#define ACCEPT	  "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
#define ANSWER	  SWITCHING UPGRADE CONNECTION ACCEPT

/* "the sample nonce" */
static const uint8_t nonce[WEBSOCKET_HANDSHAKE_NONCE] = { 't', 'h', 'e', ' ',
							  's', 'a', 'm', 'p',
							  'l', 'e', ' ', 'n',
							  'o', 'n', 'c', 'e' };

static struct websocket_handshake shake_of(const char *path,
					   const char *protocol)
{
	return (struct websocket_handshake){ .host = "server.example.com",
					     .path = path,
					     .protocol = protocol };
}

/* FIPS 180-4's, and the lengths around a block's end (RFC 3174's way of padding
 * changes at 56 bytes). */
static void digests(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		uint8_t digest[4];
	} rows[] = {
		{ "", 0, { 0xda, 0x39, 0xa3, 0xee } },
		{ "abc", 3, { 0xa9, 0x99, 0x3e, 0x36 } },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		  56,
		  { 0x84, 0x98, 0x3e, 0x44 } },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnop",
		  55,
		  { 0x47, 0xb1, 0x72, 0x81 } },
	};
	static char million[1000000];
	uint8_t digest[SHA1_LEN];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		sha1(rows[i].text, rows[i].len, digest);
		assert_memory_equal(digest, rows[i].digest, 4);
	}
	memset(million, 'a', sizeof(million));
	sha1(million, sizeof(million), digest);
	assert_memory_equal(digest, "\x34\xaa\x97\x3c\xd4\xc4\xda\xa4\xf6\x1e",
			    10);
	assert_memory_equal(digest + 10,
			    "\xeb\x2b\xdb\xad\x27\x31\x65\x34\x01\x6f", 10);
}

/* RFC 6455, 1.3. */
static void example(void **state)
{
	char accept[WEBSOCKET_HANDSHAKE_ACCEPT + 1];

	(void)state;
	websocket_handshake_accept("dGhlIHNhbXBsZSBub25jZQ==", 24, accept);
	assert_string_equal(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

static void both_ends(void **state)
{
	static const char *const protocols[] = { "", "orders" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
		struct websocket_handshake client =
			shake_of("/chat", protocols[i]);
		struct websocket_handshake server = client;

		websocket_handshake_ask(&client, nonce);
		assert_string_equal(client.key, "dGhlIHNhbXBsZSBub25jZQ==");
		assert_int_equal(websocket_handshake_answer(
					 &server, (const uint8_t *)client.text,
					 client.text_len),
				 client.text_len);
		assert_true(!!strstr(server.text, "orders") == (i == 1));
		assert_int_equal(websocket_handshake_answered(
					 &client, (const uint8_t *)server.text,
					 server.text_len),
				 server.text_len);
	}
}

/* What comes behind it is not looked at; a byte less is not whole. */
static void it_ends_where_it_ends(void **state)
{
	static const char request[] = REQUEST "\r\n\x82\x8d";
	static const char answer[] = ANSWER "\r\n\x82\x0d";
	const size_t request_len = sizeof(request) - 3;
	const size_t answer_len = sizeof(answer) - 3;
	struct websocket_handshake shake = shake_of("/chat", "");

	(void)state;
	websocket_handshake_ask(&shake, nonce);
	for (size_t n = 0; n < sizeof(request); n++) {
		uint8_t *bytes = malloc(n ? n : 1);

		memcpy(bytes, request, n);
		assert_int_equal(websocket_handshake_answer(&shake, bytes, n),
				 n < request_len ? 0 : request_len);
		free(bytes);
	}
	for (size_t n = 0; n < sizeof(answer); n++) {
		uint8_t *bytes = malloc(n ? n : 1);

		memcpy(bytes, answer, n);
		assert_int_equal(websocket_handshake_answered(&shake, bytes, n),
				 n < answer_len ? 0 : answer_len);
		free(bytes);
	}
}

static const struct text_case {
	const char *text;
	const char *status; /* NULL: it is taken */
} requests[] = {
	{ REQUEST "\r\n", NULL },
	/* Names and words in any case, lists, blanks, more fields. */
	{ REQUEST_LINE "HOST:server.example.com\r\nupgrade: WebSocket\r\n"
		       "CONNECTION: keep-alive , \tUPGRADE\t\r\n" KEY VERSION
		       "Origin: http://example.com\r\nX: \r\n\r\n",
	  NULL },
	{ REQUEST "Connection: keep-alive\r\n\r\n", NULL },
	/* Offered, and politely not taken. */
	{ REQUEST "Sec-WebSocket-Extensions: permessage-deflate; "
		  "client_max_window_bits\r\n\r\n",
	  NULL },
	{ REQUEST "Sec-WebSocket-Protocol: chat, superchat\r\n\r\n", NULL },

	{ "POST /chat HTTP/1.1\r\n\r\n", "400 " },
	{ "GET /chat HTTP/1.0\r\n" HOST UPGRADE CONNECTION KEY VERSION "\r\n",
	  "400 " },
	{ "GET /chat\r\n" HOST UPGRADE CONNECTION KEY VERSION "\r\n", "400 " },
	{ "GET  HTTP/1.1\r\n" HOST UPGRADE CONNECTION KEY VERSION "\r\n",
	  "400 " },
	{ "GET /chat HTTP/1.1 x\r\n" HOST UPGRADE CONNECTION KEY VERSION "\r\n",
	  "400 " },
	{ REQUEST_LINE UPGRADE CONNECTION KEY VERSION "\r\n", "400 " },
	{ REQUEST HOST "\r\n", "400 " },
	{ REQUEST_LINE HOST CONNECTION KEY VERSION "\r\n", "426 " },
	{ REQUEST_LINE HOST "Upgrade: h2c\r\n" CONNECTION KEY VERSION "\r\n",
	  "426 " },
	{ REQUEST_LINE HOST UPGRADE KEY VERSION "\r\n", "426 " },
	{ REQUEST_LINE HOST UPGRADE "Connection: close\r\n" KEY VERSION "\r\n",
	  "426 " },
	{ REQUEST_LINE HOST UPGRADE CONNECTION KEY "\r\n", "426 " },
	{ REQUEST_LINE HOST UPGRADE CONNECTION KEY
	  "Sec-WebSocket-Version: 8\r\n\r\n",
	  "426 " },
	{ REQUEST VERSION "\r\n", "426 " },
	{ REQUEST_LINE HOST UPGRADE CONNECTION VERSION "\r\n", "400 " },
	{ REQUEST KEY "\r\n", "400 " },
	{ REQUEST_LINE HOST UPGRADE CONNECTION
	  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ\r\n" VERSION "\r\n",
	  "400 " },
	{ REQUEST_LINE HOST UPGRADE CONNECTION
	  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZR==\r\n" VERSION "\r\n",
	  "400 " },
	{ REQUEST_LINE HOST UPGRADE CONNECTION
	  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZ.==\r\n" VERSION "\r\n",
	  "400 " },
	{ "GET /other HTTP/1.1\r\n" HOST UPGRADE CONNECTION KEY VERSION "\r\n",
	  "404 " },
	/* No HTTP: ends of lines, fields, characters. */
	{ "GET /chat HTTP/1.1\n" HOST UPGRADE CONNECTION KEY VERSION "\r\n",
	  "400 " },
	{ REQUEST "X: y\nY: z\r\n\r\n", "400 " },
	{ REQUEST "X y\r\n\r\n", "400 " },
	{ REQUEST "X : y\r\n\r\n", "400 " },
	{ REQUEST ": y\r\n\r\n", "400 " },
	{ REQUEST "X: y\r\n folded\r\n\r\n", "400 " },
	{ REQUEST "X: \x01\r\n\r\n", "400 " },
	{ REQUEST "X: y\rz\r\n\r\n", "400 " },
	{ REQUEST "X: \x7f\r\n\r\n", "400 " },
	{ "GET /chat\x01 HTTP/1.1\r\n" HOST UPGRADE CONNECTION KEY VERSION
	  "\r\n",
	  "400 " },
	{ "GET /chat\xe9 HTTP/1.1\r\n" HOST UPGRADE CONNECTION KEY VERSION
	  "\r\n",
	  "400 " },
	{ "SSH-2.0-OpenSSH", "400 " },
	{ "\x16\x03\x01", "400 " },
};

static void requests_are_judged(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
		struct websocket_handshake shake = shake_of("/chat", "");
		const char *text = requests[i].text;
		int rc = websocket_handshake_answer(
			&shake, (const uint8_t *)text, strlen(text));

		assert_int_equal(strlen(shake.text), shake.text_len);
		assert_null(strstr(shake.text, "Socket-Extensions"));
		assert_null(strstr(shake.text, "Socket-Protocol"));
		assert_memory_equal(shake.text, "HTTP/1.1 ", 9);
		if (!requests[i].status) {
			assert_int_equal(rc, strlen(text));
			assert_memory_equal(shake.text + 9, "101 ", 4);
			assert_non_null(strstr(shake.text, ACCEPT));
			continue;
		}
		assert_int_equal(rc, -EPROTO);
		assert_memory_equal(shake.text + 9, requests[i].status, 4);
		/* RFC 9110, 7.8: whoever names a protocol says so there. */
		if (!strcmp(requests[i].status, "426 "))
			assert_non_null(strstr(shake.text, UPGRADE CONNECTION));
		assert_non_null(strstr(shake.why, "not a handshake: "));
	}
}

static void versions_are_told(void **state)
{
	static const char text[] = REQUEST_LINE HOST UPGRADE CONNECTION KEY
		"Sec-WebSocket-Version: 14\r\n\r\n";
	struct websocket_handshake shake = shake_of("", "");

	(void)state;
	assert_int_equal(websocket_handshake_answer(
				 &shake, (const uint8_t *)text, strlen(text)),
			 -EPROTO);
	assert_non_null(strstr(shake.text, "\r\n" VERSION));
}

/* Which one, in its very letters. */
static void subprotocols(void **state)
{
	static const struct {
		const char *offered;
		int taken;
	} rows[] = {
		{ "", 0 },
		{ "Sec-WebSocket-Protocol: Orders\r\n", 0 },
		{ "Sec-WebSocket-Protocol: orders2, order\r\n", 0 },
		{ "Sec-WebSocket-Protocol: chat,orders\r\n", 1 },
		{ "Sec-WebSocket-Protocol: chat\r\n"
		  "sec-websocket-protocol: orders , x\r\n",
		  1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct websocket_handshake shake = shake_of("", "orders");
		char text[1000];
		int rc, len = snprintf(text, sizeof(text), REQUEST "%s\r\n",
				       rows[i].offered);

		rc = websocket_handshake_answer(&shake, (uint8_t *)text,
						(size_t)len);
		assert_int_equal(rc, rows[i].taken ? len : -EPROTO);
		assert_true(!!strstr(shake.text,
				     "Sec-WebSocket-Protocol: orders\r\n") ==
			    rows[i].taken);
	}
}

static void answers_are_judged(void **state)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{ ANSWER "\r\n", NULL },
		{ "HTTP/1.1 101\r\nUPGRADE: WEBSOCKET\r\n"
		  "connection: x, upgrade\r\n" ACCEPT "Server: x\r\n\r\n",
		  NULL },
		{ "HTTP/1.1 200 OK\r\n\r\n", "refused: 200 OK" },
		{ "HTTP/1.1 404 Not\x80 Found\r\n\r\n",
		  "refused: 404 Not? Found" },
		{ "HTTP/1.1 1010\r\n" UPGRADE CONNECTION ACCEPT "\r\n",
		  "refused: 1010" },
		{ "HTTP/1.0 101 x\r\n\r\n", "not HTTP/1.1" },
		{ "SSH-2", "not HTTP/1.1" },
		{ SWITCHING CONNECTION ACCEPT "\r\n", "does not upgrade" },
		{ SWITCHING UPGRADE ACCEPT "\r\n", "does not upgrade" },
		{ SWITCHING UPGRADE CONNECTION "\r\n", "not that of our key" },
		{ ANSWER ACCEPT "\r\n", "not that of our key" },
		{ SWITCHING UPGRADE CONNECTION
		  "Sec-WebSocket-Accept: "
		  "S3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
		  "not that of our key" },
		{ ANSWER "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
		  "an extension that was not offered" },
		{ ANSWER "Sec-WebSocket-Protocol: chat\r\n\r\n",
		  "a subprotocol that was not offered" },
		{ ANSWER "X\r\n\r\n", "not a field" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct websocket_handshake shake = shake_of("/", "");
		int rc;

		websocket_handshake_ask(&shake, nonce);
		rc = websocket_handshake_answered(&shake,
						  (const uint8_t *)rows[i].text,
						  strlen(rows[i].text));
		assert_int_equal(rc, rows[i].why ? -EPROTO
						 : (int)strlen(rows[i].text));
		if (rows[i].why)
			assert_non_null(strstr(shake.why, rows[i].why));
	}
}

static void our_subprotocol_is_wanted(void **state)
{
	static const char *const rows[] = {
		ANSWER "\r\n", ANSWER "Sec-WebSocket-Protocol: Orders\r\n\r\n",
		ANSWER "Sec-WebSocket-Protocol: orders\r\n\r\n"
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct websocket_handshake shake = shake_of("/", "orders");
		int rc;

		websocket_handshake_ask(&shake, nonce);
		rc = websocket_handshake_answered(
			&shake, (const uint8_t *)rows[i], strlen(rows[i]));
		assert_int_equal(rc, i == 2 ? (int)strlen(rows[i]) : -EPROTO);
	}
}

/* In bytes, and in fields. */
static void limits(void **state)
{
	static char text[2 * WEBSOCKET_HANDSHAKE_MAX];
	static const char end[] = { 'x', '\r', '\n', '\r', '\n' };
	struct websocket_handshake shake = shake_of("", "");
	size_t len;

	(void)state;
	/* The longest that is taken. */
	len = (size_t)sprintf(text, REQUEST "X: ");
	memset(text + len, 'x', sizeof(text) - len);
	memcpy(text + WEBSOCKET_HANDSHAKE_MAX - 4, end + 1, 4);
	assert_int_equal(websocket_handshake_answer(&shake, (uint8_t *)text,
						    sizeof(text)),
			 WEBSOCKET_HANDSHAKE_MAX);
	/* A byte more, whether its end is there or not. */
	memcpy(text + WEBSOCKET_HANDSHAKE_MAX - 4, end, sizeof(end));
	assert_int_equal(
		websocket_handshake_answer(&shake, (uint8_t *)text,
					   WEBSOCKET_HANDSHAKE_MAX - 1),
		0);
	assert_int_equal(websocket_handshake_answer(&shake, (uint8_t *)text,
						    WEBSOCKET_HANDSHAKE_MAX),
			 -EPROTO);
	assert_int_equal(websocket_handshake_answer(&shake, (uint8_t *)text,
						    sizeof(text)),
			 -EPROTO);
	assert_non_null(strstr(shake.why, "too long"));

	for (unsigned int fields = WEBSOCKET_HANDSHAKE_FIELDS;
	     fields <= WEBSOCKET_HANDSHAKE_FIELDS + 1; fields++) {
		len = (size_t)sprintf(text, REQUEST);
		for (unsigned int i = 5; i < fields; i++)
			len += (size_t)sprintf(text + len, "X: y\r\n");
		len += (size_t)sprintf(text + len, "\r\n");
		assert_int_equal(websocket_handshake_answer(
					 &shake, (uint8_t *)text, len),
				 fields > WEBSOCKET_HANDSHAKE_FIELDS
					 ? -EPROTO
					 : (int)len);
	}
}

/* The longest strings still have room. */
static void strings_are_judged(void **state)
{
	char longest[WEBSOCKET_HANDSHAKE_STRING + 2];
	struct websocket_handshake shake = shake_of("/chat?x=1", "a");

	(void)state;
	assert_null(websocket_handshake_fault(&shake));
	shake.path = "chat";
	assert_non_null(websocket_handshake_fault(&shake));
	shake.path = "/a b";
	assert_non_null(websocket_handshake_fault(&shake));
	shake.path = "/a\r\nX: y";
	assert_non_null(websocket_handshake_fault(&shake));
	shake.path = "/";
	shake.protocol = "a,b";
	assert_non_null(websocket_handshake_fault(&shake));
	memset(longest, 'x', sizeof(longest));
	longest[0] = '/';
	longest[sizeof(longest) - 1] = '\0';
	shake.protocol = "";
	shake.path = longest;
	assert_non_null(websocket_handshake_fault(&shake));
	longest[sizeof(longest) - 2] = '\0';
	assert_null(websocket_handshake_fault(&shake));
	shake.host = longest + 1;
	shake.protocol = longest + 1;
	assert_null(websocket_handshake_fault(&shake));
	websocket_handshake_ask(&shake, nonce);
	assert_in_range(shake.text_len, 600, sizeof(shake.text) - 1);
	assert_string_equal(shake.text + shake.text_len - 4, "\r\n\r\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(digests),
		cmocka_unit_test(example),
		cmocka_unit_test(both_ends),
		cmocka_unit_test(it_ends_where_it_ends),
		cmocka_unit_test(requests_are_judged),
		cmocka_unit_test(versions_are_told),
		cmocka_unit_test(subprotocols),
		cmocka_unit_test(answers_are_judged),
		cmocka_unit_test(our_subprotocol_is_wanted),
		cmocka_unit_test(limits),
		cmocka_unit_test(strings_are_judged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
