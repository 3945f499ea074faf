/* SPDX-License-Identifier: MIT */
#include "wiretap/judge.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "wire/market_data.h"
#include "wire/retransmit.h"
#include "wiretap/analysis_note.h"
#include "wiretap/judge_figures.h"
#include "wiretap/judge_session.h"
#include "wiretap/lacked.h"

/* Of two lines a trader that is held up reads one long before the other. */
#define LINES_APART_NS CLOCK_NS_PER_S
/* What a trader had not read yet waited for it in its sockets; here it waits
 * with what the trader holds: more than 16 MiB of the smallest. */
#define REQUESTS_HELD (1u << 18)

static int judge_matched(void *context, const struct pairing_trigger *trigger,
			 uint64_t order_ns)
{
	struct judge *judge = context;

	if (trigger->by_timer) {
		judge->result->unmeasured++;
		return 0;
	}
	return judge_figures_order(judge, trigger, order_ns);
}

static void judge_fault(void *context, const struct pairing_trigger *trigger,
			const struct pairing_seen *seen)
{
	analysis_note_fault(((struct judge *)context)->result, trigger, seen);
}

static int judge_order(void *context,
		       const struct order_stream_connection *connection,
		       const struct order *order, uint64_t stamp_ns)
{
	const struct channel *channel = connection->channel;
	const struct pairing_seen seen = {
		.order = *order,
		.stamp_ns = stamp_ns,
		.sequence = channel->cause.sequence,
		/* One of a session before may be sent again. */
		.named = channel->cause_known &&
			 channel->cause.tag == market_data_session_tag(
						       connection->client_port),
	};
	struct judge *judge = context;

	if (!judge->connection)
		judge->connection = connection->number;
	if (connection->number != judge->connection) {
		judge->result->stray_orders++;
		judge->doubtful = true;
		return 0;
	}
	return pairing_order(&judge->pairing, &seen);
}

static int judge_seen_again(struct judge *judge, struct sight *first,
			    uint32_t hash, uint64_t stamp_ns)
{
	judge->result->duplicates++;
	if (hash != first->hash) {
		judge->result->conflicting++;
		judge->doubtful = true;
	}
	if (!judge->config->back_to_back || first->again ||
	    stamp_ns < first->stamp_ns)
		return 0;
	first->again = 1;
	return latencies_add(&judge->back_to_back, stamp_ns - first->stamp_ns);
}

/* How long before its frame's last byte a message's last byte came. */
static uint64_t judge_lead_ns(const struct judge *judge, size_t bytes_behind)
{
	if (judge->config->line_rate == 0)
		return 0;
	return bytes_behind * 8 * CLOCK_NS_PER_S / judge->config->line_rate;
}

/* What lets the trader apply a datagram. */
struct judge_release {
	uint64_t stamp_ns;
	bool waited;   /* another frame's coming */
	bool by_timer; /* or none's */
};

