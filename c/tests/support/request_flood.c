/* SPDX-License-Identifier: MIT */
#include "tests/support/request_flood.h"

#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "wire/market_data.h"
#include "wire/retransmit.h"

#define FLOOD_S UINT64_C(100000) /* requests a second */

static void flood(int fd, uint16_t tag, uint32_t end)
{
	const uint64_t begin_ns = clock_monotonic_ns();

	for (uint64_t i = 0;; i++) {
		uint8_t bytes[RETRANSMIT_REQUEST_LEN];
		const struct retransmit_request all = {
			.first = (uint32_t)(i % end),
			.count = UINT16_MAX,
			.flags = market_data_tag_flags(tag),
		};

		while ((clock_monotonic_ns() - begin_ns) / 1000 * FLOOD_S /
			       1000000 <
		       i)
			usleep(500);
		retransmit_request_write(bytes, &all);
		send(fd, bytes, i % 10 ? sizeof(bytes) : 3, MSG_DONTWAIT);
	}
}

pid_t request_flood_start(int fd, uint16_t tag, uint32_t end)
{
	const pid_t flooder = fork();

	assert_true(flooder >= 0);
	if (flooder == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		flood(fd, tag, end);
	}
	return flooder;
}

void request_flood_stop(pid_t *flooder)
{
	if (*flooder > 0) {
		kill(*flooder, SIGKILL);
		waitpid(*flooder, NULL, 0);
	}
	*flooder = 0;
}
