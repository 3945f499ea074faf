/* SPDX-License-Identifier: MIT */
/* What an analysis is told, and what it finds. */
#ifndef WIRETAP_ANALYSIS_RESULT_H
#define WIRETAP_ANALYSIS_RESULT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "net/address.h"
#include "stats/latencies.h"
#include "trader/recovery.h"
#include "trader/strategy.h"

#define ANALYSIS_VLAN_AUTO  UINT32_MAX
#define ANALYSIS_SOURCE_ANY UINT32_MAX

extern const char *const analysis_recover_names[]; /* an option's choices */
enum analysis_recover { ANALYSIS_RECOVER_NONE, ANALYSIS_RECOVER_REQUEST };

extern const char *const analysis_measure_names[]; /* likewise */
enum analysis_measure { ANALYSIS_MEASURE_ORDERS, ANALYSIS_MEASURE_LOGON };

struct lacked;

struct analysis_config {
	struct strategy_config strategy;
	/* Market data, on one line or two; port 0: there is no second. */
	struct sockaddr_in group[MARKET_DATA_LINES_MAX];
	uint64_t order_port;
	/* What the trader was told: it asks for what is missing, and gives it
	 * up when so much time has passed. */
	unsigned int recover; /* enum analysis_recover */
	uint64_t recover_ms;
	uint64_t retransmit_port; /* 0: order_port + 1 */
	uint32_t jump_max;	  /* as for session_begin() */
	bool impaired; /* the exchange loses and swaps packets on purpose: what
			  is missing it did not send */
	const struct lacked *lacked; /* as if those had not been sent;
						 NULL: all were */
	const char *channel;	     /* the exchange's codec; NULL: raw */
	/* Who sends the market data, in host order; 0: the server of the first
	 * order connection, once one is seen; ANALYSIS_SOURCE_ANY. Datagrams
	 * of others are set aside. */
	uint32_t source;
	/* The network's VLAN, as struct frame has it; ANALYSIS_VLAN_AUTO: the
	 * one of the first order connection. Others' frames are set aside. */
	uint32_t vlan;
	/* Bits per second of the link, to place a message within its frame,
	 * whose stamp is taken to be that of its last byte. 0: a frame's
	 * messages come at one instant. */
	uint64_t line_rate;
	unsigned int measure; /* enum analysis_measure: what the next two are
				 of, orders or logons */
	const char *samples;  /* a CSV file of all of them, or NULL */
	uint64_t warm_up;     /* of them at the beginning: they enter neither
				 samples nor latencies; they are judged */
	bool back_to_back; /* also measure between two sights of a datagram */
};

static inline unsigned int analysis_lines(const struct analysis_config *config)
{
	return config->group[1].sin_port ? 2 : 1;
}

static inline unsigned int analysis_retransmit_port(
	const struct analysis_config *config)
{
	return (unsigned int)(config->retransmit_port ? config->retransmit_port
						      : config->order_port + 1);
}

/* Does the trader wait for what is missing? Else it goes on at once. */
static inline bool analysis_recovers(const struct analysis_config *config)
{
	return config->recover || analysis_lines(config) > 1;
}

/* Is it to be told what was missing, and how it was had? */
static inline bool analysis_tells_missing(const struct analysis_config *config)
{
	return analysis_recovers(config) || config->impaired;
}

/* Of the first faults, for who looks for their cause. */
#define ANALYSIS_FAULTS_MAX 10

enum analysis_fault_kind {
	ANALYSIS_MISSING,
	ANALYSIS_EXTRA,
	ANALYSIS_WRONG_ORDER
};

struct analysis_fault {
	enum analysis_fault_kind kind;
	uint32_t sequence; /* of the datagram that calls for it; not of extra */
	uint64_t trigger_ns; /* its stamp; 0: there is none */
	uint64_t order_ns;   /* of the order; 0: there is none */
	struct order wanted, found;
};

/* Of orders that are wrong: what the trader says that it lacked, and its orders
 * by what it had (wiretap/analysis_rest). */
struct analysis_rest {
	uint64_t lacked; /* datagrams; 0: none, or it was not asked */
	bool known;	 /* what the counts below say holds */
	uint64_t triggers, matched, missing, extra, wrong;
};

