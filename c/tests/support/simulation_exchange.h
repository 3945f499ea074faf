/* SPDX-License-Identifier: MIT */
/* The exchange of a simulated session: its own lines, paces, impairments and
 * retransmitter; only clock, sockets and reader's thread are the simulation's.
 */
#ifndef TESTS_SUPPORT_SIMULATION_EXCHANGE_H
#define TESTS_SUPPORT_SIMULATION_EXCHANGE_H

#include <stdint.h>

#include "wire/retransmit.h"

/* Once, and then for each session that simulation_draw() has drawn. */
void simulation_exchange_open(void);
void simulation_exchange_begin(void);

/* When it has something to do; UINT64_MAX: never again. */
uint64_t simulation_exchange_due(void);

/* At simulation.now_ns: do it, and push what comes of it. */
void simulation_exchange_turn(void);

/* A trader's request, or notice, has come. */
void simulation_exchange_asked(const struct retransmit_request *request);

/* All is sent: does what it counted add up? */
void simulation_exchange_end(void);

#endif
