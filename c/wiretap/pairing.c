/* SPDX-License-Identifier: MIT */
#include "wiretap/pairing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PAIRING_WAITING_FIRST 256

static struct pairing_waiting *waiting_find(const struct pairing *pairing,
					    uint64_t number)
{
	return &pairing->waiting[number & (pairing->capacity - 1)];
}

static struct pairing_trigger *pairing_at(const struct pairing *pairing,
					  size_t i)
{
	return &waiting_find(pairing, pairing->first + i)->trigger;
}

static bool same(const struct order *one, const struct order *other)
{
	return memcmp(one, other, sizeof(*one)) == 0;
}

/* FNV-1a, going on from hash. */
static uint64_t hash_order(uint64_t hash, const struct order *order)
{
	const uint8_t *bytes = (const uint8_t *)order;

	for (size_t i = 0; i < sizeof(*order); i++)
		hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
	return hash;
}

#define FNV_START UINT64_C(0xcbf29ce484222325)

static uint64_t hash_name(uint64_t hash, uint32_t sequence)
{
	return (hash ^ sequence) * UINT64_C(0x100000001b3);
}

static struct pairing_bucket *bucket_find(const struct pairing *pairing,
					  const struct order *order)
{
	uint64_t hash = hash_order(FNV_START, order);

	return &pairing->buckets[(hash ^ hash >> 32) & (pairing->capacity - 1)];
}

/* The newest of its bucket. */
static void bucket_add(struct pairing *pairing, uint64_t number)
{
	struct pairing_waiting *waiting = waiting_find(pairing, number);
	struct pairing_bucket *bucket =
		bucket_find(pairing, &waiting->trigger.order);

	waiting->newer = PAIRING_NONE;
	if (bucket->oldest == PAIRING_NONE)
		bucket->oldest = number;
	else
		waiting_find(pairing, bucket->newest)->newer = number;
	bucket->newest = number;
}

/* The oldest of all are the oldest of their buckets. */
static void pairing_drop(struct pairing *pairing, size_t count)
{
	pairing->count -= count;
	for (; count > 0; count--, pairing->first++) {
		struct pairing_waiting *waiting =
			waiting_find(pairing, pairing->first);

		bucket_find(pairing, &waiting->trigger.order)->oldest =
			waiting->newer;
	}
}

static int pairing_resize(struct pairing *pairing, size_t capacity)
{
	struct pairing resized = *pairing;

	resized.capacity = capacity;
	resized.waiting = malloc(capacity * sizeof(*resized.waiting));
	resized.buckets = malloc(capacity * sizeof(*resized.buckets));
	if (!resized.waiting || !resized.buckets) {
		free(resized.waiting);
		free(resized.buckets);
		return -ENOMEM;
	}
	for (size_t i = 0; i < capacity; i++)
		resized.buckets[i].oldest = PAIRING_NONE;
	for (size_t i = 0; i < pairing->count; i++) {
		*waiting_find(&resized, resized.first + i) =
			*waiting_find(pairing, pairing->first + i);
		bucket_add(&resized, resized.first + i);
	}
	free(pairing->waiting);
	free(pairing->buckets);
	*pairing = resized;
	return 0;
}

int pairing_open(struct pairing *pairing, const struct pairing_config *config)
{
	*pairing = (struct pairing){ .config = *config };
	return pairing_resize(pairing, PAIRING_WAITING_FIRST);
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
	fault(pairing, pairing_at(pairing, i), NULL);
	pairing->session.missing++;
	pairing->session.ambiguous_faults +=
		waiting_find(pairing, pairing->first + i)->ambiguous;
}

/* The oldest goes; is_fault: it has no right answer. */
static void pairing_take(struct pairing *pairing, uint64_t now_ns,
			 bool is_fault)
{
	const struct pairing_waiting *oldest =
		waiting_find(pairing, pairing->first);

	pairing->taken[pairing->taken_count++ % PAIRING_TAKEN_MAX] =
		(struct pairing_taken){ .order = oldest->trigger.order,
					.until_ns = now_ns,
					.ambiguous = oldest->ambiguous,
					.fault = is_fault };
	pairing_drop(pairing, 1);
}

/* The next one, from *i on, that no longer waits and is near and equal; NULL:
 * none. */
static struct pairing_taken *taken_next(struct pairing *pairing, size_t *i,
					const struct order *order,
					uint64_t stamp_ns)
{
	while (*i < PAIRING_TAKEN_MAX && *i < pairing->taken_count) {
		struct pairing_taken *taken = &pairing->taken[(*i)++];

		if (same(&taken->order, order) &&
		    (stamp_ns <= taken->until_ns ||
		     stamp_ns - taken->until_ns <= PAIRING_NEAR_NS))
			return taken;
	}
	return NULL;
}

static int pairing_match(struct pairing *pairing,
			 const struct pairing_seen *seen, size_t at)
{
	struct pairing_trigger trigger = *pairing_at(pairing, at);

	for (size_t i = 0; i < at; i++) {
		missing(pairing, 0);
		pairing_take(pairing, seen->stamp_ns, true);
	}
	pairing->session.matched++;
	pairing_take(pairing, seen->stamp_ns, false);
	return pairing->config.matched(pairing->config.context, &trigger,
				       seen->stamp_ns);
}

/* The oldest equal one, or PAIRING_NONE. */
static uint64_t equal_find(struct pairing *pairing, const struct order *order)
{
	uint64_t number = bucket_find(pairing, order)->oldest;

	for (unsigned int i = 0; i < PAIRING_SEARCH_MAX; i++) {
		const struct pairing_waiting *waiting;

		if (number == PAIRING_NONE)
			break;
		waiting = waiting_find(pairing, number);
		pairing->compared++;
		if (same(&waiting->trigger.order, order))
			return number;
		number = waiting->newer;
	}
	return PAIRING_NONE;
}

