/* SPDX-License-Identifier: MIT */
#include "trader/trader_recovery.h"

#include <errno.h>

#include "base/clock.h"
#include "base/log.h"
#include "trader/trader_loop.h"

#define GIVEN_UP_SHOWN 10

/* In the time that there is for an answer a request is made so often, and more
 * often where that is long: what comes meanwhile has to have room. */
#define ASKED_TIMES 4
#define AGAIN_NS    (10 * CLOCK_NS_PER_MS)

const char *const trader_recover_names[] = { "none", "request", NULL };

/* Our own end of the order connection; its address is the kernel's choice where
 * it has no socket for it. */
static struct sockaddr_in own_end(const struct trader *trader)
{
	struct transport *transport = trader->connection.transport;
	struct sockaddr_in own = { .sin_addr.s_addr = INADDR_ANY };
	socklen_t len = sizeof(own);

	if (transport->fd >= 0 &&
	    getsockname(transport->fd, (struct sockaddr *)&own, &len) < 0)
		own.sin_addr.s_addr = INADDR_ANY;
	own.sin_family = AF_INET;
	own.sin_port = htons(transport_port(transport));
	return own;
}

static struct sockaddr_in retransmitter(const struct trader_config *config)
{
	struct sockaddr_in from = config->recover_from;

	if (!from.sin_port) {
		from = config->connect;
		from.sin_port = htons(ntohs(from.sin_port) + 1);
	}
	return from;
}

int trader_recovery_open(struct trader *trader)
{
	const struct trader_config *config = trader->config;
	const uint64_t give_up_ns = config->recover_ms * CLOCK_NS_PER_MS;
	const struct recovery_config wanted = {
		.lines = trader_lines(config),
		.requests = config->recover == TRADER_RECOVER_REQUEST,
		.give_up_ns = give_up_ns,
		.again_ns = clock_sooner(give_up_ns / ASKED_TIMES, AGAIN_NS),
		.jump_max = config->jump_max,
	};
	int err = recovery_open(&trader->recovery, &wanted);

	if (err)
		log_error("no memory for datagrams that wait for their turn");
	return err;
}

int trader_recovery_begin(struct trader *trader, uint16_t tag)
{
	const struct sockaddr_in from = retransmitter(trader->config);
	const struct sockaddr_in own = own_end(trader);

	recovery_begin(&trader->recovery, tag);
	if (trader->config->recover != TRADER_RECOVER_REQUEST)
		return 0;
	return sources_answers_open(&trader->sources, &own, &from);
}

void trader_recovery_close(struct trader *trader)
{
	recovery_close(&trader->recovery);
}

__attribute__((cold, noinline)) static void gave_up(
	struct trader *trader, const struct recovery_told *told)
{
	trader_loop_lacks(trader, &trader->recovery.session, told->expected,
			  told->count);
	if (trader->given_up_told < GIVEN_UP_SHOWN)
		log_warning("%u datagrams from number %u on did not come in "
			    "time: given up",
			    told->count, told->expected);
	if (++trader->given_up_told == GIVEN_UP_SHOWN)
		log_warning("what else is given up is only counted");
	if (trader->sources.answers >= 0)
		sources_ask(&trader->sources, &told->request);
}

static void event_handle(struct trader *trader, enum recovery_event event,
			 const struct recovery_told *told)
{
	switch (event) {
	case RECOVERY_NOTHING:
		break;
	case RECOVERY_GAP:
		trader_loop_gap(trader, told->expected, told->got);
		break;
	case RECOVERY_REQUEST:
		sources_ask(&trader->sources, &told->request);
		break;
	case RECOVERY_GAVE_UP:
		gave_up(trader, told);
		break;
	}
}

/* Behind what came, and when something is due: whose turn it is now, and what
 * there is to tell and to do. 0; 1 at the end of the feed; a negative errno. */
