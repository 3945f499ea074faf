/* SPDX-License-Identifier: MIT */
/*
 * What a machine's kernel and NIC have counted: /proc/net/snmp, netstat and
 * dev, and ethtool -S. Taken before and after a trial, never within.
 */
#ifndef CAMPAIGN_COUNTERS_H
#define CAMPAIGN_COUNTERS_H

#include <jansson.h>
#include <stdio.h>

/* What stands in such a text: name -> number, as in "Udp.RcvbufErrors",
 * "trader0.rx_drop", "nic.rx_queue_0_drops". A new reference. */
json_t *counters_parse(FILE *text);

/* {"before": {}, "after": {}}: those that are not zero in one of the two
 * files; null when one is missing. A new reference. */
json_t *counters_of(const char *before, const char *after);

#endif
