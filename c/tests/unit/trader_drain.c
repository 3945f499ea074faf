/* SPDX-License-Identifier: MIT */
/* What is left of a session that is over: market data and answers that came and
 * were not taken. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "net/address.h"
#include "net/socket.h"
#include "net_support.h"
#include "trader/trader.h"

#define LEFT	 70 /* datagrams; more than a poll takes */
#define ANSWERS	 5
#define DRAIN_NS UINT64_C(50000000)

static struct trader trader;
static struct trader_config config;
static const volatile int *stop;
static int sender = -1, retransmitter = -1;

static void market_data_send(unsigned int count)
{
	const struct market_data_header header = { .message_count = 0 };
	uint8_t bytes[sizeof(header)];

	market_data_write_header(bytes, &header);
	while (count-- > 0)
		assert_int_equal(send(sender, bytes, sizeof(bytes), 0),
				 sizeof(bytes));
}

static void answers_send(unsigned int count)
{
	struct sockaddr_in to;
	socklen_t len = sizeof(to);

	assert_int_equal(getsockname(trader.sources.answers,
				     (struct sockaddr *)&to, &len),
			 0);
	while (count-- > 0)
		assert_int_equal(sendto(retransmitter, "x", 1, 0,
					(struct sockaddr *)&to, sizeof(to)),
				 1);
}

static int polled(void)
{
	struct packet packets[RECEIVE_BURST_MAX];

	return receive_poll(trader.sources.line[0], packets, RECEIVE_BURST_MAX);
}

static void begin(void)
{
	const struct sockaddr_in own = { .sin_family = AF_INET,
					 .sin_addr.s_addr =
						 htonl(INADDR_LOOPBACK) };
	struct sockaddr_in at = own;
	socklen_t len = sizeof(at);
	const char *why;

	config = (struct trader_config){ .receive = "spin",
					 .channel = "raw",
					 .transport = "null",
					 .interface = { NEAR_NAME },
					 .stop = stop };
	assert_int_equal(
		address_parse_groups("239.255.0.1:12345", config.group, &why),
		0);
	rig_enter(rig.far);
	sender = socket_multicast_sender(&config.group[0], &rig.far_interface,
					 1);
	rig_enter(rig.near);
	assert_true(sender >= 0);
	assert_int_equal(trader_open(&trader, &config), 0);
	retransmitter = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(retransmitter, (struct sockaddr *)&at, len), 0);
	assert_int_equal(
		getsockname(retransmitter, (struct sockaddr *)&at, &len), 0);
	assert_int_equal(sources_answers_open(&trader.sources, &own, &at), 0);
}

static void end(void)
{
	assert_int_equal(trader_close(&trader), 0);
	close(sender);
	close(retransmitter);
}

static void all_that_is_left_is_forgotten(void **state)
{
	const uint64_t begin_ns = clock_monotonic_ns();
	struct packet packet;

	(void)state;
	RIG_NEEDED();
	begin();
	market_data_send(LEFT);
	answers_send(ANSWERS);
	assert_int_equal(trader_drain(&trader, DRAIN_NS), 0);
	assert_true(clock_monotonic_ns() - begin_ns >= DRAIN_NS);
	assert_int_equal(trader.counters.foreign, LEFT + ANSWERS);
	assert_int_equal(trader.counters.packets, 0);
	assert_int_equal(trader.counters.gaps, 0);
	assert_int_equal(polled(), 0);
	assert_false(sources_answer(&trader.sources, &packet));
	/* What comes behind it is there. */
	market_data_send(1);
	while (polled() == 0)
		;
	end();
}

static void a_signal_ends_it(void **state)
{
	static const volatile int stopped = 1;
	const uint64_t begin_ns = clock_monotonic_ns();

	(void)state;
	RIG_NEEDED();
	stop = &stopped;
	begin();
	assert_int_equal(trader_drain(&trader, 3600 * CLOCK_NS_PER_S), -EINTR);
	assert_true(clock_monotonic_ns() - begin_ns < 60 * CLOCK_NS_PER_S);
	end();
	stop = NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_that_is_left_is_forgotten),
		cmocka_unit_test(a_signal_ends_it),
	};

	return cmocka_run_group_tests_name("trader_drain", tests, rig_open,
					   rig_close);
}