static int follow(struct trader *trader, uint64_t now_ns)
{
	struct recovery *recovery = &trader->recovery;
	const struct recovery_datagram *waited;
	struct recovery_told told;
	enum recovery_event event;

	do {
		while ((waited = recovery_next(recovery))) {
			int err = trader_loop_apply(
				trader, waited->data, &waited->header,
				waited->kernel_ns, waited->user);

			if (err)
				return err;
		}
		event = recovery_event(recovery, now_ns, &told);
		event_handle(trader, event, &told);
	} while (event != RECOVERY_NOTHING);
	return 0;
}

static void verdict_tell(struct trader *trader,
			 const struct market_data_header *header,
			 enum recovery_verdict verdict)
{
	const struct session *session = &trader->recovery.session;

	switch (verdict) {
	case RECOVERY_APPLY:
	case RECOVERY_WAITS:
	case RECOVERY_UNSURE:
		break;
	case RECOVERY_LATE:
		trader->counters.duplicates++;
		break;
	case RECOVERY_FOREIGN:
		trader_loop_passed_over(trader, session, header,
					SESSION_FOREIGN);
		break;
	case RECOVERY_DOUBTED:
		trader_loop_passed_over(trader, session, header,
					SESSION_DOUBTED);
		break;
	}
}

/* Not what is next on a line with nothing missing. As follow(). */
static int datagram_take(struct trader *trader, const struct packet *packet,
			 const struct market_data_header *header,
			 unsigned int source, uint64_t user)
{
	const struct recovery_datagram datagram = {
		.data = packet->data,
		.len = packet->len,
		.source = (uint8_t)source,
		.header = *header,
		.kernel_ns = packet->kernel_ns,
		.user = user,
	};
	const uint64_t now_ns = clock_monotonic_ns();
	enum recovery_verdict verdict =
		recovery_take(&trader->recovery, &datagram, now_ns);
	int err = 0;

	verdict_tell(trader, header, verdict);
	if (verdict == RECOVERY_APPLY)
		err = trader_loop_apply(trader, packet->data, header,
					packet->kernel_ns, user);
	if (!err && trader->recovery.busy)
		err = follow(trader, now_ns);
	return err;
}

/* HOT. As follow(). */
static inline int packet_take(struct trader *trader,
			      const struct packet *packet, unsigned int source,
			      uint64_t user)
{
	struct market_data_header header;

	if (__builtin_expect(
		    market_data_decode(packet->data, packet->len, &header),
		    0)) {
		trader_loop_bad(trader, packet->len);
		return 0;
	}
	switch (recovery_look(&trader->recovery, &header, source)) {
	case RECOVERY_APPLY:
		return trader_loop_apply(trader, packet->data, &header,
					 packet->kernel_ns, user);
	case RECOVERY_LATE: /* the other line's copy of what came */
		trader->counters.duplicates++;
		return 0;
	case RECOVERY_WAITS:
	case RECOVERY_FOREIGN:
	case RECOVERY_DOUBTED:
	case RECOVERY_UNSURE:
		break;
	}
	return datagram_take(trader, packet, &header, source, user);
}

/* HOT. All that a line has now; how many packets, or a negative errno as its
 * poll's. *err as follow(). */
static inline int line_poll(struct trader *trader, unsigned int line, int *err)
{
	struct packet packets[RECEIVE_BURST_MAX];
	const int n = receive_poll(trader->sources.line[line], packets,
				   RECEIVE_BURST_MAX);
	uint64_t user;

	if (n <= 0)
		return n;
	user = clock_counter();
	for (int i = 0; i < n && !*err; i++)
		*err = packet_take(trader, &packets[i], line, user);
	return n;
}

/* From whom they come the kernel has seen to; that they are answers, and of
 * which session, is told by each. As follow(). */
static int answers_poll(struct trader *trader)
{
	const uint16_t tag = trader->recovery.session.tag;
	struct packet packet;
	int err = 0;

	for (int i = 0; i < RECEIVE_BURST_MAX && !err; i++) {
		struct market_data_header header;

		if (!sources_answer(&trader->sources, &packet))
			break;
		if (market_data_decode(packet.data, packet.len, &header) ||
		    !(header.flags & MARKET_DATA_RETRANSMITTED) ||
		    market_data_tag(header.flags) != tag)
			trader->sources.unwelcome++;
		else
			err = datagram_take(trader, &packet, &header,
					    RECOVERY_RETRANSMITTED,
					    clock_counter());
	}
	return err;
}

