/* SPDX-License-Identifier: MIT */
/* What the suite of all channels (conformance/channel) does not ask of FIX. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "order/channel_ops.h"
#include "wire/fix.h"
#include "wire/fix_build.h"

static struct channel *trader, *exchange;

static void over_to(struct channel *from, struct channel *to)
{
	const uint8_t *bytes;
	size_t len, room;

	bytes = channel_waiting(from, &len);
	memcpy(channel_room(to, &room), bytes, len);
	assert_true(len <= room);
	channel_received(to, len, 1);
	channel_sent(from, len);
}

static int open_both(void **state)
{
	const char *text = *state ? *state : "fix";

	assert_int_equal(channel_open(text, CHANNEL_TRADER, &trader), 0);
	assert_int_equal(channel_open(text, CHANNEL_EXCHANGE, &exchange), 0);
	assert_int_equal(channel_handshake(trader, 1), 0);
	over_to(trader, exchange);
	assert_int_equal(channel_handshake(exchange, 1), 1);
	over_to(exchange, trader);
	assert_int_equal(channel_handshake(trader, 1), 1);
	return 0;
}

static int close_both(void **state)
{
	(void)state;
	channel_close(trader);
	channel_close(exchange);
	return 0;
}

static const struct order some = { 3, INT64_C(61800100000000), ORDER_SELL };

/* The message that the channel says next has this value in this field. */
static void says(struct channel *channel, uint32_t tag, const char *value)
{
	struct fix_message message;
	const uint8_t *bytes;
	size_t len, taken;

	bytes = channel_waiting(channel, &len);
	assert_int_equal(fix_read(bytes, len, &message, &taken), 1);
	assert_true(fix_is(&message, fix_find(&message, tag), value));
}

static void an_order_names_what_it_answers(void **state)
{
	(void)state;
	trader->cause = (struct order_cause){ 0xabc, 0x12345678 };
	assert_int_equal(channel_encode(trader, &some), 0);
	says(trader, FIX_CL_ORD_ID, "ABC12345678-00000002");
	says(trader, FIX_PRICE, "00000061800.100000000");
	says(trader, FIX_SIDE, "2");
	says(trader, FIX_SYMBOL, "T2T");
}

/* What is built is taken as what was prepared. */
static void what_is_not_prepared_is_the_same(void **state)
{
	struct order found;

	(void)state;
	assert_string_equal(trader->prepared, "nothing");
	trader->cause = (struct order_cause){ 0xabc, 0x12345678 };
	assert_int_equal(channel_encode(trader, &some), 0);
	says(trader, FIX_CL_ORD_ID, "ABC12345678-00000002");
	says(trader, FIX_PRICE, "61800.1");
	says(trader, FIX_SIDE, "2");
	says(trader, FIX_SYMBOL, "T2T");
	over_to(trader, exchange);
	assert_int_equal(channel_decode(exchange, &found), 1);
	assert_memory_equal(&found, &some, sizeof(some));
	assert_false(exchange->cause_known);
}

static void hears_number(struct channel *channel, unsigned int number,
			 const char *type, const char *fields);

/* A trader's session, and what the oracle reads of its orders. */
static void the_oracle_knows_the_cause(void **state)
{
	struct channel *oracle;
	struct order found;

	(void)state;
	assert_int_equal(channel_open("fix", CHANNEL_TRADER, &trader), 0);
	assert_int_equal(channel_open("fix", CHANNEL_EXCHANGE, &exchange), 0);
	assert_int_equal(channel_open("fix", CHANNEL_ORACLE, &oracle), 0);
	assert_int_equal(channel_handshake(trader, 1), 0);
	memcpy(oracle->in.bytes, trader->out.bytes, trader->out.end);
	oracle->in.end = trader->out.end;
	over_to(trader, exchange);
	assert_int_equal(channel_handshake(exchange, 1), 1);
	over_to(exchange, trader);
	assert_int_equal(channel_handshake(trader, 1), 1);
	assert_int_equal(channel_handshake(oracle, 1), 1);
	trader->cause = (struct order_cause){ 0xabc, 0xfedcba98 };
	assert_int_equal(channel_encode(trader, &some), 0);
	over_to(trader, oracle);
	assert_int_equal(channel_decode(oracle, &found), 1);
	assert_true(oracle->cause_known);
	assert_int_equal(oracle->cause.tag, 0xabc);
	assert_int_equal(oracle->cause.sequence, 0xfedcba98);
	hears_number(oracle, 3, "D",
		     "11=ABC1234567g-00000002|38=1|40=2|44=1|54=1|55=X|"
		     "60=20260131-12:30:00|");
	assert_int_equal(channel_decode(oracle, &found), 1);
	assert_false(oracle->cause_known);
	channel_close(oracle);
	close_both(NULL);
}

