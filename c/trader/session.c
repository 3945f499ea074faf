/* SPDX-License-Identifier: MIT */
#include "trader/session.h"

#define RUN_WITNESSES 2 /* consecutive numbers make a run */
#define END_WITNESSES 3 /* who sends one sends it again */

void session_begin(struct session *session, uint16_t tag, uint32_t jump_max)
{
	*session = (struct session){
		.tag = tag,
		.jump_max = jump_max ? jump_max : SESSION_JUMP_MAX,
		.late_max = SESSION_LATE_MAX,
	};

	if (session->late_max < session->jump_max)
		session->late_max = session->jump_max;
	/* Until ours is seen, untold ones may be ours as well. */
	if (tag)
		session->tag_mask = MARKET_DATA_TAG;
}

/* Is the datagram ours, by its tag? */
static bool tag_weigh(struct session *session, uint16_t flags)
{
	if ((flags & session->tag_mask) == session->tag_bits)
		return true;
	if (market_data_tag(flags) != session->tag)
		return false;
	/* What was untold so far was another's. */
	session->tag_bits = flags & MARKET_DATA_TAG;
	session->started = false;
	session->witnesses = 0;
	return true;
}

/* It is believed: with what it skips. */
static enum session_verdict believe(struct session *session, uint32_t sequence)
{
	uint32_t ahead = sequence - session->expected;

	/* A session that tells itself begins with 0; of another one nobody
	 * knows what came before. */
	if (!session->started)
		ahead = session->tag_bits ? sequence : 0;
	else if (ahead > INT32_MAX)
		ahead = 0;
	session->lost = ahead;
	session->witnesses = 0;
	return session->started || ahead > 0 ? SESSION_GAP : SESSION_IN_ORDER;
}

enum session_verdict session_look(struct session *session,
				  const struct market_data_header *header,
				  uint32_t beyond)
{
	const uint32_t sequence = header->sequence;
	const uint32_t ahead = sequence - session->expected;
	const bool near = ahead < beyond - session->expected ||
			  sequence - beyond <= session->jump_max;
	const bool end = header->flags & MARKET_DATA_END_OF_FEED;
	const bool end_waits = session->ends_wait && session->tag_bits;

	if (!tag_weigh(session, header->flags))
		return SESSION_FOREIGN;
	/* One that has just told itself begins with 0, whatever was next of
	 * what was untold. */
	if (ahead == 0 && (session->started || !session->tag_bits)) {
		believe(session, sequence);
		return SESSION_IN_ORDER;
	}
	if ((!end || end_waits) && (!session->started || near))
		return believe(session, sequence);
	if (session->started && -ahead <= session->late_max)
		return SESSION_DUPLICATE;
	/* An end that is the first of a session that tells itself. */
	if (!session->started && session->tag_bits)
		return believe(session, sequence);
	if (session->doubted != sequence || session->doubted_end != end)
		session->witnesses = 0;
	session->witnesses++;
	session->doubted = end ? sequence : sequence + 1;
	session->doubted_end = end;
	if (session->witnesses < (end ? END_WITNESSES : RUN_WITNESSES))
		return SESSION_DOUBTED;
	return believe(session, sequence);
}

enum session_verdict session_weigh(struct session *session,
				   const struct market_data_header *header)
{
	enum session_verdict verdict =
		session_look(session, header, session->expected);

	if (verdict == SESSION_IN_ORDER || verdict == SESSION_GAP) {
		session->expected = header->sequence + 1;
		session->started = true;
	}
	return verdict;
}
