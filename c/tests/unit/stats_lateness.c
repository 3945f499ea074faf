/* SPDX-License-Identifier: MIT */
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

#include "stats/lateness.h"

static char folder[] = "/tmp/t2t-lateness-XXXXXX";
static char sends[64], latencies[64];

static int folder_make(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(sends, sizeof(sends), "%s/sends.csv", folder);
	snprintf(latencies, sizeof(latencies), "%s/latencies.csv", folder);
	return 0;
}

static int folder_remove(void **state)
{
	(void)state;
	unlink(sends);
	unlink(latencies);
	return rmdir(folder);
}

static void file_write(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static json_int_t number_of(const json_t *value, const char *key)
{
	const json_t *number = json_object_get(value, key);

	assert_true(json_is_integer(number));
	return json_integer_value(number);
}

/* Packet i of 40 leaves i us late, but 20 and 30: 49.999 and 50 us. */
static void orders_that_answer_late_packets_are_counted(void **state)
{
	FILE *file = fopen(sends, "we");
	json_t *value;

	(void)state;
	fputs("sequence,intended_ns,sent_ns\n", file);
	for (int i = 0; i < 40; i++)
		fprintf(file, "%d,1000000,%d\n", i,
			1000000 + (i == 20   ? 49999
				   : i == 30 ? 50000
					     : i * 1000));
	fclose(file);
	file_write(latencies, "sequence,trigger_ns,order_ns,latency_ns\n"
			      "5,1,2,3\n20,1,2,3\n30,1,2,3\n31,1,2,3\n");
	assert_int_equal(lateness_of(sends, latencies, &value), 0);
	assert_int_equal(number_of(value, "packets"), 40);
	assert_int_equal(number_of(value, "orders"), 4);
	assert_int_equal(number_of(value, "orders_late"), 1);
	assert_int_equal(number_of(value, "p50_ns"), 19000);
	assert_int_equal(number_of(value, "max_ns"), 50000);
	assert_true(json_is_null(json_object_get(value, "p99_ns")));
	json_decref(value);
}

/* The clock of a packet that left before its time is none that is late. */
static void early_is_not_late(void **state)
{
	json_t *value;

	(void)state;
	file_write(sends, "sequence,intended_ns,sent_ns\n0,9000,1000\n");
	file_write(latencies, "sequence,trigger_ns,order_ns,latency_ns\n"
			      "0,1,2,3\n");
	assert_int_equal(lateness_of(sends, latencies, &value), 0);
	assert_int_equal(number_of(value, "orders_late"), 0);
	assert_int_equal(number_of(value, "max_ns"), 0);
	json_decref(value);
}

static void without_send_times_nothing_is_known(void **state)
{
	json_t *value;

	(void)state;
	unlink(sends);
	assert_int_equal(lateness_of(sends, latencies, &value), 0);
	assert_true(json_is_null(value));
}

static void what_is_no_number_is_refused(void **state)
{
	json_t *value;

	(void)state;
	file_write(sends, "sequence,intended_ns,sent_ns\n0,1,2\n1,x\n");
	assert_int_equal(lateness_of(sends, latencies, &value), -EBADMSG);
}

static bool noted(int orders, int late)
{
	json_t *value =
		json_pack("{s:i,s:i}", "orders", orders, "orders_late", late);
	bool is = lateness_is_noted(value);

	json_decref(value);
	return is;
}

/* One in a hundred. */
static void many_late_orders_are_noted(void **state)
{
	(void)state;
	assert_true(noted(100, 1));
	assert_false(noted(101, 1));
	assert_true(noted(1, 1));
	assert_false(noted(0, 0));
	assert_false(noted(100, 0));
	assert_false(lateness_is_noted(json_null()));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(orders_that_answer_late_packets_are_counted),
		cmocka_unit_test(early_is_not_late),
		cmocka_unit_test(without_send_times_nothing_is_known),
		cmocka_unit_test(what_is_no_number_is_refused),
		cmocka_unit_test(many_late_orders_are_noted),
	};

	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
