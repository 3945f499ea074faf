/* SPDX-License-Identifier: MIT */
/* The client: measures one thing after the other, and keeps what came of it. */
#ifndef ECHO_ECHO_CLIENT_H
#define ECHO_ECHO_CLIENT_H

#include "echo/echo.h"
#include "stats/histogram.h"
#include "stats/percentile.h"

#define ECHO_RESULTS_MAX (2 + 3 * ECHO_SIZES_MAX)

/* One measurement. */
struct echo_result {
	enum echo_measure measure;
	size_t size;	 /* what was asked for; 0: of a handshake */
	size_t payload;	 /* what a message has: whole orders, or size */
	uint32_t orders; /* of a message; 0: it is one message of any length */
	uint64_t sent, received; /* messages; or handshakes */
	uint64_t elapsed_ns;	 /* from the first that left to the last back */
	uint64_t cpu_ns;	 /* of it, what this process was on a CPU */
	uint64_t bytes_out, bytes_in; /* on the connection; of datagrams their
					 payload */
	/* From when it was sent, or should have been (open loop: what waits
	 * for its turn is late), to when it was back. */
	struct percentiles latency_ns;
	struct histogram histogram;
	/* Of the ping-pong: from when it was sent to when the last call that
	 * sent it was back. On a veth pair the receiver's end of the kernel
	 * runs in that call, too. */
	struct percentiles send_ns;
};

struct echo_results {
	struct echo_result all[ECHO_RESULTS_MAX];
	unsigned int count;
};

/* All that the config asks for. 0; -EINTR, silent, when it was told to stop; or
 * another negative errno, logged: *results has what was measured before. */
int echo_client_run(const struct echo_config *config,
		    struct echo_results *results);

#endif
