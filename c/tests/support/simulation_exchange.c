/* SPDX-License-Identifier: MIT */
#include "tests/support/simulation_exchange.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "exchange/marketdata_burst.h"
#include "tests/support/simulation.h"

#define RING_SIZE    8192 /* a tenth of what a long session has */
#define TRADER_PORT  40000
#define ADDRESS	     0x0a4d0002
#define MEMORY_SMALL 16

static const struct retransmitter_peer trader = { ADDRESS, TRADER_PORT };

static struct {
	struct marketdata_session session;
	struct marketdata_line line[MARKET_DATA_LINES_MAX];
	struct retransmitter small, large;
	uint32_t written;  /* records, the mark of the end among them */
	uint64_t write_ns; /* of the next ones */
	uint64_t line_ns;  /* time of the last, by the feed */
	uint64_t room_ns[MARKET_DATA_LINES_MAX]; /* that was refused */
	uint64_t left[MARKET_DATA_LINES_MAX];
	unsigned int ends[MARKET_DATA_LINES_MAX]; /* to be sent */
} exchange;

void simulation_exchange_open(void)
{
	const struct impairments_config some = { .lose = 1 };

	for (unsigned int i = 0; i < MARKET_DATA_LINES_MAX; i++)
		if (impairments_open(&exchange.line[i].impairments, &some) < 0)
			abort();
	if (retransmitter_open(&exchange.small, MEMORY_SMALL) < 0 ||
	    retransmitter_open(&exchange.large, SIMULATION_SENT_MAX) < 0)
		abort();
}

void simulation_exchange_begin(void)
{
	struct marketdata_session *session = &exchange.session;

	/* A new one: where a datagram lies is the seed's alone. */
	spsc_close(&session->reader.ring);
	if (spsc_open(&session->reader.ring, RING_SIZE) < 0)
		abort();
	session->config = &simulation.config;
	session->tag = simulation.told ? SIMULATION_OURS : 0;
	session->keeper =
		simulation.forgets ? &exchange.small : &exchange.large;
	retransmitter_begin(session->keeper, session->tag, &trader);
	session->publishing = true;
	session->live = session->ended = session->came = false;
	/* Nothing of it is to be told. */
	session->file_pace = (struct file_pace){ .time_told = true,
						 .untimed_told = true,
						 .wait_told = true };
	session->start_ns = 0;
	session->taken = session->reached = spsc_begin(&session->reader.ring);
	exchange.written = 0;
	exchange.write_ns = SIMULATION_US;
	exchange.line_ns = 0;
	for (unsigned int i = 0; i < simulation.lines; i++) {
		struct marketdata_line *line = &exchange.line[i];

		memset(&line->counts, 0, sizeof(line->counts));
		line->number = i;
		impairments_set(&line->impairments,
				&simulation.config.impairments[i]);
		marketdata_burst_start(line, session);
		exchange.left[i] = 0;
		exchange.ends[i] = SIMULATION_ENDS;
	}
}

/* False where the ring has no room. */
static bool record_write(void)
{
	const struct simulation_sent *sent = &simulation.sent[exchange.written];
	const bool is_mark = exchange.written == simulation.count;
	const size_t len =
		is_mark ? 0 : market_data_len(sent->header.message_count);
	struct marketdata_record *record = spsc_reserve(
		&exchange.session.reader.ring, sizeof(*record) + len);

	if (!record)
		return false;
	exchange.line_ns += simulation_below(2 * simulation.pace_ns);
	*record = (struct marketdata_record){
		.time_ns = exchange.line_ns,
		.sequence = sent->header.sequence,
		.flags = is_mark ? MARKETDATA_RECORD_END : 0,
	};
	if (sent->header.flags & MARKET_DATA_SNAPSHOT)
		record->flags |= MARKETDATA_RECORD_SNAPSHOT;
	memcpy(record->bytes, sent->bytes, len);
	spsc_commit(&exchange.session.reader.ring, sizeof(*record) + len);
	exchange.written++;
	return true;
}

static void wait_no_more(void)
{
	for (unsigned int i = 0; i < simulation.lines; i++)
		exchange.line[i].wait_reader = false;
	exchange.session.came = false;
}

