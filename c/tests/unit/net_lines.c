/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "net/address.h"
#include "net/interface.h"
#include "net/lines.h"
#include "tests/support/log_catch.h"

#define A "239.255.0.1:12345"
#define B "239.255.0.2:12345"

struct named {
	const char *groups, *interfaces; /* NULL: no option */
	unsigned int lines;
	const char *first, *second; /* interfaces */
	const char *why;	    /* NULL: they can be */
};

static const struct named all[] = {
	{ A, NULL, 1, "", "", NULL },
	{ A, "x", 1, "x", "x", NULL },
	{ A "," B, NULL, 2, "", "", NULL },
	{ A "," B, "x", 2, "x", "x", NULL },
	{ A "," B, "x,y", 2, "x", "y", NULL },
	{ A "," B, "x,x", 2, "x", "x", NULL },
	{ A "," A, "x,y", 2, "x", "y", NULL },
	{ A ",239.255.0.1:12346", NULL, 2, "", "", NULL },
	{ A, "x,y", 1, "x", "y", "--interface: two of them need two groups" },
	{ A "," A, NULL, 2, "", "", "--group: both lines are one" },
	{ A "," A, "x", 2, "x", "x", "--group: both lines are one" },
	{ A "," A, "x,x", 2, "x", "x", "--group: both lines are one" },
};

struct lines {
	struct sockaddr_in groups[MARKET_DATA_LINES_MAX];
	char interfaces[MARKET_DATA_LINES_MAX][IFNAMSIZ];
};

static void named_check(const struct named *named, const struct lines *lines)
{
	assert_int_equal(lines_count(lines->groups), named->lines);
	assert_string_equal(lines_interface(lines->interfaces, 0),
			    named->first);
	assert_string_equal(lines_interface(lines->interfaces, 1),
			    named->second);
	log_catch();
	assert_int_equal(lines_check(lines->groups, lines->interfaces),
			 named->why ? -EINVAL : 0);
	if (named->why)
		assert_non_null(strstr(log_caught(), named->why));
	else
		assert_string_equal(log_caught(), "");
}

static void test_lines_that_can_be_or_not(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct lines lines = { .interfaces = { "" } };
		const char *why;

		assert_int_equal(
			address_parse_groups(all[i].groups, lines.groups, &why),
			0);
		if (all[i].interfaces)
			assert_int_equal(
				interface_parse_names(all[i].interfaces,
						      lines.interfaces, &why),
				0);
		named_check(&all[i], &lines);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines_that_can_be_or_not),
	};

	return cmocka_run_group_tests_name("net_lines", tests, NULL, NULL);
}
