/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exchange/snapshot_field.h"

#define HEADER                                                              \
	"exchange,symbol,timestamp,local_timestamp,is_snapshot,side,price," \
	"amount"

struct expectation {
	const char *line;
	bool snapshot;
};

/* The line in memory of its own, so that reading past it is found out. */
static bool ask(struct snapshot_field *field, const char *line)
{
	size_t len = strlen(line);
	char *copy = malloc(len ? len : 1);
	bool found;

	assert_non_null(copy);
	memcpy(copy, line, len);
	found = snapshot_field(field, copy, len);
	free(copy);
	return found;
}

static void check(struct snapshot_field *field,
		  const struct expectation *wanted, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (ask(field, wanted[i].line) != wanted[i].snapshot)
			fail_msg("%s: wanted %d", wanted[i].line,
				 wanted[i].snapshot);
}

/* Each line as the first of its file. */
static void check_alone(const struct expectation *wanted, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct snapshot_field field = { 0 };

		check(&field, &wanted[i], 1);
	}
}

#define CHECK(field, wanted) \
	check(field, wanted, sizeof(wanted) / sizeof((wanted)[0]))
#define CHECK_ALONE(wanted) \
	check_alone(wanted, sizeof(wanted) / sizeof((wanted)[0]))

static void csv_has_a_column(void **state)
{
	static const struct expectation wanted[] = {
		{ HEADER, false },
		{ "x,BTC,1,2,true,ask,61800.3,1.072", true },
		{ "x,BTC,1,2,false,ask,61800.3,1.072", false },
		{ "x,BTC,1,2,True,ask,61800.3,1.072", true },
		{ "x,BTC,1,2, true ,ask,61800.3,1.072", true },
		{ "x,BTC,1,2,\"true\",ask,61800.3,1.072", true },
		{ "x,BTC,1,2,trueish,ask,61800.3,1.072", false },
		{ "x,BTC,1,2,,ask,61800.3,1.072", false },
		{ "true,true,true,true,false,true,true,true", false },
		{ "x,snapshot=true,1,2,false,ask,1,1", false },
		{ "x,BTC,1,2,true", true },
		{ "x,BTC,1,2", false },
		{ "", false },
	};
	struct snapshot_field field = { 0 };

	(void)state;
	CHECK(&field, wanted);
}

static void the_column_is_found_by_its_name(void **state)
{
	static const char *const names[] = { "snapshot", "is_snapshot",
					     "isSnapshot",
					     " \"is_snapshot\" " };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct snapshot_field field = { 0 };
		char header[64];

		snprintf(header, sizeof(header), "a,%s,b", names[i]);
		assert_false(ask(&field, header));
		assert_true(ask(&field, "false,true,false"));
		assert_false(ask(&field, "true,false,true"));
	}
}

static void the_column_may_be_the_first_or_last(void **state)
{
	static const struct expectation first[] = {
		{ "snapshot,a", false },
		{ "true,false", true },
		{ "false,true", false },
		{ "true", true },
	};
	static const struct expectation last[] = {
		{ "a,snapshot", false },
		{ "false,true", true },
		{ "true,false", false },
		{ "false,true,more", true },
	};
	struct snapshot_field field = { 0 };

	(void)state;
	CHECK(&field, first);
	field = (struct snapshot_field){ 0 };
	CHECK(&field, last);
}

static void a_second_header_is_learned_anew(void **state)
{
	static const struct expectation wanted[] = {
		{ "a,snapshot", false }, { "0,true", true },
		{ "snapshot,a", false }, { "true,0", true },
		{ "false,true", false },
	};
	struct snapshot_field field = { 0 };

	(void)state;
	CHECK(&field, wanted);
}

/* Two files joined without a newline. */
static void a_header_in_a_row_is_none(void **state)
{
	static const struct expectation first[] = {
		{ "x,BTC,1,2,true,bid,100,1" HEADER, false },
		{ "x,BTC,1,2,true,bid,100,1", true },
	};
	static const struct expectation later[] = {
		{ HEADER, false },
		{ "x,BTC,1,2,,bid,100,1" HEADER, false },
		{ "x,BTC,1,2,true,bid,100,1", true },
	};
	struct snapshot_field field = { 0 };

	(void)state;
	CHECK(&field, first);
	field = (struct snapshot_field){ 0 };
	CHECK(&field, later);
}

static void tardis_order_needs_no_header(void **state)
{
	static const struct expectation wanted[] = {
		{ "x,BTC,1,2,true,ask,61800.3,1.072", true },
		{ "x,BTC,1,2,false,ask,61800.3,1.072", false },
	};
	struct snapshot_field field = { 0 };

	(void)state;
	CHECK(&field, wanted);
}

static void csv_without_the_column_has_no_snapshots(void **state)
{
	static const struct expectation wanted[] = {
		{ "symbol,side,price", false },
		{ "BTC,true,1", false },
	};
	struct snapshot_field field = { 0 };

	(void)state;
	CHECK(&field, wanted);
}

