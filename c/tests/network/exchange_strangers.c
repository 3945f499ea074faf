/* SPDX-License-Identifier: MIT */
/* The exchange beside those who do not behave: who does not read its stderr,
 * who connects and says nothing, who floods it; and SIGTERM meanwhile. */
#include "tests/support/lab.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wire/order.h"

static struct lab lab;
static struct program exchange, wiretap;
static struct listener listener;
static int client = -1;
static pid_t flooder;

static int clean(void **state)
{
	(void)state;
	if (flooder > 0) {
		kill(flooder, SIGKILL);
		waitpid(flooder, NULL, 0);
	}
	flooder = 0;
	lab_session_end(&exchange, &listener, &client);
	program_end(&wiretap);
	return 0;
}

static void session_open(const char *pace)
{
	lab_exchange(&lab, &exchange, lab_feed(&lab, 1, 100000), "--pace", pace,
		     NULL);
	client = lab_connect();
	lab_states(&exchange, "HANDSHAKE TRANSMIT");
}

/* Fill the pipe that is its stderr, and read no more of it. */
static void stderr_fill(void)
{
	struct program_text *text = &exchange.text[PROGRAM_ERR];
	static char page[4096];
	char path[64];
	int fd;

	memset(page, 'x', sizeof(page));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", text->fd);
	fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(fd >= 0);
	while (write(fd, page, sizeof(page)) > 0)
		;
	while (write(fd, page, 1) > 0)
		;
	assert_int_equal(errno, EAGAIN);
	close(fd);
	text->fd = ~text->fd;
}

static void stderr_read_again(void)
{
	exchange.text[PROGRAM_ERR].fd = ~exchange.text[PROGRAM_ERR].fd;
}

static void refused_connect(void)
{
	int second = lab_connect();

	assert_true(order_client_closed(second, LAB_SOON_MS));
	order_client_close(second);
}

/* Each refusal is a line of the log. */
static void full_stderr(void **state)
{
	size_t heard;

	(void)state;
	listener_open(&listener, LAB_TRADER_INTERFACE, LAB_GROUP,
		      LAB_GROUP_PORT);
	session_open("rate:1000");
	stderr_fill();
	for (int i = 0; i < 20; i++)
		refused_connect();
	heard = listener.count;
	assert_int_equal(listener_hear(&listener, heard + 1000, LAB_SOON_MS),
			 heard + 1000);
	order_client_order(client, 1, 1000000000, 0);
	lab_line(&exchange, "order ");
	assert_int_equal(program_stop(&exchange, SIGTERM, LAB_SOON_MS), 0);
}

static void lost_lines_told(void **state)
{
	(void)state;
	session_open("rate:1000");
	stderr_fill();
	for (int i = 0; i < 3; i++)
		refused_connect();
	stderr_read_again();
	/* Read before the next line is written. */
	while (program_read(&exchange, LAB_QUIET_MS))
		;
	assert_int_equal(program_stop(&exchange, SIGTERM, LAB_SOON_MS), 0);
	lab_says(&exchange, "warning: 3 lines lost here: stderr is not read\n"
			    "t2t-exchange: ended by SIGTERM");
}

static void refusals_few_lines(void **state)
{
	(void)state;
	session_open("rate:100");
	for (int i = 0; i < 200; i++)
		refused_connect();
	assert_int_equal(program_stop(&exchange, SIGTERM, LAB_SOON_MS), 0);
	lab_says(&exchange, "200 further connections were refused");
	/* Five a second, and it did not take that long; but who knows. */
	assert_true(program_count(&exchange, PROGRAM_ERR,
				  "t2t-exchange: warning: refused ") < 100);
}

/* As fast as the exchange reads, until the connection is cut. */
static void orders_flood(void)
{
	flooder = fork();
	assert_true(flooder >= 0);
	if (flooder == 0) {
		static uint8_t bytes[1000 * ORDER_LEN];

		signal(SIGPIPE, SIG_IGN);
		for (size_t i = 0; i < 1000; i++)
			order_write(&(struct order){ .quantity = 1,
						     .price = 1000000000 },
				    bytes + i * ORDER_LEN);
		while (write(client, bytes, sizeof(bytes)) > 0)
			;
		_exit(0);
	}
}

static void sigterm_flood(void **state)
{
	(void)state;
	session_open("rate:1000");
	orders_flood();
	for (int i = 0; i < 100000; i++)
		lab_line(&exchange, "order ");
	assert_int_equal(program_stop(&exchange, SIGTERM, LAB_SOON_MS), 0);
}

static void sigterm_settling(void **state)
{
	(void)state;
	lab_exchange(&lab, &exchange, lab_feed(&lab, 1, 1), "--settle-ms",
		     "3600000", NULL);
	client = lab_connect();
	lab_states(&exchange, "HANDSHAKE");
	assert_int_equal(program_stop(&exchange, SIGTERM, LAB_SOON_MS), 0);
}

