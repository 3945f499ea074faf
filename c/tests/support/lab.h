/* SPDX-License-Identifier: MIT */
/*
 * Where a test of the programs takes place: two private namespaces joined by
 * a veth pair, and a folder for files. The test itself is in the trader's
 * namespace.
 */
#ifndef TESTS_SUPPORT_LAB_H
#define TESTS_SUPPORT_LAB_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <limits.h>

#include "base/mem.h"
#include "tests/support/feed_file.h"
#include "tests/support/listener.h"
#include "tests/support/order_client.h"
#include "tests/support/program.h"
#include "tests/support/sanitizer.h"

#define LAB_EXCHANGE_INTERFACE "exchange0"
#define LAB_TRADER_INTERFACE   "trader0"
#define LAB_EXCHANGE_ADDRESS   "10.77.0.1"
#define LAB_TRADER_ADDRESS     "10.77.0.2"
#define LAB_ORDER_PORT	       9012
#define LAB_GROUP	       "239.255.0.1"
#define LAB_GROUP_PORT	       12345
#define LAB_CONNECT	       LAB_EXCHANGE_ADDRESS ":9012"

/* Long enough for anything that should happen, on a busy machine and under a
 * sanitizer; long enough to believe that something does not happen. */
#define LAB_SOON_MS  60000
#define LAB_QUIET_MS 300

struct lab {
	const char *fault; /* why there are no namespaces; NULL: there are */
	int exchange, trader;
	char folder[32];
	char feed[PATH_MAX]; /* of lab_feed() */
};

/*
 * Make the lab, run the tests ("A.4 a second connect ..."), take it away. Where
 * the lab can't be made, each is skipped by name with the reason. arguments:
 * main()'s; argv[1] is a pattern of names to run. The exit code.
 */
int lab_run(struct lab *lab, const char *name, const struct CMUnitTest *tests,
	    size_t count, int argc, char **argv);

#define LAB_TEST(text, function, after)                                     \
	{                                                                   \
		.name = text, .test_func = function, .teardown_func = after \
	}

/* The path of a file in the lab's folder. */
const char *lab_path(const struct lab *lab, const char *name,
		     char path[static PATH_MAX]);

/* A feed of feed_text_plain(); its path lies in the lab until the next. */
const char *lab_feed(struct lab *lab, unsigned int snapshots,
		     unsigned int updates);

/* A feed by t2t-feedgen, in that file of the lab's folder, whose path it gives
 * back. seed: NULL, or another than its own. */
const char *lab_generated(const struct lab *lab, const char *name,
			  const char *bytes, const char *triggers,
			  const char *seed, char path[static PATH_MAX]);

/* A raw client at the exchange's order port. */
int lab_connect(void);

/* What a test has left of a session: a client (-1: none), a listener and the
 * exchange; safe at any time, as a test's last step. */
void lab_session_end(struct program *exchange, struct listener *listener,
		     int *client);

/* Skip the running test, and say why. Does not return. */
void lab_skip(const char *reason);

/*
 * Start a program there: PROGRAM, then options, the last NULL. The exchange is
 * waited for until it says "state INIT" (and must say so); its --interface and
 * --listen are given already.
 */
void lab_exchange(const struct lab *lab, struct program *program,
		  const char *feed, ...) __attribute__((sentinel));
void lab_exchange_out(const struct lab *lab, struct program *program,
		      enum program_out out, const char *feed, ...)
	__attribute__((sentinel));
/* --connect and --interface are given already. */
void lab_trader(const struct lab *lab, struct program *program, ...)
	__attribute__((sentinel));
/* Capture on the exchange's end, until program_stop(SIGINT). */
void lab_wiretap(const struct lab *lab, struct program *program,
		 const char *path);
/* Any, in a namespace (-1: the test's own). */
void lab_start(struct program *program, int space, const char *name, ...)
	__attribute__((sentinel));
/* The same, to its end: the exit code; -1: it hangs. */
int lab_call(struct program *program, int space, const char *name, ...)
	__attribute__((sentinel));

/* What follows happens there. */
/* Join the two by a veth pair; 0 or a negative errno. Only after the pair
 * there was before is gone. The caller is in the trader's then. */
int lab_link(struct lab *lab);

/* Run "ip ARGUMENTS" there; it must succeed. */
void lab_ip(const struct lab *lab, int space, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

void lab_go_exchange(const struct lab *lab);
void lab_go_trader(const struct lab *lab);

/* The next line of stdout with this prefix; none fails the test. */
const char *lab_line(struct program *program, const char *prefix);

/* Its states so far and next are these, nothing between: "INIT TRANSMIT". */
void lab_states(struct program *program, const char *states);

/* It has so many descriptors open, soon. */
void lab_descriptors(const struct program *program, size_t count);

/* It says so on stderr; if not the test fails. */
void lab_says(struct program *program, const char *text);

/* A number behind "NAME=" in a line; none fails the test. */
long long lab_number(const char *line, const char *name);

#endif