static void json_has_a_member(void **state)
{
	static const struct expectation wanted[] = {
		{ "{\"snapshot\": true}", true },
		{ "{\"snapshot\":true,\"bids\":[]}", true },
		{ "{\"bids\":[[\"1\",\"2\"]],\"snapshot\":true}", true },
		{ " {\"snapshot\"  : \t true }", true },
		{ "{\"is_snapshot\": true}", true },
		{ "{\"isSnapshot\":true}", true },
		{ "{\"snapshot\":\"true\"}", true },
		{ "{\"snapshot\": false}", false },
		{ "{\"isSnapshot\":false}", false },
		{ "{\"snapshot\":null}", false },
		{ "{\"snapshot\":trueish}", false },
		{ "{\"snapshots\":true}", false },
		{ "{\"no_snapshot\":true}", false },
		{ "{\"a\":1}", false },
		{ "{}", false },
		{ "{", false },
		{ "{\"snapshot\":", false },
		{ "{\"snapshot", false },
		{ "{\"a\":\"\\", false },
	};

	(void)state;
	CHECK_ALONE(wanted);
}

static void json_values_are_no_fields(void **state)
{
	static const struct expectation wanted[] = {
		{ "{\"note\":\"snapshot = true\"}", false },
		{ "{\"note\":\"\\\"snapshot\\\": true\"}", false },
		{ "{\"note\":\"\\\\\",\"snapshot\":true}", true },
		{ "{\"note\":\"\\\"\",\"snapshot\":true}", true },
		{ "{\"note\":\"snapshot\",\"x\":true}", false },
		{ "{\"note\":\"}\",\"snapshot\":true}", true },
		{ "{\"data\":{\"snapshot\":true}}", false },
		{ "{\"data\":[{\"snapshot\":true}]}", false },
		{ "{\"data\":{\"a\":[1,{}]},\"snapshot\":true}", true },
		/* Kraken says that it will send one; it is none. */
		{ "{\"method\":\"subscribe\",\"result\":{\"channel\":\"book\","
		  "\"depth\":10,\"snapshot\":true,\"symbol\":\"BTC/USD\"},"
		  "\"success\":true,\"time_in\":\"2023-10-06T17:35:55Z\"}",
		  false },
	};

	(void)state;
	CHECK_ALONE(wanted);
}

static void json_type_says_it_too(void **state)
{
	static const struct expectation wanted[] = {
		{ "{\"type\":\"snapshot\",\"bids\":[]}", true },
		{ "{\"channel\":\"book\",\"type\" : \"snapshot\"}", true },
		{ "{\"type\":\"l2update\"}", false },
		{ "{\"channel\":\"book\",\"type\":\"update\"}", false },
		{ "{\"data\":{\"type\":\"snapshot\"}}", false },
		/* The field itself has the last word. */
		{ "{\"type\":\"snapshot\",\"snapshot\":false}", false },
		{ "{\"type\":\"ticker\",\"snapshot\":true,\"data\":{}}", true },
		{ "{\"type\":\"ticker\",\"data\":{}}", false },
	};

	(void)state;
	CHECK_ALONE(wanted);
}

static void free_text_has_a_word(void **state)
{
	static const struct expectation wanted[] = {
		{ "snapshot=true", true },
		{ "snapshot = true", true },
		{ "bid 1.5 2 snapshot =true end", true },
		{ "a=1;snapshot=true;b=2", true },
		{ "a=1|is_snapshot=true|b=2", true },
		{ "\"snapshot\": true, \"price\": 1", true },
		{ "isSnapshot:true", true },
		{ "SNAPSHOT=TRUE", true },
		{ "it's snapshot=true", true },
		{ "snapshot=true.", true },
		{ "snapshot=false", false },
		{ "snapshot=trueish", false },
		{ "snapshot==true", false },
		{ "snapshot true", false },
		{ "presnapshot=true", false },
		{ "non-snapshot=true", false },
		{ "is.snapshot=true", false },
		{ "snapshot=", false },
		{ "snapshot", false },
		{ "true", false },
		{ "note=\"snapshot=true\"", false },
		{ "note=\"snapshot = true\" snapshot=false", false },
		{ "note=\"a\\\" snapshot=true\"", false },
		{ "note='snapshot=true'", false },
		{ "note=snapshot=true", false },
		{ "note=\"x\" snapshot=true", true },
		{ "'", false },
		{ "=", false },
		{ "\"", false },
	};

	(void)state;
	CHECK_ALONE(wanted);
}

static void kinds_of_lines_may_be_mixed(void **state)
{
	static const struct expectation wanted[] = {
		{ "{\"type\":\"subscriptions\"}", false },
		{ "a,snapshot", false },
		{ "0,true", true },
		{ "{\"snapshot\":true}", true },
		{ "0,false", false },
	};
	struct snapshot_field field = { 0 };

	(void)state;
	CHECK(&field, wanted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(csv_has_a_column),
		cmocka_unit_test(the_column_is_found_by_its_name),
		cmocka_unit_test(the_column_may_be_the_first_or_last),
		cmocka_unit_test(a_second_header_is_learned_anew),
		cmocka_unit_test(a_header_in_a_row_is_none),
		cmocka_unit_test(tardis_order_needs_no_header),
		cmocka_unit_test(csv_without_the_column_has_no_snapshots),
		cmocka_unit_test(json_has_a_member),
		cmocka_unit_test(json_values_are_no_fields),
		cmocka_unit_test(json_type_says_it_too),
		cmocka_unit_test(free_text_has_a_word),
		cmocka_unit_test(kinds_of_lines_may_be_mixed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
