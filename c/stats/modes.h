/* SPDX-License-Identifier: MIT */
/*
 * Do values gather in two places, as where a machine has two states? Müller
 * and Sawitzki's excess mass (JASA 86 (1991), 738-746): by how much two
 * intervals hold more than one does, beyond what a flat density would put
 * there, at the density for which that is most. It is twice the dip of
 * Hartigan and Hartigan (Annals of Statistics 13 (1985), 70-84), and is held
 * against values drawn from a uniform distribution as theirs, by as many
 * simulated samples as it takes (Besag and Clifford, Biometrika 78 (1991),
 * 301-304), from a fixed seed. Of what has one peak it errs in less than it
 * says.
 */
#ifndef STATS_MODES_H
#define STATS_MODES_H

#include <stddef.h>

/* Two groups of five, at least. */
#define MODES_MIN 10

struct modes {
	double dip;
	double p; /* NAN of fewer than MODES_MIN */
	/* The two groups whose values differ least from their own means
	 * (Fisher, JASA 53 (1958), 789-798). */
	double low, high; /* their medians */
	size_t low_count; /* the other one has the rest */
};

/* values: they are sorted. 0 or -ENOMEM. */
int modes_find(double *values, size_t count, struct modes *modes);

/* Hartigan's dip of sorted values alone; NAN when memory ran out or there are
 * fewer than 2. */
double modes_dip(const double *sorted, size_t count);

#endif