/* What was not sent leaves no gap. */
static void a_number_is_taken_back(void **state)
{
	struct order found;

	(void)state;
	assert_int_equal(channel_encode(trader, &some), 0);
	channel_sent(trader, channel_buffer_len(&trader->out));
	trader->ops->retract(trader);
	assert_int_equal(channel_encode(trader, &some), 0);
	says(trader, FIX_MSG_SEQ_NUM, "000000002");
	over_to(trader, exchange);
	assert_int_equal(channel_decode(exchange, &found), 1);
	assert_memory_equal(&found, &some, sizeof(some));
	assert_int_equal(channel_buffer_len(&exchange->out), 0);
}

static void each_order_is_answered(void **state)
{
	struct order found;

	(void)state;
	for (int fault = 0; fault < 2; fault++) {
		assert_int_equal(channel_encode(trader, &some), 0);
		over_to(trader, exchange);
		assert_int_equal(channel_decode(exchange, &found), 1);
		exchange->ops->answer(exchange, fault ? "too many" : NULL);
		says(exchange, FIX_CL_ORD_ID,
		     fault ? "00000000000-00000003" : "00000000000-00000002");
		says(exchange, 150, fault ? "8" : "0");
		says(exchange, 151, fault ? "0" : "3");
		if (fault)
			says(exchange, FIX_TEXT, "too many");
		over_to(exchange, trader);
		assert_int_equal(channel_decode(trader, &found), 0);
		assert_int_equal(channel_buffer_len(&trader->in), 0);
	}
}

/* Nobody reads the answers: they wait, and none is lost or out of its order,
 * until there are more than are kept. */
static void answers_wait_for_room(void **state)
{
	enum { ORDERS = 500 };
	struct order found;
	size_t answers = 0;

	(void)state;
	for (int i = 0; i < ORDERS; i++) {
		assert_int_equal(channel_encode(trader, &some), 0);
		over_to(trader, exchange);
		assert_int_equal(channel_decode(exchange, &found), 1);
		exchange->ops->answer(exchange, NULL);
		assert_true(exchange->out.end <= exchange->out.size);
	}
	while (channel_buffer_len(&exchange->out) > 0) {
		struct fix_message message;
		const uint8_t *bytes;
		char number[16];
		size_t len, taken;

		bytes = channel_waiting(exchange, &len);
		assert_int_equal(fix_read(bytes, len, &message, &taken), 1);
		snprintf(number, sizeof(number), "%zu", answers + 2);
		assert_true(fix_is(&message, fix_find(&message, 34), number));
		answers++;
		channel_sent(exchange, taken);
		if (channel_buffer_len(&exchange->out) == 0)
			assert_int_equal(channel_decode(exchange, &found), 0);
	}
	assert_int_equal(answers, ORDERS);
}

/* The other end says this, after its Logon; fields: "TAG=VALUE|...". */
static void hears_number(struct channel *channel, unsigned int number,
			 const char *type, const char *fields)
{
	const bool trades = channel == trader;
	struct fix_builder builder;
	const uint8_t *message;
	uint8_t bytes[1024], *to;
	size_t len, room;

	fix_builder_begin(&builder, bytes, sizeof(bytes));
	fix_add_text(&builder, FIX_MSG_TYPE, type);
	fix_add_unsigned(&builder, FIX_MSG_SEQ_NUM, number);
	fix_add_text(&builder, FIX_SENDER_COMP_ID,
		     trades ? "EXCHANGE" : "TRADER");
	fix_add_time(&builder, FIX_SENDING_TIME, clock_realtime_ns());
	fix_add_text(&builder, FIX_TARGET_COMP_ID,
		     trades ? "TRADER" : "EXCHANGE");
	for (; *fields; fields += len + 1) {
		const char *value = strchr(fields, '=') + 1;

		len = strcspn(fields, "|");
		fix_add(&builder, (uint32_t)strtoul(fields, NULL, 10), value,
			len - (size_t)(value - fields));
	}
	message = fix_builder_end(&builder, "FIX.4.4", &len);
	assert_non_null(message);
	to = channel_room(channel, &room);
	assert_true(len <= room);
	memcpy(to, message, len);
	channel_received(channel, len, 1);
}