/* While something is missing: what is due, and what has been answered. As
 * follow(). */
static int missing_look(struct trader *trader, bool answered)
{
	const uint64_t due_ns = recovery_due_ns(&trader->recovery);
	int err = 0;

	if (answered && trader->sources.answers >= 0)
		err = answers_poll(trader);
	if (!err && due_ns != UINT64_MAX) {
		const uint64_t now_ns = clock_monotonic_ns();

		if (now_ns >= due_ns)
			err = follow(trader, now_ns);
	}
	return err;
}

/* Paths in memory are at their end: what is missing never comes. -ESHUTDOWN,
 * or as follow(). */
static int missing_end(struct trader *trader)
{
	int err = 0;

	while (!err && recovery_due_ns(&trader->recovery) != UINT64_MAX)
		err = follow(trader, recovery_due_ns(&trader->recovery));
	return err ? err : -ESHUTDOWN;
}

/* HOT. What may be polled, as sources_wait(): all, where no poll sleeps or
 * there is nothing else to wait for. */
static inline int sources_ready(struct trader *trader)
{
	struct sources *sources = &trader->sources;
	const uint64_t due_ns = recovery_due_ns(&trader->recovery);
	uint64_t timeout_ns = SOURCES_WAIT_NS, now_ns;

	if (!sources->sleeps || (sources->lines == 1 && due_ns == UINT64_MAX))
		return (int)SOURCES_ALL;
	if (due_ns != UINT64_MAX) {
		now_ns = clock_monotonic_ns();
		timeout_ns = due_ns > now_ns ? due_ns - now_ns : 0;
	}
	return sources_wait(sources,
			    due_ns != UINT64_MAX && sources->answers >= 0,
			    timeout_ns);
}

/* HOT. Each line in turn. How many packets; *err as follow(). */
static inline int lines_poll(struct trader *trader, int ready, int *err)
{
	const struct sources *sources = &trader->sources;
	unsigned int ended = 0;
	int count = 0;

	for (unsigned int i = 0; i < sources->lines && !*err; i++) {
		int n = ready & 1 << i ? line_poll(trader, i, err) : 0;

		if (n == -ESHUTDOWN)
			ended++;
		else if (n < 0)
			*err = trader_loop_unreceived(trader, i, n);
		else
			count += n;
	}
	if (ended == sources->lines)
		*err = missing_end(trader);
	return count;
}

/* What each line lacks of the session. The end itself is not waited for by who
 * has it from one of them. */
static int settle(struct trader *trader, int err)
{
	struct recovery *recovery = &trader->recovery;
	const uint32_t end = recovery->session.expected;

	recovery_settle(recovery, err == 1 ? end - 1 : end);
	return err == -ESHUTDOWN ? 1 : err;
}

/* HOT; by itself, so that tests/lint/hot.sh finds what it calls. */
__attribute__((noinline)) int trader_recovery_loop(struct trader *trader)
{
	static const volatile int never;
	const volatile int *stop =
		trader->config->stop ? trader->config->stop : &never;
	const bool sleeps = trader->sources.sleeps;
	const unsigned int idle_limit = sleeps ? 1 : TRADER_LOOP_IDLE_SPINS;
	int err = 0;

	while (!*stop && !err) {
		const int ready = sources_ready(trader);
		int n;

		if (ready < 0) {
			err = trader_loop_unreceived(trader, 0, ready);
			break;
		}
		n = lines_poll(trader, ready, &err);
		if (err)
			break;
		if (recovery_due_ns(&trader->recovery) != UINT64_MAX)
			err = missing_look(trader, ready & SOURCES_ANSWERS);
		if (err)
			break;
		if (n > 0) {
			if (trader_loop_housekeeping_due(trader,
							 clock_counter()))
				err = trader_loop_housekeeping(trader);
		} else if (++trader->idle >= idle_limit) {
			trader->idle = 0;
			if (ready == 0 || trader_loop_housekeeping_due(
						  trader, clock_counter()))
				err = trader_loop_idle(trader);
		}
	}
	return settle(trader, err);
}
