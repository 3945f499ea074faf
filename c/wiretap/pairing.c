/* SPDX-License-Identifier: MIT */
#include "wiretap/pairing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "wiretap/pairing_align.h"
#include "wiretap/pairing_waiting.h"

#define PAIRING_WAITING_FIRST 256

static uint64_t hash_name(uint64_t hash, uint32_t sequence)
{
	return (hash ^ sequence) * UINT64_C(0x100000001b3);
}

int pairing_open(struct pairing *pairing, const struct pairing_config *config)
{
	*pairing = (struct pairing){ .config = *config };
	return pairing_waiting_resize(pairing, PAIRING_WAITING_FIRST);
}

void pairing_close(struct pairing *pairing)
{
	free(pairing->waiting);
	free(pairing->buckets);
	*pairing = (struct pairing){ 0 };
}

static void fault(const struct pairing *pairing,
		  const struct pairing_trigger *trigger,
		  const struct pairing_seen *seen)
{
	if (pairing->config.fault)
		pairing->config.fault(pairing->config.context, trigger, seen);
}

/* Number i of those that wait was not answered. */
static void missing(struct pairing *pairing, size_t i)
{
	fault(pairing, pairing_waiting_at(pairing, i), NULL);
	pairing->session.missing++;
	pairing->session.ambiguous_faults +=
		pairing_waiting_find(pairing, pairing->first + i)->ambiguous;
}

/* The oldest goes; is_fault: it has no right answer. */
static void pairing_take(struct pairing *pairing, uint64_t now_ns,
			 bool is_fault)
{
	const struct pairing_waiting *oldest =
		pairing_waiting_find(pairing, pairing->first);

	pairing->taken[pairing->taken_count++ % PAIRING_TAKEN_MAX] =
		(struct pairing_taken){ .order = oldest->trigger.order,
					.until_ns = now_ns,
					.ambiguous = oldest->ambiguous,
					.fault = is_fault };
	pairing_waiting_drop(pairing, 1);
}

/* The next one, from *i on, that no longer waits and is near and equal; NULL:
 * none. */
static struct pairing_taken *taken_next(struct pairing *pairing, size_t *i,
					const struct order *order,
					uint64_t stamp_ns)
{
	while (*i < PAIRING_TAKEN_MAX && *i < pairing->taken_count) {
		struct pairing_taken *taken = &pairing->taken[(*i)++];

		if (pairing_same(&taken->order, order) &&
		    (stamp_ns <= taken->until_ns ||
		     stamp_ns - taken->until_ns <= PAIRING_NEAR_NS))
			return taken;
	}
	return NULL;
}

/* So many of the oldest were not answered, and passed by. */
static void pass_by(struct pairing *pairing, size_t count, uint64_t now_ns)
{
	for (; count > 0; count--) {
		missing(pairing, 0);
		pairing_take(pairing, now_ns, true);
	}
}

/* It answers the oldest. */
static int pairing_match(struct pairing *pairing,
			 const struct pairing_seen *seen)
{
	struct pairing_trigger trigger = *pairing_waiting_at(pairing, 0);

	pairing->session.matched++;
	pairing_take(pairing, seen->stamp_ns, false);
	return pairing->config.matched(pairing->config.context, &trigger,
				       seen->stamp_ns);
}

/* It is the oldest one's answer, and not as it should be. */
static void pairing_wrong(struct pairing *pairing,
			  const struct pairing_seen *seen)
{
	fault(pairing, pairing_waiting_at(pairing, 0), seen);
	pairing->session.wrong++;
	pairing->session.ambiguous_faults +=
		pairing_waiting_find(pairing, pairing->first)->ambiguous;
	pairing_take(pairing, seen->stamp_ns, true);
}

static void pairing_extra(struct pairing *pairing,
			  const struct pairing_seen *seen)
{
	const struct pairing_taken *taken;
	bool ambiguous = false;
	size_t i = 0;

	fault(pairing, NULL, seen);
	pairing->session.extra++;
	pairing->extra_since_data += seen->stamp_ns >= pairing->data_ns;
	while ((taken = taken_next(pairing, &i, &seen->order, seen->stamp_ns)))
		ambiguous |= taken->ambiguous;
	pairing->session.ambiguous_faults += ambiguous;
}

