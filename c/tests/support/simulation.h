/* SPDX-License-Identifier: MIT */
/* What is sent in a simulated session, and what becomes of it on its way: all
 * of it drawn from one seed. */
#ifndef TESTS_SUPPORT_SIMULATION_H
#define TESTS_SUPPORT_SIMULATION_H

#include <stdbool.h>
#include <stdint.h>

#include "exchange/marketdata_session.h"
#include "trader/recovery.h"
#include "trader/strategy.h"
#include "wire/retransmit.h"

#define SIMULATION_SENT_MAX	256
#define SIMULATION_ARRIVALS_MAX 16384
#define SIMULATION_OURS		0x5a5
#define SIMULATION_ENDS		3 /* datagrams that say so, of each line */
#define SIMULATION_US		UINT64_C(1000)

/* What arrives: a datagram, or of the trader a notice, which is the witness's
 * to see, or what the exchange is asked. */
enum simulation_kind { DATAGRAM, NOTICE, ASKED };

enum simulation_watcher { TRADER, WITNESS, WATCHERS };

struct simulation_arrival {
	uint64_t at_ns;
	uint32_t order; /* of two at one time */
	uint32_t number;
	uint16_t flags;
	uint8_t source;
	uint8_t watcher;
	uint8_t kind;
	struct retransmit_request request;
};

struct simulation_sent {
	uint8_t bytes[sizeof(struct market_data_header) +
		      2 * sizeof(struct market_data_message)];
	struct market_data_header header;
	uint64_t came_ns;   /* to the trader; UINT64_MAX: not (yet) */
	uint64_t beyond_ns; /* when the first one beyond it did */
	bool applied[WATCHERS], given_up;
	bool asked; /* for, of the retransmitter */
};

/* The way from the exchange; what it does to its lines itself comes before. */
struct simulation_line {
	double lose, twice, delay;
	uint64_t delay_ns, base_ns;
	uint64_t lag_ns; /* from the tap to the trader */
	uint32_t passed; /* index behind the highest that came by it */
};

struct simulation {
	uint64_t seed, random;
	bool verbose, told, requests, lossless;
	bool by_timer; /* without requests: something was given up by it */
	unsigned int lines, count;
	uint32_t base;	 /* the first number */
	uint32_t joined; /* index from which on lines are heard */
	uint16_t tag_flags;
	uint32_t jump_max; /* so far ahead is near */
	uint32_t believed; /* index behind the highest that the trader did */
	bool doubts;	   /* one of ours was doubted */
	uint64_t give_up_ns, again_ns, now_ns;
	/* Of the exchange: */
	struct marketdata_config config;
	bool forgets;	  /* it remembers little */
	uint64_t pace_ns; /* between datagrams, more or less */
	uint64_t read_ns; /* between two times that its reader runs */
	double refuse;	  /* of its sends */
	struct simulation_line line[RECOVERY_SOURCES];
	struct simulation_sent sent[SIMULATION_SENT_MAX + 1];
	struct simulation_arrival heap[SIMULATION_ARRIVALS_MAX];
	uint32_t heap_len, arrivals;
	struct recovery recovery[WATCHERS];
	struct strategy strategy[WATCHERS], model;
	uint64_t orders[WATCHERS], passed_over[WATCHERS], came[WATCHERS];
	uint64_t digest;	 /* of what came, when */
	uint64_t raced;		 /* runs, so far */
	uint32_t next[WATCHERS]; /* index of the next to be applied */
	bool started[WATCHERS];
};

extern struct simulation simulation;

/* Draw what the session is like. */
void simulation_draw(uint64_t seed);

/* So far apart may a watcher see two datagrams, in the other order. */
uint64_t simulation_apart_ns(void);

/* Make the whole feed. */
void simulation_feed_make(void);

/* One datagram, by its index, leaves now, on a line or
 * RECOVERY_RETRANSMITTED. */
void simulation_line_send(unsigned int source, uint32_t index, uint16_t flags);

/* One that is none of ours does. */
void simulation_stranger_send(void);

/* What comes next, and when: a heap. pop() wants one to be there. */
void simulation_push(struct simulation_arrival arrival);
struct simulation_arrival simulation_pop(void);

uint64_t simulation_below(uint64_t bound);
bool simulation_chance(double share);

/* Where it is verbose. */
__attribute__((format(printf, 1, 2))) void simulation_say(const char *format,
							  ...);

/* Or abort, with how to see it again. */
void simulation_check(bool good, const char *what, uint32_t number);

#endif
