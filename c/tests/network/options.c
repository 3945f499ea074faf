/* SPDX-License-Identifier: MIT */
/* Options that turn what a program decides or sends: that they arrive where
 * they act, from the command line on. */
#include "tests/support/oracle.h"

#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/decimal.h"
#include "tests/support/capture_maker.h"
#include "tests/support/fake_exchange.h"

static struct lab lab;
static struct program program;
static struct fake_exchange fake = FAKE_EXCHANGE_NONE;
static struct listener listener;
static struct capture_maker maker;
static int client = -1;

static int clean(void **state)
{
	(void)state;
	program_end(&program);
	fake_exchange_close(&fake);
	listener_close(&listener);
	if (client >= 0)
		order_client_close(client);
	client = -1;
	if (maker.file)
		capture_maker_close(&maker);
	maker.file = NULL;
	return 0;
}

/* The last hop's count of the next datagram. */
static int hops_heard(void)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(256)];
	} control;
	char payload[UINT16_MAX];
	struct iovec into = { payload, sizeof(payload) };
	struct msghdr message = { .msg_iov = &into,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	struct pollfd poller = { .fd = listener.fd, .events = POLLIN };

	assert_int_equal(poll(&poller, 1, LAB_SOON_MS), 1);
	assert_true(recvmsg(listener.fd, &message, 0) > 0);
	for (struct cmsghdr *at = CMSG_FIRSTHDR(&message); at;
	     at = CMSG_NXTHDR(&message, at))
		if (at->cmsg_level == IPPROTO_IP && at->cmsg_type == IP_TTL)
			return *(int *)(void *)CMSG_DATA(at);
	return -1;
}

static void ttl(void **state)
{
	/* Sockets and frames have each their own way to it. */
	static const char *const sends[] = { "sendmmsg", "packet" };
	int on = 1;

	for (size_t i = 0; i < ARRAY_SIZE(sends); i++) {
		listener_open(&listener, LAB_TRADER_INTERFACE, LAB_GROUP,
			      LAB_GROUP_PORT);
		assert_int_equal(setsockopt(listener.fd, IPPROTO_IP, IP_RECVTTL,
					    &on, sizeof(on)),
				 0);
		lab_exchange(&lab, &program, lab_feed(&lab, 1, 1), "--ttl", "7",
			     "--send", sends[i], NULL);
		client = lab_connect();
		assert_int_equal(hops_heard(), 7);
		clean(state);
	}
}

static void trader_contract(void **state)
{
	(void)state;
	fake_exchange_listen(&fake, &lab);
	lab_trader(&lab, &program, "--json", "--contract", "inverse", NULL);
	fake_exchange_accept(&fake);
	fake_exchange_book(&fake);
	/* Of a linear contract the first would be 1,600,000 USD. */
	fake_exchange_level(&fake, false, 'B', "160", "10000");
	fake_exchange_level(&fake, false, 'B', "161", "1000001");
	fake_exchange_expect(&fake, 1, "250", ORDER_BUY);
	fake_exchange_end(&fake);
	assert_int_equal(program_wait(&program, LAB_SOON_MS), 0);
}

/* Where the first of three messages calls for the one order there is. */
static void capture_make(void)
{
	const struct market_data_message messages[3] = {
		{ 'U', 'B', 0, 20 * DECIMAL_ONE, 1000000 * DECIMAL_ONE, 0 },
		{ 'U', 'A', 0, 900 * DECIMAL_ONE, DECIMAL_ONE, 0 },
		{ 'U', 'A', 0, 901 * DECIMAL_ONE, DECIMAL_ONE, 0 },
	};

	capture_maker_open(&maker, FRAME_LINK_ETHERNET);
	capture_maker_connect(&maker);
	capture_maker_level(&maker, MARKET_DATA_SNAPSHOT, MARKET_DATA_BID, 10,
			    1);
	capture_maker_level(&maker, MARKET_DATA_SNAPSHOT, MARKET_DATA_ASK, 1000,
			    1);
	capture_maker_packet(&maker, 0, messages, 3);
	capture_maker_order(&maker, ORDER_BUY, 1000);
	capture_maker_flush(&maker);
}

