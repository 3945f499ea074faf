/* SPDX-License-Identifier: MIT */
/*
 * feed FILE: from the gzip file to formatted packets, by one thread, to no
 * socket. Prints lines, packets, seconds.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "exchange/datagram_source.h"

static struct datagram_source source;

int main(int argc, char **argv)
{
	struct formatter formatter;
	struct source_datagram datagram;
	uint64_t start_ns = clock_monotonic_ns(), bytes = 0;
	int rc;

	if (argc != 2) {
		fprintf(stderr, "usage: feed FILE\n");
		return 2;
	}
	if (formatter_open("auto", &formatter) < 0 ||
	    datagram_source_open(&source, argv[1], formatter.format) < 0)
		return 1;
	while ((rc = datagram_source_next(&source, &datagram)) > 0)
		bytes += datagram.len;
	printf("lines=%" PRIu64 " packets=%" PRIu64 " bytes=%" PRIu64
	       " bad=%" PRIu64 " seconds=%.6f\n",
	       source.counts.lines, source.counts.datagrams, bytes,
	       source.counts.bad,
	       (double)(clock_monotonic_ns() - start_ns) / 1e9);
	datagram_source_close(&source);
	formatter_close(&formatter);
	return rc < 0;
}
