/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>

#include "base/mem.h"
#include "net/network_error.h"

static void each_has_its_kind(void **state)
{
	static const struct {
		int error;
		enum network_error kind;
	} rows[] = {
		{ EAGAIN, NETWORK_BUSY },	{ EINTR, NETWORK_BUSY },
		{ ENOBUFS, NETWORK_BUSY },	{ ENOMEM, NETWORK_BUSY },
		{ ENETDOWN, NETWORK_DOWN },	{ ENETUNREACH, NETWORK_DOWN },
		{ EHOSTUNREACH, NETWORK_DOWN }, { EHOSTDOWN, NETWORK_DOWN },
		{ ECONNREFUSED, NETWORK_DOWN }, { ENODEV, NETWORK_GONE },
		{ ENXIO, NETWORK_GONE },	{ EADDRNOTAVAIL, NETWORK_GONE },
		{ EPERM, NETWORK_STANDS },	{ EBADF, NETWORK_STANDS },
		{ EMSGSIZE, NETWORK_STANDS },	{ EINVAL, NETWORK_STANDS },
		{ EOPNOTSUPP, NETWORK_STANDS }, { 0, NETWORK_STANDS },
		{ ECONNRESET, NETWORK_STANDS },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(network_error(-rows[i].error), rows[i].kind);
		assert_int_equal(network_error_passes(-rows[i].error),
				 rows[i].kind != NETWORK_STANDS);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_has_its_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
