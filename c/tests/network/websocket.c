/* SPDX-License-Identifier: MIT */
/*
 * WebSocket sessions from outside: judged by the oracle over every transport;
 * clients that are slow, wrong, silent or killed, and servers of the trader
 * that are. With $T2T_REAL_PATHS (`make test-real`) the real file.
 */
#include "tests/support/oracle_channel.h"

#include <endian.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/support/choice.h"
#include "tests/support/fake_exchange.h"
#include "tests/support/sanitizer.h"
#include "wire/websocket.h"
#include "wire/websocket_handshake.h"
#include "wire/websocket_mask.h"

#define REQUEST_TO(path)                                  \
	"GET " path " HTTP/1.1\r\n"                       \
	"Host: exchange\r\n"                              \
	"Upgrade: websocket\r\n"                          \
	"Connection: Upgrade\r\n"                         \
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" \
	"Sec-WebSocket-Version: 13\r\n"                   \
	"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
#define REQUEST REQUEST_TO("/")
#define MASK	0x01020304

static struct lab lab;
static struct program exchange, trader;
static struct fake_exchange fake = FAKE_EXCHANGE_NONE;
static int client = -1;

static int clean(void **state)
{
	(void)state;
	if (client >= 0)
		order_client_close(client);
	client = -1;
	program_end(&trader);
	program_end(&exchange);
	fake_exchange_close(&fake);
	return 0;
}

/*
 * Sessions to the end of their feed.
 */

/*
 * Clients of the exchange.
 */

static void exchange_begin(const char *channel)
{
	lab_exchange(&lab, &exchange, lab_feed(&lab, 1, 100), "--channel",
		     channel, NULL);
}

/* Whoever knows the channel is served, whoever else there is. */
static void exchange_serves(const char *channel)
{
	oracle_channel_served(&lab, &exchange, &trader, channel);
}

/* Up to the empty line. */
static void head_receive(char head[static 1024])
{
	size_t len = 0;

	while (len < 1023 && recv(client, head + len, 1, 0) == 1) {
		head[++len] = '\0';
		if (len >= 4 && !strcmp(head + len - 4, "\r\n\r\n"))
			return;
	}
	fail_msg("no answer: %.*s", (int)len, head);
}

