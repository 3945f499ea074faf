/* SPDX-License-Identifier: MIT */
/*
 * How much later than intended the exchange sent: of all datagrams, and of
 * those that orders answer. What leaves late comes in a burst with others, and
 * its answer is not that of a quiet moment.
 */
#ifndef STATS_LATENESS_H
#define STATS_LATENESS_H

#include <jansson.h>
#include <stdbool.h>

/* An order that answers a datagram this late, or more, is counted. */
#define LATENESS_NOTED_NS 50000

/*
 * sends: t2t-exchange --send-times; latencies: t2t-wiretap --samples. *value:
 * {"packets", "p50_ns", "p99_ns", "max_ns", "orders", "orders_late",
 * "late_ns"}, a percentile without support being null; or null where there is
 * no file of send times. 0 or a negative errno, logged with file and line.
 */
int lateness_of(const char *sends, const char *latencies, json_t **value);

/* Are so many of a trial's orders late that it is said beside its figures? Of
 * what lateness_of() gave. */
bool lateness_is_noted(const json_t *value);

#endif
