/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "campaign/counters.h"

static const char text[] =
	"Ip: Forwarding InReceives\n"
	"Ip: 2 10\n"
	"Udp: InDatagrams InErrors RcvbufErrors\n"
	"Udp: 12 0 3\n"
	"TcpExt: SyncookiesSent TCPHPAcks\n"
	"TcpExt: 0 7\n"
	"Inter-|   Receive                          |  Transmit\n"
	" face |bytes packets errs drop fifo frame compressed multicast|bytes\n"
	"    lo: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n"
	"trader0: 100 9 0 6 0 0 0 0 50 4 1 2 0 0 0 0\n"
	"NIC statistics:\n"
	"     peer_ifindex: 2\n"
	"     rx_queue_0_drops: 5\n";

static json_t *parsed(const char *what)
{
	FILE *file = fmemopen((char *)(uintptr_t)what, strlen(what), "r");
	json_t *counters;

	assert_non_null(file);
	counters = counters_parse(file);
	fclose(file);
	return counters;
}

static json_int_t counter(const json_t *counters, const char *name)
{
	const json_t *value = json_object_get(counters, name);

	return value ? json_integer_value(value) : -1;
}

static void all_kinds_are_read(void **state)
{
	json_t *counters = parsed(text);

	(void)state;
	assert_int_equal(counter(counters, "Ip.InReceives"), 10);
	assert_int_equal(counter(counters, "Udp.InDatagrams"), 12);
	assert_int_equal(counter(counters, "Udp.RcvbufErrors"), 3);
	assert_int_equal(counter(counters, "TcpExt.TCPHPAcks"), 7);
	assert_int_equal(counter(counters, "trader0.rx_drop"), 6);
	assert_int_equal(counter(counters, "trader0.tx_errs"), 1);
	assert_int_equal(counter(counters, "trader0.tx_drop"), 2);
	assert_int_equal(counter(counters, "lo.rx_errs"), 3);
	assert_int_equal(counter(counters, "nic.rx_queue_0_drops"), 5);
	json_decref(counters);
}

static void odd_text_is_passed_over(void **state)
{
	static const char *const texts[] = {
		"\n",		":",
		"Udp:\nUdp:\n", "Udp: a b\nUdp: 1\n",
		"A: x\nB: 1\n", "     name: word\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		json_t *counters = parsed(texts[i]);

		assert_true(json_object_size(counters) <= 1);
		json_decref(counters);
	}
}

static void zeros_of_both_are_left_out(void **state)
{
	char before[] = "/tmp/t2t-counters-XXXXXX";
	int fd = mkstemp(before);
	json_t *both, *none;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	both = counters_of(before, before);
	assert_int_equal(
		counter(json_object_get(both, "after"), "Udp.InErrors"), -1);
	assert_int_equal(
		counter(json_object_get(both, "before"), "Udp.RcvbufErrors"),
		3);
	unlink(before);
	none = counters_of(before, before);
	assert_true(json_is_null(none));
	json_decref(none);
	json_decref(both);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_kinds_are_read),
		cmocka_unit_test(odd_text_is_passed_over),
		cmocka_unit_test(zeros_of_both_are_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
