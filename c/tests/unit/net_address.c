/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "net/address.h"

typedef int parse_function(const char *text, void *target, const char **why);

static void accepts(parse_function *parse, const char *text, const char *wanted)
{
	struct sockaddr_in address;
	char found[ADDRESS_TEXT_MAX];
	const char *why = NULL;

	memset(&address, 0xff, sizeof(address));
	assert_int_equal(parse(text, &address, &why), 0);
	assert_int_equal(address.sin_family, AF_INET);
	assert_string_equal(address_format(&address, found), wanted);
}

/* A target that is refused stays as it was, and why has the word. */
static void refuses(parse_function *parse, const char *text, const char *word)
{
	struct sockaddr_in address, before;
	const char *why = NULL;

	memset(&before, 0x55, sizeof(before));
	address = before;
	assert_int_equal(parse(text, &address, &why), -EINVAL);
	assert_non_null(why);
	if (!strstr(why, word))
		fail_msg("'%s': \"%s\" does not name the %s", text, why, word);
	assert_memory_equal(&address, &before, sizeof(before));
}

static const char *const bad_ports[] = {
	"",	      "0",   "00000", "65536", "99999",	 "100000",
	"4294976308", "-1",  "+80",   " 80",   "80 ",	 "0x50",
	"http",	      "80,", "8.",    "80a",   "000080",
};

static void test_address_and_port(void **state)
{
	(void)state;
	accepts(address_parse, "10.0.0.1:9012", "10.0.0.1:9012");
	accepts(address_parse, "0.0.0.0:1", "0.0.0.0:1");
	accepts(address_parse, "255.255.255.255:65535",
		"255.255.255.255:65535");
	accepts(address_parse, "127.0.0.1:00080", "127.0.0.1:80");
}

static void test_bad_ports(void **state)
{
	char text[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad_ports); i++) {
		snprintf(text, sizeof(text), "10.0.0.1:%s", bad_ports[i]);
		refuses(address_parse, text, "port");
		refuses(address_parse_listen, text, "port");
		refuses(address_parse_listen, text + strlen("10.0.0.1"),
			"port");
		snprintf(text, sizeof(text), "239.255.0.1:%s", bad_ports[i]);
		refuses(address_parse_group, text, "port");
	}
}

static void test_bad_addresses(void **state)
{
	static const char *const texts[] = {
		":9012",	   "10.0.0:9012",   "10.0.0.256:9012",
		"10.0.0.1.2:9012", "10.0.0.01:9",   "exchange:9012",
		"[::1]:9012",	   "::1:9012",	    "10.0.0.1 :9012",
		" 10.0.0.1:9012",  "10.0.0.1:9:12", "1234567890123456789:9012",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		refuses(address_parse, texts[i], "address");
	refuses(address_parse, "10.0.0.1", "PORT");
	refuses(address_parse, "9012", "PORT");
	refuses(address_parse, "", "PORT");
}

static void test_listen_may_leave_the_address_out(void **state)
{
	(void)state;
	accepts(address_parse_listen, "9012", "0.0.0.0:9012");
	accepts(address_parse_listen, ":9012", "0.0.0.0:9012");
	accepts(address_parse_listen, "10.0.0.1:9012", "10.0.0.1:9012");
	refuses(address_parse_listen, "10.0.0.1", "port");
	refuses(address_parse_listen, "exchange:9012", "address");
	refuses(address_parse_listen, "::9012", "address");
}

static void test_groups(void **state)
{
	static const char *const texts[] = {
		"10.0.0.1:12345", "223.255.255.255:12345", "240.0.0.0:12345",
		"0.0.0.0:12345",  "255.255.255.255:12345",
	};

	(void)state;
	accepts(address_parse_group, "239.255.0.1:12345", "239.255.0.1:12345");
	accepts(address_parse_group, "224.0.0.0:1", "224.0.0.0:1");
	accepts(address_parse_group, "239.255.255.255:65535",
		"239.255.255.255:65535");
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		refuses(address_parse_group, texts[i], "multicast");
	refuses(address_parse_group, ":12345", "address");
	refuses(address_parse_group, "239.255.0.1", "PORT");
}

static void test_two_groups(void **state)
{
	static const char *const one_is_none[] = {
		"239.255.0.1:1,10.0.0.1:1",
		"10.0.0.1:1,239.255.0.1:1",
	};
	struct sockaddr_in groups[MARKET_DATA_LINES_MAX],
		before[MARKET_DATA_LINES_MAX];
	const char *why = NULL;
	char text[ADDRESS_TEXT_MAX];

	(void)state;
	memset(groups, 0x55, sizeof(groups));
	assert_int_equal(
		address_parse_groups("239.255.0.1:12345", groups, &why), 0);
	assert_string_equal(address_format(&groups[0], text),
			    "239.255.0.1:12345");
	assert_int_equal(groups[1].sin_port, 0);
	assert_int_equal(
		address_parse_groups("239.255.0.1:12345,224.0.0.2:65535",
				     groups, &why),
		0);
	assert_string_equal(address_format(&groups[0], text),
			    "239.255.0.1:12345");
	assert_string_equal(address_format(&groups[1], text),
			    "224.0.0.2:65535");
	memcpy(before, groups, sizeof(before));
	for (size_t i = 0; i < ARRAY_SIZE(one_is_none); i++) {
		why = NULL;
		assert_int_equal(
			address_parse_groups(one_is_none[i], groups, &why),
			-EINVAL);
		assert_non_null(strstr(why, "multicast"));
	}
	assert_int_equal(address_parse_groups("239.255.0.1:1,", groups, &why),
			 -EINVAL);
	assert_int_equal(address_parse_groups(",239.255.0.1:1", groups, &why),
			 -EINVAL);
	assert_int_equal(address_parse_groups(
				 "239.255.0.1:1,239.255.0.2:1,239.255.0.3:1",
				 groups, &why),
			 -EINVAL);
	assert_memory_equal(groups, before, sizeof(before));
}

static void test_sources(void **state)
{
	static const char *const texts[] = {
		"239.255.0.1",
		"224.0.0.0",
		"255.255.255.255",
		"0.0.0.0",
		"10.0.0.1:5",
		"exchange",
		"",
		"anyone",
	};
	struct in_addr source = { .s_addr = 1 };
	const char *why = NULL;

	(void)state;
	assert_int_equal(address_parse_source("any", &source, &why), 0);
	assert_int_equal(source.s_addr, INADDR_ANY);
	assert_int_equal(address_parse_source("10.0.0.1", &source, &why), 0);
	assert_int_equal(source.s_addr, htonl(0x0a000001));
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		why = NULL;
		assert_int_equal(address_parse_source(texts[i], &source, &why),
				 -EINVAL);
		assert_non_null(strstr(why, "address"));
	}
	assert_int_equal(source.s_addr, htonl(0x0a000001));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_address_and_port),
		cmocka_unit_test(test_bad_ports),
		cmocka_unit_test(test_bad_addresses),
		cmocka_unit_test(test_listen_may_leave_the_address_out),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_two_groups),
		cmocka_unit_test(test_sources),
	};

	return cmocka_run_group_tests_name("net_address", tests, NULL, NULL);
}