struct analysis_result {
	uint64_t frames;
	uint64_t first_stamp_ns, last_stamp_ns;
	/* Frames stamped before their predecessor. A few are usual where
	 * several CPUs stamp; a clock that was set back is not. */
	uint64_t stamps_backwards;
	uint64_t dropped;  /* where it was captured, by its own word */
	uint64_t unsorted; /* stamps too far from their place */
	uint64_t unstamped_frames;
	/* Whole frames of this feed and its orders by another clock than the
	 * first of them. */
	uint64_t mixed_clocks;
	/* The last ones' clock (wire/pcapng_reader.h), market data's and
	 * orders'; PCAPNG_CLOCK_UNTOLD, too, where there are none. */
	uint32_t data_clock, order_clock;
	uint64_t fragments;	   /* of IP: not looked into */
	uint64_t truncated_frames; /* captured in part: not looked into */
	uint64_t malformed_frames;
	/* Of those three, what may bear on an order. */
	uint64_t our_fragments, our_truncated_frames, our_malformed_frames;
	uint64_t unknown_link_frames;
	uint64_t other_frames; /* that are neither UDP nor TCP over IPv4 */
	/* With the group or the order port, in another VLAN. */
	uint64_t other_vlan_frames;
	bool other_vlan_orders; /* so that auto may have chosen wrongly */
	uint32_t vlan;		/* the network's */
	uint64_t merged_frames; /* several datagrams in one, of unknown size */
	uint64_t split_frames;	/* several datagrams in one, taken apart */

	uint64_t sessions;	 /* that published something */
	bool untagged;		 /* market data that name no session came */
	bool joined_mid_session; /* the oracle lacks the books' beginning */
	uint64_t packets; /* of market data, each once, without ends of feed */
	uint64_t messages;
	uint64_t snapshots; /* packets that are */
	uint64_t multi_message_packets;
	uint64_t end_of_feed;
	uint64_t duplicates;
	uint64_t conflicting; /* of those, with other bytes */
	uint64_t reordered;   /* late, and not applied */
	uint64_t strangers;   /* packets of other senders, set aside */
	uint64_t foreign;     /* of no session that was seen, by their tag */
	uint64_t doubted;     /* as trader/session.h doubts; not applied */
	uint64_t gaps;
	/* Of those, which leave open what the trader's books lack: it was not
	 * told on the wire, and the trader does not wait. */
	uint64_t open_gaps;
	uint64_t lost_packets;	/* numbers missing in all gaps, for good */
	uint64_t bad_datagrams; /* to the group, but no market data */
	uint64_t bad_messages;	/* of unknown type or side */
	uint64_t no_opposite;	/* triggers without a level to aggress on */

	/* triggers = matched + missing + wrong + unjudged_triggers,
	 * orders = matched + wrong + extra + unjudged_orders */
	uint64_t triggers; /* orders that the rule calls for */
	uint64_t orders;   /* seen */
	uint64_t matched, missing, extra, wrong;
	/* At fault, but the capture may be to blame. */
	uint64_t unjudged_triggers, unjudged_orders;
	/* Of the triggers those that equal a near one (wiretap/pairing.h), and
	 * the faults among them. */
	uint64_t ambiguous, ambiguous_faults;

	uint64_t connections;
	uint64_t retransmissions;  /* TCP segments seen before */
	uint64_t out_of_order;	   /* TCP segments */
	uint64_t lost_order_bytes; /* sent, but not captured */
	uint64_t partial_orders;
	uint64_t half_orders;		 /* of those, at the capture's end */
	uint64_t unreadable_connections; /* with bytes the channel does not
					    know */
	uint64_t shared_segments;	 /* of several orders with one stamp */
	uint64_t stray_orders; /* of a connection that is not the session's */
	/* Sessions: without an order connection, whose end was not captured,
	 * whose connection's beginning was not, whose orders are right but
	 * for stamps. */
	uint64_t sessions_without_connection, unended_sessions;
	uint64_t guessed_starts, early_sessions;

	/* See analysis_tells_missing(). Requests are the trader's own,
	 * seen. */
	struct recovery_counts recovery;
	struct recovery_line line[RECOVERY_SOURCES];
	uint64_t notices;    /* of what the trader gave up */
	uint64_t beside;     /* requests, notices and answers of others at its
				address, set aside */
	uint64_t unmeasured; /* matched, but it was a timer that let the
				trader go on, and no frame */

	struct analysis_fault faults[ANALYSIS_FAULTS_MAX];
	unsigned int fault_count; /* of them; more are only counted */
	struct analysis_rest rest;

	struct latencies_summary wire_to_wire; /* frame in -> order out */
	/* A session's way: the order connection's SYN -> datagram number 0,
	 * with which the exchange says that it is up. */
	struct latencies_summary logon;
	struct latencies_summary deciding_message; /* of it -> order out */
	struct latencies_summary back_to_back;	   /* first -> second sight */
};

#endif
