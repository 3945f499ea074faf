/* SPDX-License-Identifier: MIT */
/*
 * Is a value like the one before it? The tests of blocks take them to be
 * independent: where neighbours are alike, so many blocks say less than it
 * seems. By ranks: Bartels' ratio of von Neumann, one-sided, by the beta
 * distribution (Bartels, JASA 77 (1982), 40-46).
 */
#ifndef STATS_SERIAL_H
#define STATS_SERIAL_H

#include <stddef.h>

/* Of fewer the beta distribution is too rough. */
#define SERIAL_MIN 10

struct serial {
	double ratio; /* of von Neumann, of ranks; about 2 without */
	double r;     /* of each rank with the next, roughly: 1 - ratio / 2 */
	double p;     /* NAN of fewer than SERIAL_MIN; 1 where all are one */
};

/* 0 or -ENOMEM. */
int serial_find(const double *values, size_t count, struct serial *serial);

#endif
