/* SPDX-License-Identifier: MIT */
/* Rings in memory as guests share it: here a file, between two namespaces whose
 * programs meet over the network and are tapped by one clock. Whatever goes
 * wrong with them is told by name, and nothing is left behind. */
#include "tests/support/oracle.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DATA   LAB_EXCHANGE_ADDRESS ":9014"
#define ORDERS LAB_EXCHANGE_ADDRESS ":9015"

static struct lab lab;
static struct program exchange, trader;
static char region[PATH_MAX];

static void region_make(off_t size, mode_t mode)
{
	int fd = open(lab_path(&lab, "region", region),
		      O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, size), 0);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static int clean(void **state)
{
	(void)state;
	program_end(&trader);
	program_end(&exchange);
	unlink(region);
	return 0;
}

/* state: "RECEIVE TRANSPORT CHANNEL". */
static void judged(void **state)
{
	char path[PATH_MAX], receive[32], transport[32], channel[32];
	struct oracle_run run = { .pace = "rate:2000",
				  .receive = receive,
				  .transport = transport,
				  .channel = channel,
				  .region = true };
	const json_t *clocks;

	assert_int_equal(
		sscanf(*state, "%31s %31s %31s", receive, transport, channel),
		3);
	run.feed = lab_generated(&lab, "generated.csv.gz", "100000", "0.05",
				 NULL, path);
	oracle_run(&lab, &run);
	oracle_is_right(run.analysis);
	assert_true(oracle_count(run.analysis, "triggers") > 50);
	assert_int_equal(oracle_count(run.analysis, "gaps"), 0);
	/* Who writes has another clock than the tap, whose stamps count. */
	clocks = json_object_get(run.analysis, "clocks");
	assert_string_equal(
		json_string_value(json_object_get(clocks, "market_data")),
		!strncmp(receive, "shm", 3) ? "region" : "kernel");
	assert_string_equal(
		json_string_value(json_object_get(clocks, "orders")),
		!strncmp(transport, "shm", 3) ? "region" : "kernel");
	oracle_free(&run);
}

static const char *text_of(char text[static 2 * PATH_MAX], const char *more)
{
	snprintf(text, (size_t)2 * PATH_MAX, "shm:region=%s,%s", region, more);
	return text;
}

static void both_exchange(const char *feed)
{
	char data[2 * PATH_MAX], orders[2 * PATH_MAX];

	lab_exchange(&lab, &exchange, feed, "--pace", "rate:2000", "--send",
		     text_of(data, "path=" DATA), "--transport",
		     text_of(orders, "wait=spin,path=" ORDERS), NULL);
}

static void both_trader(struct program *program, const char *reconnect_s)
{
	char data[2 * PATH_MAX], orders[2 * PATH_MAX];

	lab_trader(&lab, program, "--receive", text_of(data, "path=" DATA),
		   "--transport", text_of(orders, "path=" ORDERS), "--json",
		   "--privileges", "keep", reconnect_s ? "--reconnect" : NULL,
		   reconnect_s, NULL);
}

/* The exchange alone is asked. */
static void exchange_is_refused(const char *option, const char *value,
				const char *why)
{
	assert_in_range(lab_call(&exchange, lab.exchange, "t2t-exchange",
				 "--feed", lab_feed(&lab, 1, 1), "--interface",
				 LAB_EXCHANGE_INTERFACE, "--listen",
				 LAB_EXCHANGE_ADDRESS ":9012", option, value,
				 NULL),
			1, 2);
	lab_says(&exchange, why);
	program_end(&exchange);
}

static void trader_is_refused(const char *option, const char *value,
			      const char *why)
{
	assert_in_range(lab_call(&trader, lab.trader, "t2t-trader", "--connect",
				 LAB_CONNECT, "--connect-timeout-ms", "300",
				 "--interface", LAB_TRADER_INTERFACE, option,
				 value, NULL),
			1, 2);
	lab_says(&trader, why);
	program_end(&trader);
}

