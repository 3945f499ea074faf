/* SPDX-License-Identifier: MIT */
/*
 * The trader: market data in by a receive path, the rule, orders out by a
 * channel and a transport. Which of them is a matter of names.
 */
#ifndef TRADER_TRADER_H
#define TRADER_TRADER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "net/interface.h"
#include "net/lines.h"
#include "order/order_connection.h"
#include "trader/recovery.h"
#include "trader/session.h"
#include "trader/sources.h"
#include "trader/stages.h"
#include "trader/strategy.h"
#include "wire/market_data.h"

/* What a trader does about datagrams that are missing. */
enum trader_recover {
	TRADER_RECOVER_NONE,	/* go on without them */
	TRADER_RECOVER_REQUEST, /* ask the exchange's retransmitter for them */
};
extern const char *const trader_recover_names[]; /* as choices of an option */

struct trader_config {
	const char *receive;   /* "PATH[:key=value,...]" */
	const char *channel;   /* "NAME[:key=value,...]" */
	const char *transport; /* "NAME[:key=value,...]" */
	/* Of the line, or of two that have the same market data; port 0: there
	 * is no second line. An interface for both, where it has none. */
	char interface[MARKET_DATA_LINES_MAX][IFNAMSIZ];
	struct sockaddr_in group[MARKET_DATA_LINES_MAX];
	struct in_addr source; /* of market data, alone; 0.0.0.0: anyone's */
	struct sockaddr_in connect; /* port 0: no exchange; only with a path
				       in memory and transport null */
	uint64_t connect_timeout_ms;
	uint64_t reconnect_s; /* so long it is tried to come back to an exchange
				 that is gone; 0: not at all */
	uint64_t sessions;    /* with an exchange that stays: from one feed's
			      begin to its end, one after the other; 0: 1 */
	struct strategy_config strategy;
	uint32_t jump_max;		 /* as for session_begin() */
	unsigned int recover;		 /* enum trader_recover */
	uint64_t recover_ms;		 /* then what is missing is given up */
	struct sockaddr_in recover_from; /* port 0: connect's, its port + 1 */
	uint64_t inject_delay_ns; /* wait so long before each order: a test of
				     the lab, not of a trader */
	const char *samples;	  /* path; NULL: not kept */
	const volatile int *stop; /* set by a signal: leave soon */
};

struct trader_counters {
	uint64_t packets; /* datagrams with market data, in order or after a
			      gap */
	uint64_t messages;
	uint64_t orders;	 /* handed to the transport whole */
	uint64_t refused;	 /* orders that were not: the peer's window was
				closed */
	uint64_t unacknowledged; /* of the orders, when their session ended */
	uint64_t reconnects;	 /* sessions behind the first one */
	uint64_t gaps;		 /* events */
	uint64_t lost;		 /* datagrams that the gaps skipped, or that
				were given up */
	uint64_t dropped;    /* of those, by the kernel, as it counts them */
	uint64_t duplicates; /* seen before, or too late: not applied */
	uint64_t bad;	     /* datagrams that can't be read */
	uint64_t foreign;    /* of another session: not applied */
	uint64_t doubted;    /* far numbers, ends before the end: not applied */
};

/* Datagrams of a session that the trader went on without. */
struct trader_lacked {
	uint16_t tag;
	uint32_t first, end; /* numbers; end: behind the last */
};

/* Ranges that are kept; of more, counters.lost alone tells. */
#define TRADER_LACKED_MAX 256

struct trader {
	/* What the loop touches first. */
	struct sources sources;
	struct order_connection connection;
	struct session session;	  /* of one line without recovery */
	struct recovery recovery; /* of all else */
	struct strategy strategy;
	struct stages stages;
	struct trader_counters counters;
	struct trader_counters before; /* of the sessions before this one */
	uint64_t inject_delay_ns;
	bool window_closed; /* that it was has been said */
	bool exchange_gone; /* the order connection is at its end, and no more
			       than that is wrong */
	bool symbols_told, levels_told; /* that there are too many */
	bool strangers_told;
	unsigned int given_up_told;  /* times */
	unsigned int idle;	     /* empty polls since the clock was read */
	uint64_t looked;	     /* counter: when we looked around last */
	uint64_t housekeeping_ticks; /* so long until the next time */
	uint64_t opened, opened_ns;  /* one instant, on both clocks */
	const struct trader_config *config;
	struct trader_lacked lacked[TRADER_LACKED_MAX];
	unsigned int lacked_count;
};

/* Lines of market data. */
static inline unsigned int trader_lines(const struct trader_config *config)
{
	return lines_count(config->group);
}

/* Does anything wait for its turn, or only in the plain loop's? */
static inline bool trader_recovers(const struct trader_config *config)
{
	return trader_lines(config) > 1 ||
	       config->recover != TRADER_RECOVER_NONE;
}

/* The interface of a line. */
static inline const char *trader_interface(const struct trader_config *config,
					   unsigned int line)
{
	return lines_interface(config->interface, line);
}

/*
 * Join the group, get all memory there is need of, and connect: in this
 * order, since the exchange publishes as soon as it has accepted. 0, or a
 * negative errno, logged; gives everything back on failure.
 */
int trader_open(struct trader *trader, const struct trader_config *config);

/*
 * Trade until the feed's end (0), a signal (0), or a fault (a negative errno,
 * logged). Where the fault is no more than that the exchange went away,
 * trader->exchange_gone says so: trader_reconnect().
 */
int trader_run(struct trader *trader);

/* End the session with the exchange, which may take a next one then. */
void trader_leave(struct trader *trader);

/* Wait for wait_ns, and forget all that comes in meanwhile and was there: it
 * is of the session that is over. 0; -EINTR after a signal; a negative errno,
 * logged. */
int trader_drain(struct trader *trader, uint64_t wait_ns);

/*
 * A new session with the exchange, timeout_ms at most: nothing of the last one
 * is acted on; counters and samples go on, and lines stay open, so that it
 * takes no privileges. 0; -EINTR after a signal; or a negative errno, logged:
 * with trader->exchange_gone where another try may find it there.
 */
int trader_reconnect(struct trader *trader, unsigned int timeout_ms);

/* Closes all; counters and percentiles are gone. 0, or what befell the
 * samples' file. */
int trader_close(struct trader *trader);

#endif
