/* SPDX-License-Identifier: MIT */
/* What a FIX session is and where it stands: for order/fix_session and what it
 * is made of. */
#ifndef ORDER_FIX_SESSION_STATE_H
#define ORDER_FIX_SESSION_STATE_H

#include "order/channel.h"
#include "order/fix_store.h"
#include "wire/fix_build.h"
#include "wire/fix_dictionary.h"

#define FIX_SESSION_HELD     8 /* messages that came too early */
#define FIX_SESSION_HELD_LEN 512
#define FIX_SESSION_SCRATCH  1024
#define FIX_NO_TAG	     INT32_MIN /* of a fault that is no field's */

enum fix_session_role {
	FIX_INITIATOR,
	FIX_ACCEPTOR,
	FIX_WITNESS, /* reads what an initiator once sent */
};

enum fix_session_state {
	FIX_SESSION_NEW,       /* no Logon has come */
	FIX_SESSION_LOGGED_ON, /* ... or it has */
	FIX_SESSION_LEAVING,   /* our Logout is out */
	FIX_SESSION_OVER,
};

/* What a message was. */
enum fix_session_event {
	FIX_SESSION_NOTHING,	 /* for the session alone, or nothing at all */
	FIX_SESSION_APPLICATION, /* in its order, checked */
};

struct fix_session;

struct fix_session_config {
	enum fix_session_role role;
	enum fix_version version;
	const char *ours;   /* our CompID */
	const char *peer;   /* the peer's; an acceptor's "": any */
	uint64_t heartbeat; /* HeartBtInt, seconds; 0: none */
	bool reset;	    /* ResetSeqNumFlag */
	bool echo;	    /* orders go both ways */

	/* session->store for session->peer: 0, or a negative errno with
	 * session->why. Called once, at the start or with the Logon. */
	int (*store_open)(struct fix_session *session);
};

struct fix_session_held {
	uint32_t sequence; /* 0: empty */
	uint16_t len;
	uint8_t bytes[FIX_SESSION_HELD_LEN];
};

struct fix_session {
	struct fix_session_config config;
	struct channel_buffer *out;
	struct fix_store_content *store;
	enum fix_session_state state;
	char peer[FIX_COMP_ID_MAX + 1];
	uint64_t wall_ns; /* the caller's: ns since 1970, before each call */

	uint64_t sent_ns;   /* wall_ns of the last message that went out */
	uint64_t tested_ns; /* CLOCK_MONOTONIC: of a TestRequest that is
				  not yet answered; 0: none */
	uint64_t asked_ns;  /* ... of the last ResendRequest */
	unsigned int asked; /* times that the same gap was asked for */
	uint32_t next_in;   /* the number of the peer's next message */
	uint32_t marked;    /* behind the last order, or what is kept */
	uint32_t gap_end;   /* asked for all below it; 0: nothing */
	uint32_t waiting;   /* the first number not yet in `out` */
	uint32_t again, again_end; /* sent before, and asked for */
	uint32_t answered;	   /* a ResendRequest that came too early */
	struct fix_session_held held[FIX_SESSION_HELD];
	bool was_held; /* the message that is taken next */
	uint8_t scratch[FIX_SESSION_SCRATCH];
	const char *why; /* it is over */
	char why_text[160];
};

/* HOT. The number that the peer's next message has; a gap ends with the last
 * message that is missing. */
static inline void fix_session_expect(struct fix_session *session,
				      uint32_t number)
{
	session->next_in = number;
	if (number >= session->gap_end) {
		session->gap_end = 0;
		session->asked = 0;
	}
}

/* HOT. What has come so far is not to come again, unless an order is still to
 * be logged: then that comes first. */
static inline void fix_session_keep(struct fix_session *session)
{
	struct fix_store_content *store = session->store;

	if (!store || fix_store_next_in(store) != session->marked)
		return;
	session->marked = session->next_in;
	__atomic_store_n(&store->received.value,
			 fix_store_received(store, session->next_in),
			 __ATOMIC_RELEASE);
}

/* HOT. Has more come behind the last order, which is still to be logged? */
static inline bool fix_session_is_unkept(const struct fix_session *session)
{
	return session->next_in != session->marked;
}

/* HOT. The last message is an order: its mark is set once it is logged. */
static inline struct channel_mark fix_session_mark(struct fix_session *session)
{
	session->marked = session->next_in;
	return (struct channel_mark){
		.at = &session->store->received,
		.value = fix_store_received(session->store, session->next_in),
	};
}

/* The session is over: whoever has its orders has logged them, or still
 * will. */
static inline void fix_session_settle(struct fix_session *session)
{
	struct channel_mark mark;

	if (!session->store)
		return;
	mark = fix_session_mark(session);
	channel_mark_set(&mark);
}

#endif