/* One can't answer what came after it. */
static bool was_there(const struct pairing *pairing,
		      const struct pairing_seen *seen, uint64_t number)
{
	return waiting_find(pairing, number)->trigger.stamp_ns <=
	       seen->stamp_ns;
}

static void pairing_extra(struct pairing *pairing,
			  const struct pairing_seen *seen)
{
	const struct pairing_taken *taken;
	bool ambiguous = false;
	size_t i = 0;

	fault(pairing, NULL, seen);
	pairing->session.extra++;
	pairing->extra_since_data++;
	while ((taken = taken_next(pairing, &i, &seen->order, seen->stamp_ns)))
		ambiguous |= taken->ambiguous;
	pairing->session.ambiguous_faults += ambiguous;
}

/* Of a trigger that waits: how far behind the oldest its datagram was. */
static uint32_t distance(const struct pairing *pairing, uint32_t sequence)
{
	return sequence - pairing_at(pairing, 0)->sequence;
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
		if (distance(pairing, pairing_at(pairing, middle)->sequence) <
		    distance(pairing, seen->sequence))
			low = middle + 1;
		else
			high = middle;
	}
	first = low;
	for (; low < pairing->count && low - first < PAIRING_SEARCH_MAX &&
	       pairing_at(pairing, low)->sequence == seen->sequence;
	     low++)
		if (same(&pairing_at(pairing, low)->order, &seen->order))
			return pairing->first + low;
	return low > first ? pairing->first + first : PAIRING_NONE;
}

/* Those before what it names are missing. */
static int named_compare(struct pairing *pairing,
			 const struct pairing_seen *seen)
{
	uint64_t number = named_find(pairing, seen);

	if (number == PAIRING_NONE || !was_there(pairing, seen, number)) {
		pairing_extra(pairing, seen);
		return 0;
	}
	if (same(&waiting_find(pairing, number)->trigger.order, &seen->order))
		return pairing_match(pairing, seen, number - pairing->first);
	for (size_t i = number - pairing->first; i > 0; i--) {
		missing(pairing, 0);
		pairing_take(pairing, seen->stamp_ns, true);
	}
	fault(pairing, pairing_at(pairing, 0), seen);
	pairing->session.wrong++;
	pairing_take(pairing, seen->stamp_ns, true);
	return 0;
}

static int pairing_compare(struct pairing *pairing,
			   const struct pairing_seen *seen)
{
	uint64_t equal;

	if (seen->named)
		return named_compare(pairing, seen);
	equal = equal_find(pairing, &seen->order);
	if (equal != PAIRING_NONE && was_there(pairing, seen, equal))
		return pairing_match(pairing, seen, equal - pairing->first);
	if (pairing->count == 0 || !was_there(pairing, seen, pairing->first)) {
		pairing_extra(pairing, seen);
		return 0;
	}
	fault(pairing, pairing_at(pairing, 0), seen);
	pairing->session.wrong++;
	pairing->session.ambiguous_faults +=
		waiting_find(pairing, pairing->first)->ambiguous;
	pairing_take(pairing, seen->stamp_ns, true);
	return 0;
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
	struct pairing_waiting *newest =
		waiting_find(pairing, pairing->first + pairing->count - 1);
	struct pairing_taken *taken;
	size_t i = 0;

	if (equal != PAIRING_NONE) {
		mark(pairing, &newest->ambiguous);
		mark(pairing, &waiting_find(pairing, equal)->ambiguous);
	}
	while ((taken = taken_next(pairing, &i, &newest->trigger.order,
				   newest->trigger.stamp_ns))) {
		mark(pairing, &newest->ambiguous);
		pairing->session.ambiguous_faults +=
			taken->fault && !taken->ambiguous;
		mark(pairing, &taken->ambiguous);
	}
}

int pairing_expect(struct pairing *pairing,
		   const struct pairing_trigger *trigger)
{
	uint64_t equal;
	int rc;

	if (pairing->count == PAIRING_WAITING_MAX) {
		missing(pairing, 0);
		pairing_take(pairing, trigger->stamp_ns, true);
	} else if (pairing->count == pairing->capacity) {
		rc = pairing_resize(pairing, pairing->capacity * 2);
		if (rc < 0)
			return rc;
	}
	equal = equal_find(pairing, &trigger->order);
	*waiting_find(pairing, pairing->first + pairing->count) =
		(struct pairing_waiting){ .trigger = *trigger };
	bucket_add(pairing, pairing->first + pairing->count);
	pairing->count++;
	ambiguous_find(pairing, equal);
	pairing->session.triggers++;
	pairing->trigger_hash =
		hash_order(pairing->trigger_hash, &trigger->order);
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
	pairing->order_hash = hash_order(pairing->order_hash, &seen->order);
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

	for (size_t i = 0; i < pairing->count; i++) {
		if (pairing_at(pairing, i)->stamp_ns >= ending->open_since_ns)
			pairing->session.unjudged_triggers++;
		else
			missing(pairing, i);
	}
	pairing_drop(pairing, pairing->count);
	pairing_settle(pairing, ending);
	pairing_add(&pairing->total, &pairing->session);
	pairing->session = (struct pairing_counts){ 0 };
	pairing->trigger_hash = pairing->order_hash = 0;
	pairing->trigger_names = pairing->order_names = 0;
	pairing->extra_since_data = pairing->named = 0;
	pairing->taken_count = 0;
	return rc;
}