static void sigterm_end_of_feed(void **state)
{
	(void)state;
	lab_exchange(&lab, &exchange, lab_feed(&lab, 1, 1), NULL);
	client = lab_connect();
	lab_says(&exchange, "end of the feed");
	assert_int_equal(program_stop(&exchange, SIGTERM, LAB_SOON_MS), 0);
}

/* Three who say nothing, before who trades. */
static void idle_sent_away(void **state)
{
	int idle[3];

	(void)state;
	lab_exchange(&lab, &exchange, lab_feed(&lab, 1, 1), "--busy", "queue",
		     "--idle", "1", NULL);
	for (int i = 0; i < 3; i++)
		idle[i] = lab_connect();
	client = lab_connect();
	order_client_order(client, 1, 1000000000, 0);
	for (int i = 0; i < 3; i++) {
		lab_states(&exchange, "HANDSHAKE TRANSMIT INIT");
		assert_true(order_client_closed(idle[i], LAB_SOON_MS));
		order_client_close(idle[i]);
	}
	lab_states(&exchange, "HANDSHAKE TRANSMIT");
	lab_line(&exchange, "order ");
	assert_int_equal(program_stop(&exchange, SIGTERM, LAB_SOON_MS), 0);
	lab_says(&exchange, "ended: no order came within --idle");
}

static void rate_limited(void **state)
{
	size_t orders, rejects;

	(void)state;
	lab_exchange(&lab, &exchange, lab_feed(&lab, 1, 1), "--order-rate",
		     "10", NULL);
	client = lab_connect();
	lab_states(&exchange, "HANDSHAKE TRANSMIT");
	for (int i = 0; i < 1000; i++)
		order_client_order(client, 1, 1000000000, 0);
	order_client_close(client);
	client = -1;
	lab_states(&exchange, "INIT");
	orders = program_count(&exchange, PROGRAM_OUT, "order ");
	rejects = program_count(&exchange, PROGRAM_OUT, "reject ");
	assert_int_equal(orders + rejects, 1000);
	assert_true(orders >= 10 && rejects >= 100);
	assert_true(program_says(&exchange, PROGRAM_OUT,
				 "reason=more orders than --order-rate allows",
				 0));
}

/* It holds what a pipe does, and then waits for whoever reads it. */
static void wiretap_unread(void **state)
{
	const struct program_place place = { .space = lab.exchange,
					     .out = PROGRAM_OUT_IDLE };
	const char *const arguments[] = {
		"t2t-wiretap", "--interface", LAB_EXCHANGE_INTERFACE,
		"--write",     "-",	      NULL
	};

	(void)state;
	program_start(&wiretap, &place, arguments);
	lab_says(&wiretap, "capturing on");
	listener_open(&listener, LAB_TRADER_INTERFACE, LAB_GROUP,
		      LAB_GROUP_PORT);
	session_open("max");
	assert_int_equal(listener_hear(&listener, 20000, LAB_SOON_MS), 20000);
	assert_int_equal(program_stop(&wiretap, SIGTERM, LAB_SOON_MS), 1);
	lab_says(&wiretap, "--write -: Connection timed out");
}

/* The session that could not open its feed was sent nothing, late or not. */
static void lag_is_the_sessions(void **state)
{
	(void)state;
	lab_exchange(&lab, &exchange, lab_feed(&lab, 1, 1), "--pace",
		     "rate:1000", NULL);
	client = lab_connect();
	lab_states(&exchange, "HANDSHAKE TRANSMIT");
	lab_says(&exchange, "session 1: end of the feed");
	order_client_close(client);
	lab_states(&exchange, "INIT");
	unlink(lab.feed);
	client = lab_connect();
	lab_states(&exchange, "HANDSHAKE INIT");
	/* Of no datagram there are no percentiles. */
	lab_says(&exchange, "session 2: sent later than intended by p50 - us, "
			    "p99 - us, max 0.0 us");
}

static const struct CMUnitTest tests[] = {
	LAB_TEST("A.15 a stderr that nobody reads stops nothing", full_stderr,
		 clean),
	LAB_TEST("A.15 lines that stderr had no room for are told",
		 lost_lines_told, clean),
	LAB_TEST("A.4 refused connections are counted, some of them told",
		 refusals_few_lines, clean),
	LAB_TEST("A.15 SIGTERM ends it under a flood of orders", sigterm_flood,
		 clean),
	LAB_TEST("A.15 SIGTERM ends it before the feed is opened",
		 sigterm_settling, clean),
	LAB_TEST("A.15 SIGTERM ends it behind the feed's end",
		 sigterm_end_of_feed, clean),
	LAB_TEST("wiretap: SIGTERM ends it when nobody reads what it writes",
		 wiretap_unread, clean),
	LAB_TEST("A.4 who sends no order is sent away, if so asked",
		 idle_sent_away, clean),
	LAB_TEST("A.3 orders above the rate are rejected, if so asked",
		 rate_limited, clean),
	LAB_TEST("A.14 a session's lag is its own", lag_is_the_sessions, clean),
};

int main(int argc, char **argv)
{
	return lab_run(&lab, "exchange_strangers", tests, ARRAY_SIZE(tests),
		       argc, argv);
}
