/* SPDX-License-Identifier: MIT */
/*
 * A line's own time, as venues and recorders write it:
 *
 *   a number   since 1970, with or without decimals; its size tells the unit:
 *              from 1e17 ns, from 1e14 us, from 1e11 ms, from 1e8 s (each of
 *              them reaches from 1973 to 2286 at least); below, us of a clock
 *              that began elsewhere, as tardis' columns are in us, and no
 *              time at all with decimals
 *   a date     ISO 8601, "2024-08-08T23:54:16.493Z": T or a blank, any number
 *              of decimals, Z or an offset ("+02:00"), UTC without one
 */
#ifndef EXCHANGE_LINE_TIME_H
#define EXCHANGE_LINE_TIME_H

#include <stddef.h>
#include <stdint.h>

/* HOT. ns since 1970; 0 of what is no time. */
uint64_t line_time(const char *text, size_t len);

#endif