/* What the reader's thread does. */
static void records_write(void)
{
	uint64_t count = 1 + simulation_below(SIMULATION_SENT_MAX);

	while (count-- > 0 && exchange.written <= simulation.count)
		if (!record_write())
			break;
	exchange.write_ns =
		exchange.written > simulation.count
			? UINT64_MAX
			: simulation.now_ns + 1 +
				  simulation_below(simulation.read_ns);
	wait_no_more();
}

/* It is what was made, of that number, and leaves. */
static void leave(unsigned int source, const uint8_t *bytes, size_t len)
{
	struct market_data_header header;
	uint8_t made[sizeof(simulation.sent[0].bytes)];
	uint32_t index;

	simulation_check(market_data_decode(bytes, len, &header) == 0,
			 "sends what is no datagram", source);
	index = header.sequence - simulation.base;
	simulation_check(index <= simulation.count, "sends what is not there",
			 header.sequence);
	simulation_check(source != RECOVERY_RETRANSMITTED ||
				 simulation.sent[index].asked,
			 "answers what nobody asked", header.sequence);
	memcpy(made, simulation.sent[index].bytes, sizeof(made));
	if (source == RECOVERY_RETRANSMITTED)
		market_data_write_flags(made, len, header.sequence,
					MARKET_DATA_RETRANSMITTED);
	simulation_check(
		len == market_data_len(
			       simulation.sent[index].header.message_count) &&
			memcmp(made, bytes, len) == 0,
		"sends other bytes", header.sequence);
	simulation_say("sent %u by %u", header.sequence, source);
	simulation_line_send(source, index, header.flags);
}

static void burst_send(unsigned int number)
{
	struct marketdata_line *line = &exchange.line[number];
	unsigned int room = line->burst_count - line->burst_sent;

	if (simulation_chance(simulation.refuse))
		room = (unsigned int)simulation_below(room);
	line->retry_ns = 0;
	for (unsigned int i = 0; i < room; i++) {
		const struct iovec *bytes =
			&line->burst_bytes[line->burst_sent + i];

		leave(number, bytes->iov_base, bytes->iov_len);
		exchange.left[number]++;
		if (number == 0 && simulation_chance(0.02))
			simulation_stranger_send();
	}
	if (room > 0) {
		marketdata_burst_sent(line, room);
		return;
	}
	marketdata_burst_refused(line, &exchange.session,
				 simulation_below(2) ? -EAGAIN : -ENOBUFS,
				 simulation.now_ns);
	exchange.room_ns[number] =
		simulation.now_ns + 1 + simulation_below(50 * SIMULATION_US);
}

static void end_send(unsigned int number)
{
	struct marketdata_line *line = &exchange.line[number];
	uint8_t bytes[MARKET_DATA_DATAGRAM_MAX];
	const size_t len = marketdata_burst_end(line, &exchange.session,
						simulation.now_ns, bytes);

	if (simulation_chance(simulation.refuse)) {
		marketdata_burst_end_refused(line, -ENOBUFS, simulation.now_ns);
		return;
	}
	leave(number, bytes, len);
	exchange.ends[number]--;
}

static uint64_t line_due(unsigned int number)
{
	const struct marketdata_line *line = &exchange.line[number];

	if (exchange.ends[number] == 0)
		return UINT64_MAX;
	return line->wait_room ? exchange.room_ns[number]
			       : marketdata_burst_due(line, &exchange.session);
}

static void line_turn(unsigned int number)
{
	struct marketdata_session *session = &exchange.session;
	struct marketdata_line *line = &exchange.line[number];
	enum exchange_event event;

	line->wait_room = false;
	switch (marketdata_burst_turn(line, session, simulation.now_ns,
				      &event)) {
	case MARKETDATA_REST:
	case MARKETDATA_TELL:
		break;
	case MARKETDATA_SEND:
		burst_send(number);
		break;
	case MARKETDATA_END:
		end_send(number);
		break;
	case MARKETDATA_READ:
		line->wait_reader =
			marketdata_reader_wait(&session->reader, line->at);
		break;
	}
}

static void release(void)
{
	uint64_t least = UINT64_MAX;

	for (unsigned int i = 0; i < simulation.lines; i++)
		if (exchange.line[i].released < least)
			least = exchange.line[i].released;
	spsc_release(&exchange.session.reader.ring, least);
}