static void hears(struct channel *channel, const char *type, const char *fields)
{
	hears_number(channel, 2, type, fields);
}

/* More than there is room for goes out again: a new order has to wait, which
 * is no reason to give up, and then has the next number. */
static void what_goes_again_goes_first(void **state)
{
	enum { ORDERS = 200 };
	struct fix_message message;
	struct order found;
	unsigned int rounds = 0;
	const uint8_t *bytes;
	size_t len, taken;

	(void)state;
	for (int i = 0; i < ORDERS; i++) {
		assert_int_equal(channel_encode(trader, &some), 0);
		channel_sent(trader, channel_buffer_len(&trader->out));
	}
	hears(trader, "2", "7=1|16=0|");
	assert_int_equal(channel_decode(trader, &found), 0);
	while (channel_encode(trader, &some) == -EAGAIN) {
		channel_sent(trader, channel_buffer_len(&trader->out));
		assert_int_equal(channel_decode(trader, &found), 0);
		assert_true(++rounds < ORDERS);
	}
	assert_true(rounds > 0);
	bytes = channel_waiting(trader, &len);
	assert_true(len > 0);
	for (; len > 0; bytes += taken, len -= taken)
		assert_int_equal(fix_read(bytes, len, &message, &taken), 1);
	assert_true(fix_is(&message, fix_find(&message, FIX_MSG_SEQ_NUM),
			   "000000202"));
}

/* It may have been taken already: it is not taken twice, and that is said. */
static void a_possible_resend_is_refused(void **state)
{
	struct order found;

	(void)state;
	hears(exchange, "D",
	      "97=Y|11=A|38=1|40=2|44=1|54=1|55=X|60=20260131-12:00:00|");
	assert_int_equal(channel_decode(exchange, &found), 0);
	says(exchange, FIX_REF_TAG_ID, "97");
}

static void before_the_logon_there_is_no_order(void **state)
{
	struct channel *early;

	(void)state;
	assert_int_equal(channel_open("fix", CHANNEL_TRADER, &early), 0);
	assert_int_equal(channel_encode(early, &some), -ENOSPC);
	channel_close(early);
}

static void wrong_options_are_refused(void **state)
{
	static const char *const wrong[] = {
		"fix:version=4.3",     "fix:sender=../me", "fix:target=",
		"fix:heartbeat=99999", "fix:symbol=",	   "fix:sender=a b",
		"fix:store=/nowhere",
	};
	struct channel *channel;

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_SIZE(wrong); i++) {
		enum channel_role role =
			i % 2 ? CHANNEL_EXCHANGE : CHANNEL_TRADER;

		assert_true(channel_open(wrong[i / 2], role, &channel) < 0);
		assert_null(channel);
	}
}

/* Whoever else comes gets no file. */
static void a_store_is_one_trader_s(void **state)
{
	char folder[] = "/tmp/channel_fix-XXXXXX", text[64];

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(text, sizeof(text), "fix:store=%s", folder);
	assert_int_equal(
		channel_open("fix:sender=OTHER", CHANNEL_TRADER, &trader), 0);
	assert_int_equal(channel_open(text, CHANNEL_EXCHANGE, &exchange), 0);
	assert_int_equal(channel_handshake(trader, 1), 0);
	over_to(trader, exchange);
	assert_int_equal(channel_handshake(exchange, 1), -EACCES);
	close_both(NULL);
	assert_int_equal(rmdir(folder), 0);
}

