/* SPDX-License-Identifier: MIT */
#include "net/frame_port.h"

#include "base/clock.h"

#define TURN_MS 1

int frame_port_poll(struct frame_port *carrier, struct pollfd *ready,
		    unsigned int timeout_ms)
{
	const uint64_t end_ns =
		clock_monotonic_ns() + timeout_ms * CLOCK_NS_PER_MS;
	int n;

	if (!carrier)
		return poll(ready, 1, (int)timeout_ms);
	do {
		/* What is wrong with it the next take will tell. */
		(void)carrier->ops->scan(carrier);
		n = poll(ready, 1, timeout_ms ? TURN_MS : 0);
	} while (n == 0 && clock_monotonic_ns() < end_ns);
	return n;
}