static void shake_hands(void)
{
	char head[1024];

	client = lab_connect();
	order_client_send(client, REQUEST, strlen(REQUEST));
	head_receive(head);
	assert_memory_equal(head, "HTTP/1.1 101 ", 13);
	assert_non_null(strstr(head, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
	assert_null(strstr(head, "deflate"));
}

/* A frame of the client's; how long it is. */
static size_t frame_make(uint8_t *at, enum websocket_opcode opcode, bool fin,
			 const void *bytes, size_t len)
{
	const uint32_t mask = MASK;
	size_t n = websocket_header_write(at, opcode, fin, len, &mask);

	websocket_mask(at + n, bytes, len, mask, 0);
	return n + len;
}

/* An order in one frame of 19 bytes, or in three, with a ping between. */
static size_t order_make(uint8_t *at, bool fragments)
{
	const struct order order = { .quantity = 3,
				     .price = 1000000000,
				     .side = ORDER_SELL };
	uint8_t bytes[ORDER_LEN];
	size_t n;

	order_write(&order, bytes);
	if (!fragments)
		return frame_make(at, WEBSOCKET_BINARY, true, bytes, ORDER_LEN);
	n = frame_make(at, WEBSOCKET_BINARY, false, bytes, 5);
	n += frame_make(at + n, WEBSOCKET_PING, true, "beat", 4);
	n += frame_make(at + n, WEBSOCKET_CONTINUATION, false, bytes, 0);
	return n + frame_make(at + n, WEBSOCKET_CONTINUATION, true, bytes + 5,
			      ORDER_LEN - 5);
}

/* The next frame of the server's, without pings of its own; how long its
 * payload is. */
static size_t frame_receive(uint8_t *opcode, uint8_t *bytes, size_t size)
{
	uint8_t header[2];
	uint64_t len, wire = 0;
	size_t more;

	do {
		assert_int_equal(recv(client, header, 2, MSG_WAITALL), 2);
		len = header[1];
		more = len == 127 ? 8 : len == 126 ? 2 : 0;
		if (more > 0) {
			assert_int_equal(recv(client,
					      (uint8_t *)&wire + 8 - more, more,
					      MSG_WAITALL),
					 more);
			len = be64toh(wire);
		}
		assert_in_range(len, 0, size);
		if (len > 0)
			assert_int_equal(recv(client, bytes, len, MSG_WAITALL),
					 len);
		*opcode = header[0];
	} while (*opcode == (WEBSOCKET_FIN | WEBSOCKET_PING));
	return (size_t)len;
}

/* It closes by this code, and the connection. */
static void closed_by(unsigned int code)
{
	uint8_t opcode, bytes[200] = { 0 };
	size_t len = frame_receive(&opcode, bytes, sizeof(bytes));

	assert_int_equal(opcode, WEBSOCKET_FIN | WEBSOCKET_CLOSE);
	assert_in_range(len, 2, 125);
	assert_int_equal(bytes[0] << 8 | bytes[1], code);
	assert_true(order_client_closed(client, LAB_SOON_MS));
}

/* All in one segment, and then nothing more. */
static void order_behind_the_request(void **state)
{
	uint8_t bytes[1024];
	size_t len = sizeof(REQUEST) - 1;

	(void)state;
	exchange_begin("ws");
	client = lab_connect();
	memcpy(bytes, REQUEST, len);
	len += order_make(bytes + len, false);
	len += order_make(bytes + len, true);
	order_client_send(client, bytes, len);
	lab_line(&exchange, "order");
	lab_line(&exchange, "order");
	order_client_half_close(client);
	lab_line(&exchange, "state INIT");
	assert_int_equal(program_stop(&exchange, SIGTERM, LAB_SOON_MS), 0);
}

/* A byte at a time, from the request to the close. */
static void slow_client(void **state)
{
	uint8_t bytes[1024], pong[200], opcode;
	size_t len = sizeof(REQUEST) - 1;
	char head[1024];

	(void)state;
	exchange_begin("ws");
	client = lab_connect();
	memcpy(bytes, REQUEST, len);
	len += order_make(bytes + len, true);
	len += order_make(bytes + len, false);
	len += frame_make(bytes + len, WEBSOCKET_CLOSE, true, "\x0b\xb8", 2);
	for (size_t i = 0; i < len; i++) {
		order_client_send(client, bytes + i, 1);
		usleep(200);
	}
	head_receive(head);
	lab_line(&exchange, "order");
	lab_line(&exchange, "order");
	assert_int_equal(frame_receive(&opcode, pong, sizeof(pong)), 4);
	assert_int_equal(opcode, WEBSOCKET_FIN | WEBSOCKET_PONG);
	assert_memory_equal(pong, "beat", 4);
	closed_by(3000);
	lab_line(&exchange, "state INIT");
	exchange_serves("ws");
}

static const struct bad_client {
	const char *bytes;
	size_t len;
	unsigned int code;
	const char *why;
} bad_clients[] = {
#define BAD(bytes_, code_, why_)                        \
	{                                               \
		bytes_, sizeof(bytes_) - 1, code_, why_ \
	}
	BAD("\x82\x0dxxxxxxxxxxxxx", 1002, "a client's frame is not masked"),
	BAD("\xc2", 1002, "a reserved bit of a frame is set"),
	BAD("\x83\x80", 1002, "a frame of unknown type came"),
	BAD("\x80\x80", 1002, "a continuation without a beginning came"),
	BAD("\x09\x80", 1002, "a control frame is fragmented"),
	BAD("\x89\xfe", 1002, "a control frame is longer than 125 bytes"),
	BAD("\x82\xfe\x00\x0d", 1002, "a length has more bytes than it needs"),
	BAD("\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff", 1002,
	    "the top bit of a length is set"),
	BAD("\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff", 1009,
	    "a message is too long"),
	BAD("\x82\x8e", 1009, "a message is too long"),
	BAD("\x82\x8c"
	    "0000"
	    "000000000000",
	    1008, "a message has fewer"),
	BAD("\x81\x81"
	    "0000"
	    "\0",
	    1003, "and text came"),
	BAD("\x88\x82\0\0\0\0\x03\xed", 1002, "a code that nobody may send"),
	BAD("\x88\x83\0\0\0\0\x03\xe8\xff", 1007,
	    "the reason of a close frame is not UTF-8"),
	BAD("\x16\x03\x01", 1002, "a reserved bit of a frame is set"),
#undef BAD
};

/* Each is told off in its close frame and in the log; the next is served. */
static void bad_clients_are_closed(void **state)
{
	(void)state;
	exchange_begin("ws");
	for (size_t i = 0; i < ARRAY_SIZE(bad_clients); i++) {
		shake_hands();
		lab_line(&exchange, "state TRANSMIT");
		order_client_send(client, bad_clients[i].bytes,
				  bad_clients[i].len);
		closed_by(bad_clients[i].code);
		lab_says(&exchange, bad_clients[i].why);
		lab_line(&exchange, "state INIT");
		order_client_close(client);
		client = -1;
	}
	exchange_serves("ws");
}

static const struct {
	const char *request, *answer, *why;
} bad_requests[] = {
	{ "GET / HTTP/1.1\r\nHost: exchange\r\n\r\n", "HTTP/1.1 426 ",
	  "it asks for no websocket" },
	{ "T2TLOGIN", "HTTP/1.1 400 ", "it is not HTTP/1.1" },
	{ REQUEST_TO("/elsewhere"), "HTTP/1.1 404 ", "its path is not known" },
	{ "GET / HTTP/1.1\r\nX\r\n\r\n", "HTTP/1.1 400 ", "not a field" },
};

static void bad_requests_are_refused(void **state)
{
	char head[1024];

	(void)state;
	exchange_begin("ws:path=/");
	for (size_t i = 0; i < ARRAY_SIZE(bad_requests); i++) {
		client = lab_connect();
		order_client_send(client, bad_requests[i].request,
				  strlen(bad_requests[i].request));
		head_receive(head);
		assert_memory_equal(head, bad_requests[i].answer, 13);
		lab_says(&exchange, bad_requests[i].why);
		order_client_close(client);
		client = -1;
	}
	exchange_serves("ws:path=/");
}

/* Fields without end. */
static void endless_request(void **state)
{
	static char field[5000];
	char head[1024];

	(void)state;
	exchange_begin("ws");
	client = lab_connect();
	memset(field, 'x', sizeof(field));
	order_client_send(client, REQUEST, strlen(REQUEST) - 2);
	order_client_send(client, field, sizeof(field));
	head_receive(head);
	assert_memory_equal(head, "HTTP/1.1 400 ", 13);
	lab_says(&exchange, "it is too long");
	exchange_serves("ws");
}

/* Of ten thousand that the flood has, an address sanitizer's own included. */
#define FLOOD_KIB (SANITIZED ? 8000 : 1000)

/* Pings without end, whose answers nobody reads, and an order at the last:
 * memory is bounded, and nothing is lost. */
static void flood_of_pings(void **state)
{
	static uint8_t bytes[200000];
	uint8_t payload[125] = { 0 };
	size_t len = 0;
	long before;

	(void)state;
	exchange_begin("ws:ping=0");
	shake_hands();
	lab_line(&exchange, "state TRANSMIT");
	before = program_memory_kib(&exchange, "VmRSS");
	while (len < sizeof(bytes) - WEBSOCKET_CONTROL_FRAME_MAX)
		len += frame_make(bytes + len, WEBSOCKET_PING, true, payload,
				  sizeof(payload));
	for (int i = 0; i < 50; i++)
		order_client_send(client, bytes, len);
	order_client_send(client, bytes, order_make(bytes, false));
	lab_line(&exchange, "order");
	assert_in_range(program_memory_kib(&exchange, "VmRSS"), 0,
			before + FLOOD_KIB);
	order_client_close(client);
	client = -1;
	lab_line(&exchange, "state INIT");
	exchange_serves("ws");
}

/* Nothing comes from it, and nothing goes. */
static void half_open(void **state)
{
	(void)state;
	exchange_begin("ws:ping=1");
	shake_hands();
	lab_says(&exchange, "nothing was heard for five pings");
	exchange_serves("ws");
}

static void killed_trader(void **state)
{
	(void)state;
	lab_exchange(&lab, &exchange, lab_feed(&lab, 1, 100000), "--channel",
		     "ws", "--pace", "rate:1000", NULL);
	lab_trader(&lab, &trader, "--channel", "ws", NULL);
	lab_states(&exchange, "HANDSHAKE TRANSMIT");
	program_stop(&trader, SIGKILL, LAB_SOON_MS);
	program_end(&trader);
	lab_line(&exchange, "state INIT");
	shake_hands();
	lab_line(&exchange, "state TRANSMIT");
	assert_int_equal(program_stop(&exchange, SIGTERM, LAB_SOON_MS), 0);
	closed_by(1000);
}

static void killed_exchange(void **state)
{
	(void)state;
	lab_exchange(&lab, &exchange, lab_feed(&lab, 1, 100000), "--channel",
		     "ws", "--pace", "rate:1000", NULL);
	lab_trader(&lab, &trader, "--channel", "ws", NULL);
	lab_states(&exchange, "HANDSHAKE TRANSMIT");
	program_stop(&exchange, SIGKILL, LAB_SOON_MS);
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 1);
	lab_says(&trader, "the exchange ended the order connection");
}

/*
 * The echo.
 */

/* One message in frames of so many bytes; it comes back whole. */
static void echoed(enum websocket_opcode opcode, size_t len, size_t frame)
{
	uint8_t *message = malloc(len + 1), *back = malloc(len + 1), first;
	uint8_t *out = malloc(len + WEBSOCKET_HEADER_MAX);
	enum websocket_opcode next = opcode;
	size_t at = 0;

	assert_true(message && back && out);
	for (size_t i = 0; i < len; i++)
		message[i] = (uint8_t)('a' + i % 26);
	do {
		size_t n = len - at < frame ? len - at : frame;

		order_client_send(
			client, out,
			frame_make(out, next, at + n == len, message + at, n));
		next = WEBSOCKET_CONTINUATION;
		at += n;
	} while (at < len);
	assert_int_equal(frame_receive(&first, back, len), len);
	assert_int_equal(first, WEBSOCKET_FIN | opcode);
	assert_memory_equal(back, message, len);
	free(out);
	free(back);
	free(message);
}

static void echo(void **state)
{
	static const size_t lens[] = { 0,     1,     125,   126,    65535,
				       65536, 65537, 65536, 1000000 };

	(void)state;
	exchange_begin("ws:ping=0,echo=on");
	shake_hands();
	for (size_t i = 0; i < ARRAY_SIZE(lens); i++) {
		echoed(WEBSOCKET_TEXT, lens[i], lens[i] + 1);
		echoed(WEBSOCKET_BINARY, lens[i], 1000);
	}
	assert_int_equal(program_count(&exchange, PROGRAM_OUT, "order"), 0);
	/* A message that is wrong at last does not come back. */
	order_client_send(client, "\x01\x82\0\0\0\0xx\x80\x81\0\0\0\0\xff", 15);
	closed_by(1007);
	lab_says(&exchange, "a text message is not UTF-8");
	order_client_close(client);
	shake_hands();
	order_client_send(client, "\x82\xff\0\0\0\0\0\x10\0\1", 10);
	closed_by(1009);
}

/* Whose answers are not read is not waited for. */
static void echo_that_nobody_reads(void **state)
{
	static uint8_t bytes[70000], payload[60000];
	size_t len;
	ssize_t n = 1;

	(void)state;
	exchange_begin("ws:ping=0,echo=on,echo_max=64k");
	shake_hands();
	len = frame_make(bytes, WEBSOCKET_BINARY, true, payload,
			 sizeof(payload));
	for (int i = 0; i < 1000 && n > 0; i++)
		n = send(client, bytes, len, MSG_NOSIGNAL);
	lab_says(&exchange, "the answers to its messages are not read");
	assert_in_range(program_memory_kib(&exchange, "VmHWM"), 0, 64 * 1024);
}

/*
 * Servers of the trader.
 */

static void trader_begin(void)
{
	char head[1024], answer[1024], accept[WEBSOCKET_HANDSHAKE_ACCEPT + 1];
	const char *key;

	fake_exchange_listen(&fake, &lab);
	lab_trader(&lab, &trader, "--channel", "ws:path=/orders,ping=1", NULL);
	fake_exchange_accept(&fake);
	client = dup(fake.client);
	head_receive(head);
	assert_memory_equal(head, "GET /orders HTTP/1.1\r\n", 22);
	key = strstr(head, "Sec-WebSocket-Key: ");
	assert_non_null(key);
	websocket_handshake_accept(key + 19, WEBSOCKET_HANDSHAKE_KEY, accept);
	snprintf(answer, sizeof(answer),
		 "HTTP/1.1 101 x\r\nUpgrade: websocket\r\n"
		 "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
		 accept);
	order_client_send(client, answer, strlen(answer));
}

/* Its frames: masked, each by another mask. */
static size_t masked_receive(uint8_t *opcode, uint8_t *bytes, uint32_t *mask)
{
	uint8_t header[6];

	do {
		assert_int_equal(recv(client, header, 6, MSG_WAITALL), 6);
		assert_true(header[1] & WEBSOCKET_MASKED);
		header[1] &= 0x7f;
		memcpy(mask, header + 2, sizeof(*mask));
		if (header[1] > 0)
			assert_int_equal(
				recv(client, bytes, header[1], MSG_WAITALL),
				header[1]);
		websocket_mask(bytes, bytes, header[1], *mask, 0);
		*opcode = header[0];
	} while (*opcode == (WEBSOCKET_FIN | WEBSOCKET_PING));
	return header[1];
}

static void orders_are_masked(void **state)
{
	uint8_t opcode, bytes[125];
	uint32_t masks[3];

	(void)state;
	trader_begin();
	fake_exchange_book(&fake);
	for (size_t i = 0; i < 3; i++) {
		fake_exchange_level(&fake, false, 'B', "160", "10000");
		assert_int_equal(masked_receive(&opcode, bytes, &masks[i]),
				 ORDER_LEN);
		assert_int_equal(opcode, WEBSOCKET_FIN | WEBSOCKET_BINARY);
		assert_int_equal(order_read(bytes).price,
				 INT64_C(250000000000));
	}
	assert_true(masks[0] != masks[1] && masks[1] != masks[2]);
	/* Pings have their answers, whatever else is said. */
	order_client_send(client, "\x81\x02hi\x89\x03you\x02\x00", 11);
	assert_int_equal(masked_receive(&opcode, bytes, &masks[0]), 3);
	assert_int_equal(opcode, WEBSOCKET_FIN | WEBSOCKET_PONG);
	assert_memory_equal(bytes, "you", 3);
	assert_int_equal(program_stop(&trader, SIGTERM, LAB_SOON_MS), 0);
	assert_int_equal(masked_receive(&opcode, bytes, &masks[0]), 2);
	assert_int_equal(opcode, WEBSOCKET_FIN | WEBSOCKET_CLOSE);
	assert_memory_equal(bytes, "\x03\xe8", 2);
}

static void bad_server(void **state)
{
	uint8_t opcode, bytes[125];
	uint32_t mask;

	(void)state;
	trader_begin();
	order_client_send(client, "\x82\x81\0\0\0\0x", 7);
	lab_says(&trader, "a server's frame is masked");
	assert_in_range(masked_receive(&opcode, bytes, &mask), 3, 125);
	assert_int_equal(opcode, WEBSOCKET_FIN | WEBSOCKET_CLOSE);
	assert_memory_equal(bytes, "\x03\xea", 2);
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 1);
}