/* What the wiretap says of it with this option. */
static json_t *judged(const char *option, const char *value)
{
	json_t *said;

	lab_call(&program, -1, "t2t-wiretap", "--read", maker.path, "--json",
		 option, value, NULL);
	said = oracle_json(&program);
	program_end(&program);
	return said;
}

static json_int_t count_of(const char *option, const char *value,
			   const char *name)
{
	json_t *said = judged(option, value);
	json_int_t count = oracle_count(said, name);

	json_decref(said);
	return count;
}

static json_int_t deciding_ns(const char *option, const char *value)
{
	json_t *said = judged(option, value);
	json_int_t ns = oracle_count(
		json_object_get(said, "deciding_message_ns"), "min");

	json_decref(said);
	return ns;
}

static void wiretap_contract(void **state)
{
	(void)state;
	capture_make();
	assert_int_equal(count_of(NULL, NULL, "matched"), 1);
	/* 1,000,000 USD are not more than that. */
	assert_int_equal(count_of("--contract", "inverse", "triggers"), 0);
	assert_int_equal(count_of("--contract", "inverse", "unjudged_orders"),
			 1);
}

static void wiretap_order_port(void **state)
{
	(void)state;
	capture_make();
	assert_int_equal(count_of("--order-port", "9012", "matched"), 1);
	assert_int_equal(count_of("--order-port", "9013", "orders"), 0);
	assert_int_equal(count_of("--order-port", "9013", "unjudged_triggers"),
			 1);
}

/* Two messages of 28 bytes lie behind the deciding one: 56 us at 8 Mbit/s. */
static void wiretap_line_rate(void **state)
{
	(void)state;
	capture_make();
	assert_int_equal(deciding_ns("--line-rate", "8000000") -
				 deciding_ns(NULL, NULL),
			 56000);
}

/* The session is untagged. */
static void wiretap_vlan(void **state)
{
	(void)state;
	capture_make();
	assert_int_equal(count_of("--vlan", "none", "matched"), 1);
	assert_int_equal(count_of("--vlan", "none", "other_vlan_frames"), 0);
	assert_int_equal(count_of("--vlan", "7", "packets"), 0);
	assert_true(count_of("--vlan", "7.8", "other_vlan_frames") > 0);
}

/* Right and wrong are findings; that it can't be told is a failure. */
static void wiretap_exit(void **state)
{
	static const struct {
		const char *option, *value;
		int code;
	} rows[] = {
		{ "--vlan", "none", 0 },
		{ "--order-quantity", "2", 0 },
		{ "--vlan", "7", 1 },
	};

	(void)state;
	capture_make();
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(lab_call(&program, -1, "t2t-wiretap", "--read",
					  maker.path, rows[i].option,
					  rows[i].value, NULL),
				 rows[i].code);
		if (rows[i].code)
			assert_true(program_says(&program, PROGRAM_ERR,
						 "can't be judged: ", 0));
		program_end(&program);
	}
}

static const struct CMUnitTest tests[] = {
	LAB_TEST("A.2 --ttl is on the wire, of sockets and of frames", ttl,
		 clean),
	LAB_TEST("A.16 --contract inverse: an amount is USD by itself",
		 trader_contract, clean),
	LAB_TEST("oracle: --contract inverse calls for as little",
		 wiretap_contract, clean),
	LAB_TEST("oracle: --order-port", wiretap_order_port, clean),
	LAB_TEST("oracle: --line-rate counts from the deciding message",
		 wiretap_line_rate, clean),
	LAB_TEST("oracle: --vlan", wiretap_vlan, clean),
	LAB_TEST("oracle: what can't be judged ends with 1, right and wrong "
		 "with 0",
		 wiretap_exit, clean),
};

int main(int argc, char **argv)
{
	return lab_run(&lab, "options", tests, ARRAY_SIZE(tests), argc, argv);
}
