/* SPDX-License-Identifier: MIT */
/* Sessions by a channel over a transport, to the end of their feed, and the
 * oracle's word that each order was right. */
#ifndef TESTS_SUPPORT_ORACLE_CHANNEL_H
#define TESTS_SUPPORT_ORACLE_CHANNEL_H

#include "tests/support/oracle.h"

/* A feed that calls for some hundreds of orders. */
const char *oracle_channel_feed(const struct lab *lab,
				char path[static PATH_MAX]);

/* triggers: how many there must be; 0: those that the feed has, more than a
 * hundred. Skips the test where the transport can't run. */
void oracle_channel_judged(const struct lab *lab, const char *channel,
			   const char *transport, const char *feed,
			   const char *threshold_usd, json_int_t triggers);

/* A trader of the channel has the exchange's feed to its end, whoever else was
 * there; then the exchange ends. */
void oracle_channel_served(const struct lab *lab, struct program *exchange,
			   struct program *trader, const char *channel);

/* Tests of the channel over each transport, "TITLE, orders are right: send";
 * with $T2T_REAL_PATHS (`make test-real`) also on the real file. channel: with
 * options, if it needs any. How many; one channel a program. */
size_t oracle_channel_tests(const struct lab *lab, const char *title,
			    const char *channel, CMFixtureFunction after,
			    struct CMUnitTest *tests);

#endif