/* "A-B" to "C" is not "A" to "B-C". */
static void each_session_has_its_store(void **state)
{
	static const char *const names[] = { "sender=A-B,target=C",
					     "sender=A,target=B-C" };
	static const char *const files[] = { "A-B.C.trader.fix",
					     "A.B-C.trader.fix" };
	struct channel *traders[ARRAY_SIZE(names)];
	char folder[] = "/tmp/channel_fix-XXXXXX", text[96];

	(void)state;
	assert_non_null(mkdtemp(folder));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(text, sizeof(text), "fix:store=%s,%s", folder,
			 names[i]);
		assert_int_equal(
			channel_open(text, CHANNEL_TRADER, &traders[i]), 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		channel_close(traders[i]);
		snprintf(text, sizeof(text), "%s/%s", folder, files[i]);
		assert_int_equal(unlink(text), 0);
	}
	assert_int_equal(rmdir(folder), 0);
}

/* What it says next has these fields, one behind the other; it is taken. */
static void says_and_goes(struct channel *channel, const char *fields)
{
	struct fix_message message;
	const uint8_t *bytes;
	size_t len, taken;
	char text[256];

	bytes = channel_waiting(channel, &len);
	assert_int_equal(fix_read(bytes, len, &message, &taken), 1);
	snprintf(text, sizeof(text), "%s", fields);
	for (char *c = text; *c; c++)
		*c = *c == '|' ? FIX_SOH : *c;
	assert_non_null(memmem(bytes, taken, text, strlen(text)));
	channel_sent(channel, taken);
}

/* As a kill leaves it: the other end's file, elsewhere. */
static void store_copy(const char *from, const char *to)
{
	char command[256];

	snprintf(command, sizeof(command),
		 "mkdir %s && cp %s/*.exchange.fix %s", to, from, to);
	assert_int_equal(system(command), 0);
}

/* Of the exchange: its handshake's result. */
static int stores_open(const char *ours, const char *theirs)
{
	char text[64];

	snprintf(text, sizeof(text), "fix:store=%s", ours);
	assert_int_equal(channel_open(text, CHANNEL_TRADER, &trader), 0);
	snprintf(text, sizeof(text), "fix:store=%s", theirs);
	assert_int_equal(channel_open(text, CHANNEL_EXCHANGE, &exchange), 0);
	assert_int_equal(channel_handshake(trader, 1), 0);
	over_to(trader, exchange);
	return channel_handshake(exchange, 1);
}

/* What was answered and is not in the log comes again; what is does not. */
static void an_order_counts_once_it_is_logged(void **state)
{
	char folder[] = "/tmp/channel_fix-XXXXXX", copies[3][64], command[64];
	struct channel_mark marks[2];
	struct order found;

	(void)state;
	assert_non_null(mkdtemp(folder));
	for (int i = 0; i < 3; i++)
		snprintf(copies[i], sizeof(copies[i]), "%s/%d", folder, i);
	assert_int_equal(stores_open(folder, folder), 1);
	over_to(exchange, trader);
	assert_int_equal(channel_handshake(trader, 1), 1);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(channel_encode(trader, &some), 0);
		over_to(trader, exchange);
		assert_int_equal(channel_decode(exchange, &found), 1);
		marks[i] = exchange->ops->mark(exchange);
		exchange->ops->answer(exchange, NULL);
	}
	for (int i = 0; i < 3; i++) {
		if (i > 0)
			channel_mark_set(&marks[i - 1]);
		store_copy(folder, copies[i]);
	}
	/* One that comes late changes nothing. */
	channel_mark_set(&marks[0]);
	close_both(NULL);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(stores_open(folder, copies[i]), 1);
		says_and_goes(exchange, "35=A|");
		says_and_goes(exchange, i == 0	 ? "|7=2|"
					: i == 1 ? "|7=3|"
						 : "|7=4|");
		close_both(NULL);
	}
	snprintf(command, sizeof(command), "rm -r %s", folder);
	assert_int_equal(system(command), 0);
}