static int judge_messages(struct judge *judge, const uint8_t *bytes, size_t len,
			  const struct market_data_header *header,
			  const struct judge_release *release)
{
	bool snapshot = header->flags & MARKET_DATA_SNAPSHOT;
	struct market_data_message message;
	struct pairing_trigger trigger = {
		.sequence = header->sequence,
		.stamp_ns = release->stamp_ns,
		.by_timer = release->by_timer,
	};
	int rc;

	strategy_datagram(&judge->strategy, bytes, header);
	for (unsigned int i = 0; i < header->message_count; i++) {
		message = market_data_read(bytes, i);
		if (!strategy_update(&judge->strategy, &message, snapshot,
				     &trigger.order))
			continue;
		trigger.message_ns = release->stamp_ns;
		if (!release->waited)
			trigger.message_ns -= judge_lead_ns(
				judge, len - market_data_len(i + 1));
		rc = pairing_expect(&judge->pairing, &trigger);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int judge_apply(struct judge *judge, const uint8_t *bytes, size_t len,
		       const struct market_data_header *header,
		       const struct judge_release *release)
{
	struct analysis_result *result = judge->result;

	if (header->flags & MARKET_DATA_END_OF_FEED) {
		result->end_of_feed++;
		judge->feed_ended = true;
	}
	if (header->flags & MARKET_DATA_END_OF_FEED &&
	    header->message_count == 0)
		return 0;
	result->packets++;
	result->messages += header->message_count;
	result->snapshots += (header->flags & MARKET_DATA_SNAPSHOT) != 0;
	result->multi_message_packets += header->message_count > 1;
	return judge_messages(judge, bytes, len, header, release);
}

static void judge_event(struct judge *judge, enum recovery_event event,
			const struct recovery_told *told)
{
	struct analysis_result *result = judge->result;

	switch (event) {
	case RECOVERY_GAP:
		result->gaps++;
		/* What is waited for is told in the end. */
		if (judge->recovery.waits && told->count > 0)
			break;
		result->lost_packets += told->count;
		/* The trader, too, goes on without it. */
		if (judge->config->impaired && told->count > 0)
			break;
		result->open_gaps++;
		judge->doubtful = true;
		break;
	case RECOVERY_GAVE_UP:
		result->lost_packets += told->count;
		break;
	case RECOVERY_REQUEST: /* the trader's own are on the wire */
	case RECOVERY_NOTHING:
		break;
	}
}

/* Whose turn it is now. */
static int judge_go_on(struct judge *judge, uint64_t stamp_ns, bool by_timer)
{
	const struct judge_release release = { .stamp_ns = stamp_ns,
					       .waited = true,
					       .by_timer = by_timer };
	struct recovery *recovery = &judge->recovery;
	const struct recovery_datagram *waited;
	struct recovery_told told;
	enum recovery_event event;
	int rc;

	do {
		while ((waited = recovery_next(recovery))) {
			rc = judge_apply(judge, waited->data, waited->len,
					 &waited->header, &release);
			if (rc < 0)
				return rc;
		}
		event = recovery_event(recovery, stamp_ns, &told);
		judge_event(judge, event, &told);
	} while (event != RECOVERY_NOTHING);
	return 0;
}

/* The time of a frame: what was due before it. */
static int judge_clock(struct judge *judge, uint64_t stamp_ns)
{
	const uint64_t due_ns = recovery_due_ns(&judge->recovery);

	judge->last_ns = stamp_ns;
	if (due_ns == UINT64_MAX || stamp_ns < due_ns)
		return 0;
	return judge_go_on(judge, due_ns, true);
}

/* Of the running session, seen for the first time or (again) not. */
static int judge_take(struct judge *judge,
		      const struct recovery_datagram *datagram,
		      const struct sight *seen, bool again)
{
	const struct judge_release release = { .stamp_ns = seen->stamp_ns };
	struct analysis_result *result = judge->result;
	struct recovery *recovery = &judge->recovery;
	enum recovery_verdict verdict =
		recovery_look(recovery, &datagram->header, datagram->source);
	int rc = 0;

	if (verdict == RECOVERY_UNSURE)
		verdict = recovery_take(recovery, datagram, seen->stamp_ns);
	switch (verdict) {
	case RECOVERY_FOREIGN:
		result->foreign += !again;
		return 0;
	case RECOVERY_DOUBTED:
		result->doubted += !again;
		return 0;
	case RECOVERY_LATE:
		result->reordered += !again;
		judge->doubtful |= !recovery->waits && !judge->config->impaired;
		break;
	case RECOVERY_APPLY:
	case RECOVERY_WAITS:
	case RECOVERY_UNSURE:
		rc = pairing_data(&judge->pairing, seen->stamp_ns);
		break;
	}
	if (rc == 0 && judge->logon_from_ns && !again &&
	    datagram->header.sequence == 0)
		rc = judge_figures_logon(judge, seen->stamp_ns);
	/* What came late, too, comes late but once. */
	if (!again)
		judge->sights[seen->sequence % SIGHTS_MAX] = *seen;
	if (rc == 0 && verdict == RECOVERY_APPLY)
		rc = judge_apply(judge, datagram->data, datagram->len,
				 &datagram->header, &release);
	if (rc == 0 && recovery->busy)
		rc = judge_go_on(judge, seen->stamp_ns, false);
	return rc;
}

/* Of its bytes, but for the flag that it was sent again. */
static uint32_t judge_hash(const struct recovery_datagram *datagram)
{
	struct market_data_header header = datagram->header;

	header.flags &= (uint16_t)~MARKET_DATA_RETRANSMITTED;
	return sight_hash((const uint8_t *)&header, sizeof(header)) ^
	       sight_hash(datagram->data + sizeof(header),
			  datagram->len - sizeof(header));
}

int judge_datagram(struct judge *judge, const uint8_t *bytes, size_t len,
		   unsigned int source, uint64_t stamp_ns)
{
	struct recovery_datagram datagram = {
		.data = bytes,
		.len = (uint32_t)len,
		.source = (uint8_t)source,
	};
	struct sight seen = { .stamp_ns = stamp_ns };
	bool again;
	int rc = judge_clock(judge, stamp_ns);

	if (rc < 0)
		return rc;
	if (market_data_decode(bytes, len, &datagram.header)) {
		judge->result->bad_datagrams++;
		return 0;
	}
	rc = judge_session_find(judge, &datagram.header, stamp_ns, &again);
	if (rc)
		return rc < 0 ? rc : 0;
	if (judge->config->lacked &&
	    lacked_has(judge->config->lacked, &datagram.header))
		return 0;
	seen.session = (uint32_t)judge->result->sessions;
	seen.sequence = datagram.header.sequence & INT32_MAX;
	seen.hash = judge_hash(&datagram);
	if (again) {
		rc = judge_seen_again(
			judge, &judge->sights[seen.sequence % SIGHTS_MAX],
			seen.hash, stamp_ns);
		if (rc < 0 || !judge->recovery.waits)
			return rc;
	}
	return judge_take(judge, &datagram, &seen, again);
}

int judge_request(struct judge *judge, const uint8_t *bytes, size_t len,
		  uint64_t stamp_ns)
{
	struct retransmit_request request;
	int rc = judge_clock(judge, stamp_ns);

	if (rc < 0 || retransmit_request_decode(bytes, len, &request) ||
	    market_data_tag(request.flags) != judge->recovery.session.tag)
		return rc;
	if (request.count > 0) {
		judge->result->recovery.requests++;
		judge->result->recovery.requested += request.count;
		return 0;
	}
	judge->result->notices++;
	recovery_goes_on(&judge->recovery, &request, stamp_ns);
	rc = pairing_data(&judge->pairing, stamp_ns);
	if (rc == 0 && judge->recovery.busy)
		rc = judge_go_on(judge, stamp_ns, true);
	return rc;
}

bool judge_is_trader(struct judge *judge, uint32_t address, uint16_t port)
{
	const struct order_stream_connection *connection =
		order_stream_find(&judge->stream, judge->connection);

	return !connection || (connection->client == address &&
			       connection->client_port == port);
}

int judge_segment(struct judge *judge, const struct frame *frame,
		  uint64_t stamp_ns)
{
	int rc = judge_clock(judge, stamp_ns);

	return rc < 0 ? rc
		      : order_stream_frame(&judge->stream, frame, stamp_ns);
}

void judge_doubt(struct judge *judge)
{
	judge->doubtful = true;
}

/* How what was missing was had. */
static void judge_count_recovery(struct judge *judge)
{
	struct analysis_result *result = judge->result;
	const struct recovery *recovery = &judge->recovery;
	const uint64_t requests = result->recovery.requests;
	const uint64_t requested = result->recovery.requested;

	result->recovery = recovery->counts;
	result->recovery.requests = requests;
	result->recovery.requested = requested;
	memcpy(result->line, recovery->line, sizeof(result->line));
}

static void judge_count(struct judge *judge)
{
	struct analysis_result *result = judge->result;

	result->bad_messages = judge->strategy.bad;
	result->no_opposite = judge->strategy.no_opposite;
	if (analysis_tells_missing(judge->config))
		judge_count_recovery(judge);
	analysis_note_pairing(result, &judge->pairing.total);
	result->early_sessions = judge->pairing.early_sessions;
	analysis_note_stream(result, &judge->stream);
	judge_figures_tell(judge);
}

int judge_end(struct judge *judge)
{
	int rc = judge_session_end(judge), end_rc;

	judge->over = true;
	end_rc = order_stream_end(&judge->stream);
	judge_count(judge);
	return rc < 0 ? rc : end_rc;
}

/* Of who only looks on: what the trader gives up its notices tell, or a timer
 * where it sends none. */
static int judge_open_recovery(struct judge *judge)
{
	const struct analysis_config *config = judge->config;
	const bool requests = config->recover == ANALYSIS_RECOVER_REQUEST;
	const struct recovery_config wanted = {
		.lines = analysis_lines(config),
		.requests = requests,
		.give_up_ns = requests ? UINT64_MAX
				       : config->recover_ms * CLOCK_NS_PER_MS,
		.again_ns = UINT64_MAX,
		.jump_max = config->jump_max,
		.held_max = requests ? REQUESTS_HELD : 0,
		.apart_ns = requests ? 0 : LINES_APART_NS,
	};

	return recovery_open(&judge->recovery, &wanted);
}

static void judge_clear(struct judge *judge)
{
	order_stream_open(&judge->stream,
			  &(struct order_stream_config){
				  .port = (uint16_t)judge->config->order_port,
				  .channel = judge->config->channel,
				  .each = judge_order,
				  .gone = judge_session_gone,
				  .context = judge });
	judge_figures_open(judge);
}

int judge_open(const struct analysis_config *config, FILE *samples,
	       struct analysis_result *result, struct judge **out)
{
	struct judge *judge = calloc(1, sizeof(*judge));

	if (!judge)
		return -ENOMEM;
	judge->config = config;
	judge->samples = samples;
	judge->result = result;
	judge_clear(judge);
	judge->sights = calloc(SIGHTS_MAX, sizeof(*judge->sights));
	if (!judge->sights)
		goto free_judge;
	if (strategy_open(&judge->strategy, &config->strategy) < 0)
		goto free_sights;
	if (pairing_open(&judge->pairing,
			 &(struct pairing_config){ .matched = judge_matched,
						   .fault = judge_fault,
						   .context = judge }) < 0)
		goto close_strategy;
	if (judge_open_recovery(judge) < 0)
		goto close_pairing;
	*out = judge;
	return 0;

close_pairing:
	pairing_close(&judge->pairing);
close_strategy:
	strategy_close(&judge->strategy);
free_sights:
	free(judge->sights);
free_judge:
	free(judge);
	return -ENOMEM;
}

void judge_close(struct judge *judge)
{
	if (!judge)
		return;
	recovery_close(&judge->recovery);
	pairing_close(&judge->pairing);
	strategy_close(&judge->strategy);
	order_stream_close(&judge->stream);
	judge_figures_close(judge);
	free(judge->sights);
	free(judge);
}