static void refused(void **state)
{
	char text[2 * PATH_MAX];

	(void)state;
	region_make(1 << 20, 0600);
	exchange_is_refused("--send", "shm:region=/nowhere/x", "No such file");
	exchange_is_refused("--send", "shm:region=x", "neither ivshmem nor");
	exchange_is_refused("--send", text_of(text, "path=" DATA),
			    "too small for slots=4096");
	exchange_is_refused("--send", text_of(text, "slots=64,path=10.9.9.9:1"),
			    "can't bind 10.9.9.9:1");
	exchange_is_refused("--transport", text_of(text, "path=" ORDERS),
			    "it is wait=spin");
	exchange_is_refused("--transport",
			    text_of(text, "wait=poll,path=" ORDERS),
			    "it is wait=spin");
	trader_is_refused("--receive", text_of(text, "wait=futex,path=" DATA),
			  "it is wait=spin");
	trader_is_refused("--receive", text_of(text, "path=" DATA),
			  "no exchange publishes at " DATA);
	trader_is_refused("--receive", "shm:region=/nowhere/x", "No such file");
	trader_is_refused("--transport", text_of(text, "slots=64,path=" ORDERS),
			  "nobody takes orders at " ORDERS);
	trader_is_refused("--transport",
			  text_of(text, "slots=65536,path=" ORDERS),
			  "too small for slots=65536");
	region_make(1 << 20, 0622);
	exchange_is_refused("--send", text_of(text, "slots=64,path=" DATA),
			    "others than its owner may write");
	region_make(4096, 0600);
	exchange_is_refused("--send", text_of(text, "slots=64,path=" DATA),
			    "too small");
	assert_int_equal(lab_call(&exchange, lab.exchange, "t2t-wiretap",
				  "--interface", LAB_EXCHANGE_INTERFACE,
				  "--write", "/dev/null", "--region", region,
				  NULL),
			 2);
	lab_says(&exchange, "--region with --ring");
	program_end(&exchange);
	assert_int_equal(lab_call(&exchange, lab.exchange, "t2t-wiretap",
				  "--interface", LAB_EXCHANGE_INTERFACE,
				  "--write", "/dev/null", "--ring",
				  LAB_EXCHANGE_ADDRESS ":9016", "--region",
				  "/nowhere/x", NULL),
			 1);
	lab_says(&exchange, "--region: region=/nowhere/x");
}

/* Of a region there is one exchange, and one trader at a time; and both ends
 * have it. */
static void one_of_each(void **state)
{
	char text[2 * PATH_MAX];
	struct program other = { 0 };

	(void)state;
	region_make(64 << 20, 0600);
	both_exchange(lab_feed(&lab, 10, 4000));
	assert_int_equal(
		lab_call(&other, lab.exchange, "t2t-exchange", "--feed",
			 lab_feed(&lab, 10, 4000), "--listen",
			 LAB_EXCHANGE_ADDRESS ":9022", "--interface",
			 LAB_EXCHANGE_INTERFACE, "--send",
			 text_of(text, "path=" LAB_EXCHANGE_ADDRESS ":9024"),
			 NULL),
		1);
	lab_says(&other, "market data: another one writes them there");
	program_end(&other);
	both_trader(&trader, NULL);
	lab_states(&exchange, "HANDSHAKE TRANSMIT");
	both_trader(&other, NULL);
	assert_int_equal(program_wait(&other, LAB_SOON_MS), 1);
	lab_says(&other, "orders: another one writes them there");
	program_end(&other);
	trader_is_refused("--receive", "shm:path=" DATA, "region= is for both");
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 0);
	lab_states(&exchange, "INIT");
	assert_int_equal(program_stop(&exchange, SIGTERM, LAB_SOON_MS), 0);
}

/* kill -9 of either: the other one says so, and who comes next has all of its
 * own and nothing that was left there. */
static void exchange_killed(void **state)
{
	json_t *said;

	(void)state;
	region_make(64 << 20, 0600);
	both_exchange(lab_feed(&lab, 10, 20000));
	both_trader(&trader, NULL);
	lab_states(&exchange, "HANDSHAKE TRANSMIT");
	assert_int_equal(kill(exchange.pid, SIGKILL), 0);
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 1);
	lab_says(&trader, "the exchange ended the order connection");
	program_end(&exchange);
	program_end(&trader);
	both_exchange(lab_feed(&lab, 10, 100));
	both_trader(&trader, NULL);
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 0);
	said = oracle_json(&trader);
	assert_int_equal(
		oracle_count(json_object_get(said, "counters"), "packets"),
		110);
	json_decref(said);
	assert_int_equal(program_stop(&exchange, SIGTERM, LAB_SOON_MS), 0);
}

