/* SPDX-License-Identifier: MIT */
/* What the kernel has made of a path's options, and of too few permissions. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/capability.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "receive/receive_socket.h"
#include "tests/unit/net_support.h"

static struct receive_config config = { .interface = NEAR_NAME };

static int config_open(void **state)
{
	config.group = address_of("239.255.0.1", 12345);
	return rig_open(state);
}

/* What a socket option is on the path's socket. */
static int setting(const char *text, int option)
{
	struct receive *rx;
	int found = -1;
	socklen_t len = sizeof(found);

	assert_int_equal(receive_open(text, &config, &rx), 0);
	assert_int_equal(getsockopt(container_of(rx, struct receive_socket,
						 interface.receive)
					    ->fd,
				    SOL_SOCKET, option, &found, &len),
			 0);
	receive_close(rx);
	return found;
}

/* Else paths that are compared differ in more than their name; this much is
 * more than rmem_max, as most machines have it. */
static void buffer_is_no_smaller_than_spins(void **state)
{
	static const char *const texts[] = { "block:rcvbuf=64m",
					     "mmsg:rcvbuf=64m",
					     "busy:rcvbuf=64m",
					     "packet:rcvbuf=64m" };
	int spin;

	(void)state;
	RIG_NEEDED();
	spin = setting("spin:rcvbuf=64m", SO_RCVBUF);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (setting(texts[i], SO_RCVBUF) != spin)
			fail_msg("%s: less than spin's", texts[i]);
}

static void busy_polls_as_it_was_asked(void **state)
{
	(void)state;
	RIG_NEEDED();
	assert_int_equal(setting("busy", SO_BUSY_POLL), 50);
	assert_int_equal(setting("busy:usec=70", SO_BUSY_POLL), 70);
	assert_int_equal(setting("busy", SO_PREFER_BUSY_POLL), 0);
	assert_int_equal(setting("busy:prefer=on", SO_PREFER_BUSY_POLL), 1);
}

/* The options of the others for what usec and prefer are here: taken, they
 * would be set and then set again. */
static void busy_has_one_option_for_each(void **state)
{
	static const char *const texts[] = { "busy:busy_poll=70",
					     "busy:prefer_busy_poll=on" };

	(void)state;
	RIG_NEEDED();
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct receive *rx;

		assert_int_equal(receive_open(texts[i], &config, &rx), -EINVAL);
	}
}

/* In a child, since what is dropped is gone. True when the path is refused,
 * here or by its probe, and one line names the capability. */
static bool refused_without(int capability, const char *text, int err,
			    const char *name)
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		struct __user_cap_header_struct header = {
			.version = _LINUX_CAPABILITY_VERSION_3,
		};
		struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {
			0
		};
		struct receive *rx;
		int got;

		syscall(SYS_capget, &header, data);
		data[CAP_TO_INDEX(capability)].effective &=
			~CAP_TO_MASK(capability);
		syscall(SYS_capset, &header, data);
		log_catch();
		got = receive_open(text, &config, &rx);
		_exit((got == err || got == -EOPNOTSUPP) &&
				      is_one_line(log_caught(), name)
			      ? 0
			      : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void missing_permission_is_named(void **state)
{
	(void)state;
	RIG_NEEDED();
	assert_true(refused_without(CAP_NET_ADMIN, "busy:budget=9", -EPERM,
				    "CAP_NET_ADMIN"));
	assert_true(refused_without(CAP_NET_ADMIN, "busy:prefer=on", -EPERM,
				    "CAP_NET_ADMIN"));
	assert_true(refused_without(CAP_NET_RAW, "packet", -EOPNOTSUPP,
				    "CAP_NET_RAW"));
	assert_true(refused_without(CAP_NET_RAW, "packet:ring=v3", -EOPNOTSUPP,
				    "CAP_NET_RAW"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(buffer_is_no_smaller_than_spins),
		cmocka_unit_test(busy_polls_as_it_was_asked),
		cmocka_unit_test(busy_has_one_option_for_each),
		cmocka_unit_test(missing_permission_is_named),
	};

	return cmocka_run_group_tests(tests, config_open, rig_close);
}
