/* SPDX-License-Identifier: MIT */
/* What a campaign's figures are of: orders, wire to wire, or logons. */
#ifndef REPORT_MEASURED_H
#define REPORT_MEASURED_H

#include <jansson.h>
#include <stdbool.h>

struct measured {
	const char *name;    /* the manifest's parameters.measured */
	const char *key;     /* of its figures in an analysis, and of an arm */
	const char *title;   /* as in "p50, wire to wire" */
	const char *from_to; /* between which two frames */
	const char *all;     /* as in "of all orders" */
	bool staged;	     /* the trader's stages are parts of it */
};

/* By its name; no name: of older results, and of orders. NULL: unknown. */
const struct measured *measured_named(const char *name);

/* What the figures of an arm are of, or of nothing at all (NULL). */
const struct measured *measured_of(const json_t *arm);

/* The figures themselves, by percentile; NULL: there are none. */
const json_t *measured_ns(const json_t *arm);

#endif
