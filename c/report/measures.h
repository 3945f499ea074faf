/* SPDX-License-Identifier: MIT */
/*
 * What is measured for the tables of connection types: by t2t-tables, which
 * runs each row once a round, and by whoever reads its result. A row whose
 * transport or receive path t2t-probe does not find is left out, with the
 * reason.
 */
#ifndef REPORT_MEASURES_H
#define REPORT_MEASURES_H

#define MEASURES_SCHEMA	    "t2t-tables/1"
#define MEASURES_FILE	    "tables.json" /* of a result's folder */
#define MEASURES_OPERATIONS "operations"  /* their file of a round */

enum measure_kind {
	MEASURE_ECHO,	   /* t2t-echo, a process at each end */
	MEASURE_MANY,	   /* ... as many pairs of them as there are CPUs */
	MEASURE_ARM,	   /* an arm of a campaign of t2t-run */
	MEASURE_OPERATION, /* a call, many times, in t2t-tables itself */
};

struct measure {
	const char *name;
	enum measure_kind kind;
	const char *help; /* in words, for a cell's "how" */
	const char *both; /* options of both ends, blanks between */
	const char *client;
	unsigned int fewer; /* messages by so much; 0: not */
	const char *arm;    /* as t2t-run --arms takes it */
	/* The campaign that the arm is of. */
	const char *campaign;
	/* Of datagrams: the operation that stands for a handshake. */
	const char *opens;
	/* The same without TLS; NULL of what has none. */
	const char *plain;
	/* What of t2t-probe's answer it needs; NULL: nothing. */
	const char *needs_kind, *needs;
	/* Where it can be had otherwise. */
	const char *elsewhere;
};

/* Ends with one without a name. */
extern const struct measure measures[];

/* NULL: there is none. */
const struct measure *measure_find(const char *name);

#endif