/* What came behind an order, before that was logged, is kept when it is. */
static void what_follows_an_order_is_kept_too(void **state)
{
	char folder[] = "/tmp/channel_fix-XXXXXX", copy[64], command[64];
	struct channel_mark mark;
	struct order found;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(copy, sizeof(copy), "%s/copy", folder);
	assert_int_equal(stores_open(folder, folder), 1);
	over_to(exchange, trader);
	assert_int_equal(channel_handshake(trader, 1), 1);
	assert_int_equal(channel_encode(trader, &some), 0);
	over_to(trader, exchange);
	hears_number(exchange, 3, "1", "112=x|");
	assert_int_equal(channel_decode(exchange, &found), 1);
	mark = exchange->ops->mark(exchange);
	exchange->ops->answer(exchange, NULL);
	assert_int_equal(channel_decode(exchange, &found), 0);
	assert_int_equal(channel_tick(exchange, 1000), 0);
	channel_mark_set(&mark);
	/* Nothing else comes, and it is not long. */
	assert_true(exchange->due_ns < CLOCK_NS_PER_S);
	assert_int_equal(channel_tick(exchange, exchange->due_ns), 0);
	assert_true(exchange->due_ns > CLOCK_NS_PER_S);
	store_copy(folder, copy);
	close_both(NULL);
	/* The trader knows nothing of its TestRequest. */
	assert_int_equal(stores_open(folder, copy), -EPROTO);
	says_and_goes(exchange, "|58=MsgSeqNum too low, expecting 4 but "
				"received 3|");
	close_both(NULL);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	assert_int_equal(system(command), 0);
}

/* Whatever answers a TestRequest, heartbeats are due again. */
static void an_answer_is_looked_at_at_once(void **state)
{
	const uint64_t late_ns = 37 * CLOCK_NS_PER_S;
	struct order found;

	(void)state;
	assert_int_equal(channel_tick(exchange, late_ns), 0);
	says_and_goes(exchange, "35=1|");
	assert_true(exchange->due_ns == late_ns + 36 * CLOCK_NS_PER_S);
	hears(exchange, "0", "");
	exchange->received_ns = late_ns + 1;
	assert_int_equal(channel_decode(exchange, &found), 0);
	assert_int_equal(channel_tick(exchange, late_ns + 1), 0);
	assert_true(exchange->due_ns <= late_ns + 1 + 30 * CLOCK_NS_PER_S);
}

/* Numbers have begun anew: an order of before does not move them. */
static void a_mark_is_of_its_numbers(void **state)
{
	struct line_note received = { .value = (UINT64_C(3) << 32) + 1 };
	const struct channel_mark old = { &received, (UINT64_C(2) << 32) + 9 };
	const struct channel_mark now = { &received, (UINT64_C(3) << 32) + 4 };
	const struct channel_mark none = { .at = NULL };

	(void)state;
	channel_mark_set(&none);
	channel_mark_set(&old);
	assert_true(received.value == (UINT64_C(3) << 32) + 1);
	channel_mark_set(&now);
	assert_true(received.value == (UINT64_C(3) << 32) + 4);
}

#define BODY "60=20260131-12:30:00|55=MSFT|54=1|40=1|21=3|11=id|"
#define BACK "|11=id|21=3|40=1|54=1|55=MSFT|60=20260131-12:30:00|10="

/* After 15, 19.a, 19.b and 21 of QuickFIX's acceptance tests. */
static void an_echo_sends_orders_back(void **state)
{
	struct order order;

	(void)state;
	hears(exchange, "D", BODY);
	hears_number(exchange, 3, "D", "97=Y|115=JCD|" BODY);
	hears_number(exchange, 4, "D",
		     "97=Y|115=JCD|116=CS|60=20260131-12:30:00|55=MSFT|54=1|"
		     "40=1|21=3|11=other|");
	hears_number(exchange, 5, "d",
		     "320=Q|322=1|323=6|55=TBS|22=8|336=MAIN|454=0|");
	hears_number(exchange, 6, "B", "148=news|33=1|58=x|");
	assert_int_equal(channel_decode(exchange, &order), 0);
	says_and_goes(exchange, "35=D|34=2|");
	says_and_goes(exchange, "|97=Y|128=JCD|129=CS|11=other|21=3|");
	says_and_goes(exchange,
		      "|22=8|55=TBS|320=Q|322=1|323=6|336=MAIN|454=0|10=");
	says_and_goes(exchange, "35=j|34=5|");
	assert_int_equal(channel_buffer_len(&exchange->out), 0);
}