/* Of a trigger that waits: how far behind the oldest its datagram was. */
static uint32_t distance(const struct pairing *pairing, uint32_t sequence)
{
	return sequence - pairing_waiting_at(pairing, 0)->sequence;
}

/* What the order says that it answers: of several triggers of that datagram
 * the first that is equal, else the first; PAIRING_NONE: none waits. */
static uint64_t named_find(struct pairing *pairing,
			   const struct pairing_seen *seen)
{
	size_t low = 0, high = pairing->count, first;

	/* Datagrams are in their order. */
	while (low < high) {
		const size_t middle = (low + high) / 2;

		pairing->compared++;
		if (distance(pairing,
			     pairing_waiting_at(pairing, middle)->sequence) <
		    distance(pairing, seen->sequence))
			low = middle + 1;
		else
			high = middle;
	}
	first = low;
	for (; low < pairing->count && low - first < PAIRING_SEARCH_MAX &&
	       pairing_waiting_at(pairing, low)->sequence == seen->sequence;
	     low++)
		if (pairing_same(&pairing_waiting_at(pairing, low)->order,
				 &seen->order))
			return pairing->first + low;
	return low > first ? pairing->first + first : PAIRING_NONE;
}

/* Those before what it names are missing. */
static int named_compare(struct pairing *pairing,
			 const struct pairing_seen *seen)
{
	uint64_t number = named_find(pairing, seen);

	if (number == PAIRING_NONE ||
	    !pairing_was_there(pairing, seen, number)) {
		pairing_extra(pairing, seen);
		return 0;
	}
	pass_by(pairing, number - pairing->first, seen->stamp_ns);
	if (pairing_same(&pairing_waiting_at(pairing, 0)->order, &seen->order))
		return pairing_match(pairing, seen);
	pairing_wrong(pairing, seen);
	return 0;
}

/* Do what was found of the first that wait and the first that are open, until
 * so many orders are done; triggers behind those go on waiting. 0 or
 * matched()'s error. */
static int moves_do(struct pairing *pairing, const enum pairing_move *moves,
		    size_t orders)
{
	size_t done = 0;
	int rc = 0;

	for (; done < orders && rc == 0; moves++) {
		const struct pairing_seen *seen = &pairing->open[done];

		switch (*moves) {
		case PAIRING_MOVE_MATCHED:
			rc = pairing_match(pairing, seen);
			break;
		case PAIRING_MOVE_WRONG:
			pairing_wrong(pairing, seen);
			break;
		case PAIRING_MOVE_MISSING:
			pass_by(pairing, 1, seen->stamp_ns);
			continue;
		case PAIRING_MOVE_EXTRA:
			pairing_extra(pairing, seen);
			break;
		}
		done++;
	}
	pairing->open_count -= done;
	memmove(pairing->open, pairing->open + done,
		pairing->open_count * sizeof(*pairing->open));
	return rc;
}

/* Explain the open orders by the oldest triggers, and be done with so many
 * orders. 0, -ENOMEM or matched()'s error. */
static int open_settle(struct pairing *pairing, size_t triggers, size_t orders)
{
	enum pairing_move *moves;
	size_t count;
	int rc;

	if (pairing->open_count == 0)
		return 0;
	pairing->compared += triggers * pairing->open_count;
	rc = pairing_align(pairing, triggers, pairing->open_count, &moves,
			   &count);
	if (rc < 0)
		return rc;
	rc = moves_do(pairing, moves, orders);
	free(moves);
	return rc;
}

/* So many of the oldest triggers are looked at where nothing shows how they
 * stand to the orders. */
static size_t open_triggers(const struct pairing *pairing)
{
	return pairing->count < PAIRING_OPEN_TRIGGERS_MAX
		       ? pairing->count
		       : PAIRING_OPEN_TRIGGERS_MAX;
}

/* Be done with all that are open. */
static int open_settle_all(struct pairing *pairing)
{
	return open_settle(pairing, open_triggers(pairing),
			   pairing->open_count);
}