uint64_t simulation_exchange_due(void)
{
	uint64_t due_ns =
		clock_sooner(exchange.write_ns,
			     retransmitter_due_ns(exchange.session.keeper));

	for (unsigned int i = 0; i < simulation.lines; i++)
		due_ns = clock_sooner(due_ns, line_due(i));
	return due_ns;
}

void simulation_exchange_turn(void)
{
	const struct retransmitter_answer *answer;

	if (exchange.write_ns <= simulation.now_ns)
		records_write();
	for (unsigned int i = 0; i < simulation.lines; i++)
		if (line_due(i) <= simulation.now_ns)
			line_turn(i);
	release();
	while ((answer = retransmitter_next(exchange.session.keeper,
					    simulation.now_ns))) {
		simulation_check(answer->to.address == ADDRESS,
				 "answers somebody else", answer->to.port);
		if (answer->to.port != TRADER_PORT)
			continue;
		leave(RECOVERY_RETRANSMITTED, answer->bytes, answer->len);
	}
}

/* Of others than the trader, or of another session: to no effect. */
static void strangers_ask(const uint8_t *bytes)
{
	const struct retransmitter_peer other = { ADDRESS + 1, TRADER_PORT };
	struct retransmitter *keeper = exchange.session.keeper;
	uint8_t foreign[RETRANSMIT_REQUEST_LEN + 1] = { 0 };

	retransmit_request_write(
		foreign,
		&(struct retransmit_request){
			.first = simulation.base,
			.count = 1,
			.flags = market_data_tag_flags(SIMULATION_OURS ^ 1) });
	simulation_check(retransmitter_ask(keeper, bytes,
					   RETRANSMIT_REQUEST_LEN,
					   &other) == -EPERM,
			 "heeds a stranger", 0);
	simulation_check(retransmitter_ask(keeper, foreign,
					   RETRANSMIT_REQUEST_LEN,
					   &trader) == -ESTALE,
			 "heeds another session", 0);
	simulation_check(retransmitter_ask(keeper, foreign, sizeof(foreign),
					   &trader) == -EBADMSG,
			 "heeds what is no request", 0);
}

/* Beside the trader, for everything, in its session's name. */
static void others_ask(void)
{
	struct retransmitter_peer other = trader;
	uint8_t bytes[RETRANSMIT_REQUEST_LEN];

	retransmit_request_write(
		bytes,
		&(struct retransmit_request){ .first = simulation.base,
					      .count = UINT16_MAX,
					      .flags = simulation.tag_flags });
	for (unsigned int i = 0; i < 2 * RETRANSMITTER_WAITING_MAX; i++) {
		other.port++;
		retransmitter_ask(exchange.session.keeper, bytes, sizeof(bytes),
				  &other);
	}
}

void simulation_exchange_asked(const struct retransmit_request *request)
{
	struct retransmitter *keeper = exchange.session.keeper;
	uint8_t bytes[RETRANSMIT_REQUEST_LEN];
	unsigned int own;
	int err;

	retransmit_request_write(bytes, request);
	if (simulation_chance(0.1))
		strangers_ask(bytes);
	if (simulation_chance(0.05))
		others_ask();
	own = keeper->queue[RETRANSMITTER_OWN].count;
	err = retransmitter_ask(keeper, bytes, sizeof(bytes), &trader);
	simulation_check(
		err == 0 || err == -EALREADY ||
			(err == -EBUSY && own == RETRANSMITTER_WAITING_MAX),
		"does not heed its trader", request->first);
}

static void line_check(unsigned int number)
{
	const struct marketdata_line *line = &exchange.line[number];
	const struct impairments_counts *counts = &line->impairments.counts;

	simulation_check(line->ended, "a line has not ended", number);
	simulation_check(exchange.left[number] + line->counts.dropped +
					 counts->lost ==
				 simulation.count + counts->duplicated,
			 "what a line sent does not add up", number);
}

void simulation_exchange_end(void)
{
	const struct retransmitter *keeper = exchange.session.keeper;

	simulation_check(exchange.session.ended, "the feed has not ended", 0);
	simulation_check(spsc_used(&exchange.session.reader.ring) == 0,
			 "something is left of the feed", 0);
	simulation_check(keeper->next - simulation.base == simulation.count,
			 "not all is remembered", keeper->next);
	for (unsigned int i = 0; i < simulation.lines; i++)
		line_check(i);
}