static void an_echo_keeps_the_order_of_fields(void **state)
{
	struct order order;

	(void)state;
	hears(exchange, "D", BODY);
	assert_int_equal(channel_decode(exchange, &order), 0);
	says_and_goes(exchange, BACK);
	/* but for groups, whose order means something */
	hears_number(exchange, 3, "D", "78=1|79=A|80=1|" BODY);
	assert_int_equal(channel_decode(exchange, &order), 0);
	says_and_goes(exchange, "|78=1|79=A|80=1|60=20260131-12:30:00|55=MSFT");
}

/* Of what can't be kept there is no echo. */
static void an_echo_is_not_endless(void **state)
{
	char fields[700];
	struct order order;

	(void)state;
	memset(fields, 'x', sizeof(fields));
	memcpy(fields, "58=", 3);
	snprintf(fields + 600, sizeof(fields) - 600, "|%s", BODY);
	hears(exchange, "D", fields);
	assert_int_equal(channel_decode(exchange, &order), 0);
	says_and_goes(exchange,
		      "|45=2|58=Too long to be sent back|372=D|380=0|");
}

/* An order of ours is found when it is back. */
static void an_echo_is_found(void **state)
{
	struct order found = { 0 };

	(void)state;
	assert_int_equal(channel_encode(trader, &some), 0);
	over_to(trader, exchange);
	assert_int_equal(channel_decode(exchange, &found), 0);
	over_to(exchange, trader);
	assert_int_equal(channel_decode(trader, &found), 1);
	assert_memory_equal(&found, &some, sizeof(some));
	assert_int_equal(channel_decode(trader, &found), 0);
}

int main(void)
{
	static char version_4_2[] = "fix:version=4.2";
	static char built[] = "fix:version=4.2,prepared=off";
	static char echo[] = "fix:echo=on";
	static char version_5_0[] = "fix:version=5.0,symbol=T2T";
	struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_order_names_what_it_answers,
						open_both, close_both),
		cmocka_unit_test_prestate_setup_teardown(
			an_order_names_what_it_answers, open_both, close_both,
			version_4_2),
		cmocka_unit_test_prestate_setup_teardown(
			an_order_names_what_it_answers, open_both, close_both,
			version_5_0),
		cmocka_unit_test_prestate_setup_teardown(
			what_is_not_prepared_is_the_same, open_both, close_both,
			built),
		cmocka_unit_test_setup_teardown(a_number_is_taken_back,
						open_both, close_both),
		cmocka_unit_test_setup_teardown(each_order_is_answered,
						open_both, close_both),
		cmocka_unit_test_setup_teardown(answers_wait_for_room,
						open_both, close_both),
		cmocka_unit_test_setup_teardown(what_goes_again_goes_first,
						open_both, close_both),
		cmocka_unit_test_setup_teardown(a_possible_resend_is_refused,
						open_both, close_both),
		cmocka_unit_test_prestate_setup_teardown(
			an_echo_sends_orders_back, open_both, close_both, echo),
		cmocka_unit_test_prestate_setup_teardown(
			an_echo_keeps_the_order_of_fields, open_both,
			close_both, echo),
		cmocka_unit_test_prestate_setup_teardown(
			an_echo_is_not_endless, open_both, close_both, echo),
		cmocka_unit_test_prestate_setup_teardown(
			an_echo_is_found, open_both, close_both, echo),
		cmocka_unit_test_setup_teardown(an_answer_is_looked_at_at_once,
						open_both, close_both),
		cmocka_unit_test(the_oracle_knows_the_cause),
		cmocka_unit_test(before_the_logon_there_is_no_order),
		cmocka_unit_test(wrong_options_are_refused),
		cmocka_unit_test(a_store_is_one_trader_s),
		cmocka_unit_test(each_session_has_its_store),
		cmocka_unit_test(an_order_counts_once_it_is_logged),
		cmocka_unit_test(what_follows_an_order_is_kept_too),
		cmocka_unit_test(a_mark_is_of_its_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