/* Something is at fault: what, the orders behind it tell. */
static int open_add(struct pairing *pairing, const struct pairing_seen *seen)
{
	uint64_t end;
	int rc;

	if (pairing->open_count == PAIRING_OPEN_MAX) {
		rc = open_settle(pairing, open_triggers(pairing),
				 PAIRING_OPEN_MAX / 2);
		if (rc < 0)
			return rc;
	}
	/* Others came between: what was in a row no longer is. */
	pairing->opened += pairing->open_count == 0;
	pairing->open[pairing->open_count++] = *seen;
	pairing->opened++;
	end = pairing_waiting_run(pairing, seen, pairing->opened);
	if (end == PAIRING_NONE)
		return 0;
	return open_settle(pairing, end - pairing->first + 1,
			   pairing->open_count);
}

static int pairing_compare(struct pairing *pairing,
			   const struct pairing_seen *seen)
{
	if (seen->named) {
		int rc = open_settle_all(pairing);

		return rc < 0 ? rc : named_compare(pairing, seen);
	}
	if (pairing->open_count > 0)
		return open_add(pairing, seen);
	if (pairing->count == 0 ||
	    !pairing_was_there(pairing, seen, pairing->first)) {
		pairing_extra(pairing, seen);
		return 0;
	}
	if (pairing_same(&pairing_waiting_at(pairing, 0)->order, &seen->order))
		return pairing_match(pairing, seen);
	return open_add(pairing, seen);
}

/* Compare the orders that were stamped before then. */
static int pairing_catch_up(struct pairing *pairing, uint64_t stamp_ns)
{
	size_t i = 0;
	int rc = 0;

	while (i < pairing->seen_count && rc == 0 &&
	       pairing->seen[i].stamp_ns < stamp_ns)
		rc = pairing_compare(pairing, &pairing->seen[i++]);
	if (i == 0)
		return 0;
	pairing->seen_count -= i;
	memmove(pairing->seen, pairing->seen + i,
		pairing->seen_count * sizeof(*pairing->seen));
	return rc;
}

int pairing_data(struct pairing *pairing, uint64_t stamp_ns)
{
	int rc = pairing_catch_up(pairing, stamp_ns);

	pairing->extra_since_data = 0;
	pairing->data_ns = stamp_ns;
	return rc;
}

static void mark(struct pairing *pairing, bool *ambiguous)
{
	pairing->session.ambiguous += !*ambiguous;
	*ambiguous = true;
}

/* The newest that waits, and those near that equal it. Of several equal ones
 * that wait all but the newest are marked already, or the oldest is alone. */
static void ambiguous_find(struct pairing *pairing, uint64_t equal)
{
	struct pairing_waiting *newest = pairing_waiting_find(
		pairing, pairing->first + pairing->count - 1);
	struct pairing_taken *taken;
	size_t i = 0;

	if (equal != PAIRING_NONE) {
		mark(pairing, &newest->ambiguous);
		mark(pairing, &pairing_waiting_find(pairing, equal)->ambiguous);
	}
	while ((taken = taken_next(pairing, &i, &newest->trigger.order,
				   newest->trigger.stamp_ns))) {
		mark(pairing, &newest->ambiguous);
		pairing->session.ambiguous_faults +=
			taken->fault && !taken->ambiguous;
		mark(pairing, &taken->ambiguous);
	}
}

static int room_make(struct pairing *pairing, uint64_t now_ns)
{
	int rc = 0;

	if (pairing->count == PAIRING_WAITING_MAX)
		rc = open_settle_all(pairing);
	if (rc == 0 && pairing->count == PAIRING_WAITING_MAX)
		pass_by(pairing, 1, now_ns);
	if (rc == 0 && pairing->count == pairing->capacity)
		rc = pairing_waiting_resize(pairing, pairing->capacity * 2);
	return rc;
}