static void exchange_returns(void **state)
{
	json_t *said;

	(void)state;
	region_make(64 << 20, 0600);
	both_exchange(lab_feed(&lab, 10, 20000));
	both_trader(&trader, "30");
	lab_states(&exchange, "HANDSHAKE TRANSMIT");
	program_end(&exchange);
	both_exchange(lab_feed(&lab, 10, 500));
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 0);
	lab_says(&trader, "an exchange is back at");
	said = oracle_json(&trader);
	assert_int_equal(
		oracle_count(json_object_get(said, "counters"), "gaps"), 0);
	json_decref(said);
}

static void trader_killed(void **state)
{
	size_t before;

	(void)state;
	region_make(64 << 20, 0600);
	both_exchange(lab_feed(&lab, 10, 2000));
	before = program_descriptors(&exchange);
	for (int i = 0; i < 3; i++) {
		both_trader(&trader, NULL);
		lab_states(&exchange, "HANDSHAKE TRANSMIT");
		program_end(&trader);
		lab_states(&exchange, "INIT");
	}
	lab_descriptors(&exchange, before);
	both_trader(&trader, NULL);
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 0);
	assert_int_equal(program_stop(&exchange, SIGTERM, LAB_SOON_MS), 0);
}

/* One session behind the other: the next one's hello may come before the last
 * one's end is seen. */
static void sessions(void **state)
{
	char data[2 * PATH_MAX], orders[2 * PATH_MAX];
	json_t *said;

	(void)state;
	region_make(64 << 20, 0600);
	lab_exchange(&lab, &exchange, lab_feed(&lab, 10, 200), "--pace",
		     "rate:20000", "--send", text_of(data, "path=" DATA),
		     "--transport", text_of(orders, "wait=spin,path=" ORDERS),
		     "--on-second-client", "queue", NULL);
	lab_trader(&lab, &trader, "--receive", text_of(data, "path=" DATA),
		   "--transport", text_of(orders, "path=" ORDERS), "--json",
		   "--privileges", "keep", "--sessions", "5", NULL);
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 0);
	said = oracle_json(&trader);
	assert_int_equal(
		oracle_count(json_object_get(said, "counters"), "packets"),
		5 * 210);
	json_decref(said);
	assert_int_equal(program_stop(&exchange, SIGTERM, LAB_SOON_MS), 0);
}

/* Who has it mapped keeps it. */
static void removed(void **state)
{
	(void)state;
	region_make(64 << 20, 0600);
	both_exchange(lab_feed(&lab, 10, 2000));
	both_trader(&trader, NULL);
	lab_states(&exchange, "HANDSHAKE TRANSMIT");
	assert_int_equal(unlink(region), 0);
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 0);
	program_end(&trader);
	both_trader(&trader, NULL);
	assert_int_equal(program_wait(&trader, LAB_SOON_MS), 1);
	lab_says(&trader, "No such file");
}

#define TEST(text, function)                             \
	{                                                \
		.name = (text), .test_func = (function), \
		.teardown_func = clean                   \
	}

int main(int argc, char **argv)
{
	static char both[] = "shm shm raw", orders[] = "block shm raw",
		    fix[] = "shm shm fix";
	const struct CMUnitTest tests[] = {
		{ "C.36 region, shm+shm: each order called for, by both",
		  judged, NULL, clean, both },
		{ "C.36 region, block+shm: each order called for", judged, NULL,
		  clean, orders },
		{ "C.36 region, shm+shm, fix: each order called for", judged,
		  NULL, clean, fix },
		TEST("C.36 region: what is wrong is refused, by name", refused),
		TEST("C.36 region: one exchange and one trader", one_of_each),
		TEST("C.36 region: the exchange is killed", exchange_killed),
		TEST("C.36 region: an exchange returns", exchange_returns),
		TEST("C.36 region: a trader is killed", trader_killed),
		TEST("C.36 region: one session behind the other", sessions),
		TEST("C.36 region: it is removed", removed),
	};

	return lab_run(&lab, "shm_region", tests, ARRAY_SIZE(tests), argc,
		       argv);
}
