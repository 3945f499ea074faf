/* SPDX-License-Identifier: MIT */
/*
 * Which connection type, by what t2t-tables measured. What is wanted is said in
 * phrases with commas between:
 *
 *	order entry | market data | tick to trade | between servers
 *		what for; one of them is needed
 *	same host | same rack | same datacenter | other datacenter
 *		where the other end is; same rack, if none is said
 *	p50|p90|p99|p99.9 under N ns|us|ms
 *		one way, of a 13-byte message; wire to wire of tick to trade
 *	at least N MB/s|GB/s
 *		one way, while as many come back
 *	encrypted, reliable, standard
 *		standard: a protocol that others speak, too
 *
 * Anything else is refused, with its word.
 */
#ifndef REPORT_ADVISE_H
#define REPORT_ADVISE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "report/tables_raw.h"

enum advise_purpose {
	ADVISE_ORDERS = 1,
	ADVISE_DATA = 2,
	ADVISE_TICK = 4,
	ADVISE_SERVERS = 8,
};

enum advise_place {
	ADVISE_HOST = 1,
	ADVISE_RACK = 2,
	ADVISE_DATACENTER = 4,
	ADVISE_FAR = 8,
};

struct advise_wish {
	enum advise_purpose purpose;
	enum advise_place place;
	const char *percentile; /* "p99", as t2t-echo's JSON has it */
	double under_ns;	/* 0: nothing was said */
	double bytes_per_s;	/* 0 */
	bool encrypted, reliable, standard;
};

#define ADVISE_FAULT_MAX 256

/* 0, or -EINVAL with the word and what is understood in fault. */
int advise_parse(const char *text, struct advise_wish *wish,
		 char fault[static ADVISE_FAULT_MAX]);

/*
 * *advice: a new reference: "pick" (a name, or null: none is shown to do),
 * "reasons" (of each candidate: "name", "holds", "why"), "not_measured". Of
 * those that hold the first, which asks the least of who builds it; where no
 * bound was said the fastest. 0 or -ENOMEM.
 */
int advise_make(const struct tables_raw *raw, const struct advise_wish *wish,
		json_t **advice);

void advise_print(FILE *out, const json_t *advice);

/* All of it: of this folder, or of NULL, which is the newest complete result of
 * make tables in results/; advice gets its name as "result". 0; -EINVAL: the
 * wish is not understood; or another negative errno. All logged. */
int advise_load(const char *folder, const char *text, json_t **advice);

#endif