int pairing_expect(struct pairing *pairing,
		   const struct pairing_trigger *trigger)
{
	unsigned int steps = 0;
	uint64_t equal;
	int rc;

	rc = room_make(pairing, trigger->stamp_ns);
	if (rc < 0)
		return rc;
	equal = pairing_waiting_equal(pairing, &trigger->order, &steps);
	pairing_waiting_add(pairing, trigger);
	ambiguous_find(pairing, equal);
	pairing->session.triggers++;
	pairing->trigger_hash =
		pairing_hash(pairing->trigger_hash, &trigger->order);
	pairing->trigger_names =
		hash_name(pairing->trigger_names, trigger->sequence);
	return 0;
}

int pairing_order(struct pairing *pairing, const struct pairing_seen *seen)
{
	int rc = pairing_catch_up(pairing, seen->stamp_ns);

	if (rc == 0 && pairing->seen_count == PAIRING_SEEN_MAX)
		rc = pairing_catch_up(pairing, UINT64_MAX);
	pairing->session.orders++;
	pairing->named += seen->named;
	pairing->order_hash = pairing_hash(pairing->order_hash, &seen->order);
	pairing->order_names = hash_name(pairing->order_names, seen->sequence);
	pairing->seen[pairing->seen_count++] = *seen;
	return rc;
}

static void pairing_take_back(struct pairing_counts *session)
{
	session->unjudged_triggers += session->missing + session->wrong;
	session->unjudged_orders += session->extra + session->wrong;
	session->missing = session->extra = session->wrong = 0;
}

/* The session's faults, as far as the capture is not to blame. */
static void pairing_settle(struct pairing *pairing,
			   const struct pairing_ending *ending)
{
	struct pairing_counts *session = &pairing->session;
	const bool named =
		session->orders > 0 && pairing->named == session->orders;
	uint64_t faults;

	/* What called for them may lie behind the last datagram seen. */
	if (!ending->feed_ended) {
		session->extra -= pairing->extra_since_data;
		session->unjudged_orders += pairing->extra_since_data;
	}
	/* Just the orders called for, in their order, and yet at fault: a
	 * stamp is. */
	if (session->missing + session->extra + session->wrong > 0 &&
	    session->triggers == session->orders &&
	    pairing->trigger_hash == pairing->order_hash &&
	    (!named || pairing->trigger_names == pairing->order_names)) {
		pairing->early_sessions++;
		pairing_take_back(session);
	}
	if (ending->doubtful)
		pairing_take_back(session);
	if (named)
		session->ambiguous = session->ambiguous_faults = 0;
	faults = session->missing + session->extra + session->wrong;
	if (session->ambiguous_faults > faults)
		session->ambiguous_faults = faults;
}

static void pairing_add(struct pairing_counts *total,
			const struct pairing_counts *session)
{
	total->triggers += session->triggers;
	total->orders += session->orders;
	total->matched += session->matched;
	total->missing += session->missing;
	total->extra += session->extra;
	total->wrong += session->wrong;
	total->unjudged_triggers += session->unjudged_triggers;
	total->unjudged_orders += session->unjudged_orders;
	total->ambiguous += session->ambiguous;
	total->ambiguous_faults += session->ambiguous_faults;
}

int pairing_end(struct pairing *pairing, const struct pairing_ending *ending)
{
	/* UINT64_MAX itself is no stamp: they end at INT64_MAX. */
	int rc = pairing_catch_up(pairing, UINT64_MAX);

	if (rc == 0)
		rc = open_settle(pairing, pairing->count, pairing->open_count);
	for (size_t i = 0; i < pairing->count; i++) {
		if (pairing_waiting_at(pairing, i)->stamp_ns >=
		    ending->open_since_ns)
			pairing->session.unjudged_triggers++;
		else
			missing(pairing, i);
	}
	pairing_waiting_drop(pairing, pairing->count);
	pairing_settle(pairing, ending);
	pairing_add(&pairing->total, &pairing->session);
	pairing->session = (struct pairing_counts){ 0 };
	pairing->trigger_hash = pairing->order_hash = 0;
	pairing->trigger_names = pairing->order_names = 0;
	pairing->extra_since_data = pairing->named = 0;
	pairing->taken_count = pairing->open_count = 0;
	pairing->data_ns = 0;
	return rc;
}