static void server_that_refuses(void **state)
{
	static const char answer[] = "HTTP/1.1 403 Forbidden\r\n\r\n";

	(void)state;
	fake_exchange_listen(&fake, &lab);
	lab_trader(&lab, &trader, "--channel", "ws", NULL);
	fake_exchange_accept(&fake);
	order_client_send(fake.client, answer, strlen(answer));
	lab_says(&trader, "refused: 403 Forbidden");
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 1);
}

int main(int argc, char **argv)
{
	static struct CMUnitTest tests[60];
	static const struct CMUnitTest others[] = {
		LAB_TEST("C.33 an order behind the request",
			 order_behind_the_request, clean),
		LAB_TEST("C.33 a byte at a time", slow_client, clean),
		LAB_TEST("C.33 bad clients are closed, and told why",
			 bad_clients_are_closed, clean),
		LAB_TEST("C.33 bad requests are refused",
			 bad_requests_are_refused, clean),
		LAB_TEST("C.33 a request without end", endless_request, clean),
		LAB_TEST("C.33 a flood of pings", flood_of_pings, clean),
		LAB_TEST("C.33 a half-open client", half_open, clean),
		LAB_TEST("C.33 a trader that is killed", killed_trader, clean),
		LAB_TEST("C.33 an exchange that is killed", killed_exchange,
			 clean),
		LAB_TEST("C.33 messages come back whole", echo, clean),
		LAB_TEST("C.33 messages whose answers nobody reads",
			 echo_that_nobody_reads, clean),
		LAB_TEST("C.33 orders are masked, pings answered",
			 orders_are_masked, clean),
		LAB_TEST("C.33 a server that masks", bad_server, clean),
		LAB_TEST("C.33 a server that refuses", server_that_refuses,
			 clean),
	};
	size_t n = oracle_channel_tests(
		&lab, "C.33 ws", "ws:path=/orders,protocol=t2t", clean, tests);

	memcpy(tests + n, others, sizeof(others));
	n += ARRAY_SIZE(others);
	return lab_run(&lab, "websocket", tests, n, argc, argv);
}
