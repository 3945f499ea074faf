/* SPDX-License-Identifier: MIT */
#include "exchange/exchange.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/cpu.h"
#include "base/ending.h"
#include "base/log.h"
#include "exchange/feed_summary.h"
#include "exchange/order_log.h"
#include "exchange/session_summary.h"

/* What can't be waited for is looked at again after this long. */
#define LOOK_AGAIN_NS  CLOCK_NS_PER_MS
#define ACCEPT_REST_NS (100 * CLOCK_NS_PER_MS)

enum {
	FD_SIGNALS,
	FD_LISTENER,
	FD_TRADER,
	FD_RETRANSMIT,
	FD_MARKETDATA = FD_RETRANSMIT + RETRANSMIT_FDS,
	FDS = FD_MARKETDATA + MARKETDATA_FDS + ORDER_ENTRY_WAITING_MAX
};

#define FD_WAITING(exchange) \
	(FD_MARKETDATA + 1 + 2 * (exchange)->marketdata.lines)

struct exchange {
	const struct exchange_config *config;
	enum exchange_state state;
	struct order_log log;
	int signals;
	bool stop;
	uint64_t failed;    /* sessions that published nothing or not all */
	bool broken;	    /* this one could not go on with its feed */
	uint64_t accept_ns; /* no accept before: the last one failed */
	FILE *sessions;	    /* NULL: none */
	int sessions_err;

	/* Of a session: */
	uint64_t number;
	uint64_t settle_ns; /* when to open the feed; 0: it was */
	bool leaving;	    /* the trader sends no more; what it sent is read */
	bool stdout_was_full;
	const char *why; /* it ended */
	char why_text[128];
	uint64_t orders, rejects;
	uint64_t refused; /* connections before it */

	struct order_entry_server order_entry;
	struct marketdata_server marketdata;
	struct retransmit_server retransmit;
};

/* Receive once and log all orders in it. As order_entry_server_receive(). */
static int orders_receive(struct exchange *exchange)
{
	struct order_log_record records[ORDER_ENTRY_ORDERS_MAX];
	unsigned int count = 0;
	uint64_t recv_ns;
	int rc = order_entry_server_receive(&exchange->order_entry);

	if (rc <= 0)
		return rc;
	recv_ns = clock_realtime_ns();
	/* More than that are taken the next time. */
	while (count < ORDER_ENTRY_ORDERS_MAX &&
	       (rc = order_entry_server_next(&exchange->order_entry,
					     &records[count].entry)) > 0) {
		exchange->rejects += records[count].entry.fault != NULL;
		exchange->orders += records[count].entry.fault == NULL;
		records[count++].recv_ns = recv_ns;
	}
	order_log_orders(&exchange->log, records, count);
	return rc < 0 ? rc : 1;
}

static bool orders_have_room(const struct exchange *exchange)
{
	return order_log_has_room(&exchange->log, ORDER_ENTRY_ORDERS_MAX);
}

/* A file that takes no more is told once a session. */
static void session_sum_up(struct exchange *exchange)
{
	const struct session_summary summary = {
		.number = exchange->number,
		.peer = exchange->order_entry.peer,
		.why = exchange->why,
		.orders = exchange->orders,
		.rejects = exchange->rejects,
		.refused = exchange->order_entry.refused - exchange->refused,
		.marketdata = &exchange->marketdata,
		.retransmit = &exchange->retransmit,
	};
	int err = 0;

	session_summary_log(&summary);
	if (exchange->sessions)
		err = session_summary_write(&summary, exchange->sessions);
	if (err) {
		log_error("--sessions: %s: %s", exchange->config->sessions,
			  log_strerror(err));
		exchange->sessions_err = err;
	}
}

static void session_begin(struct exchange *exchange)
{
	const struct sockaddr_in trader =
		order_entry_server_trader(&exchange->order_entry);

	exchange->number++;
	exchange->leaving = exchange->broken = false;
	exchange->stdout_was_full = false;
	exchange->orders = exchange->rejects = 0;
	exchange->refused = exchange->order_entry.refused;
	exchange->why = "";
	marketdata_server_forget(&exchange->marketdata);
	exchange->marketdata.session.tag =
		market_data_session_tag(ntohs(trader.sin_port));
	retransmit_server_begin(&exchange->retransmit, &trader);
	exchange->settle_ns = clock_monotonic_ns() +
			      exchange->config->settle_ms * CLOCK_NS_PER_MS + 1;
	log_info("session %" PRIu64 " with %s", exchange->number,
		 exchange->order_entry.peer);
	if (exchange->config->busy != EXCHANGE_QUEUE)
		order_entry_server_refuse_waiting(&exchange->order_entry);
}

static void session_end(struct exchange *exchange)
{
	const struct datagram_source_counts *lines =
		&exchange->marketdata.session.reader.source.counts;

	marketdata_server_stop(&exchange->marketdata);
	retransmit_server_end(&exchange->retransmit);
	/* When the trader is not the one who ended it, it may have sent. */
	if (exchange->state == EXCHANGE_TRANSMIT) {
		order_entry_server_leave(&exchange->order_entry);
		while (orders_have_room(exchange) &&
		       orders_receive(exchange) > 0)
			;
	}
	order_log_session_end(&exchange->log, exchange->order_entry.marks);
	order_entry_server_end(&exchange->order_entry);
	session_sum_up(exchange);
	exchange->failed += feed_summary_failed(lines, exchange->number) ||
			    exchange->broken;
}

static void event_handle(struct exchange *exchange, enum exchange_event event)
{
	enum exchange_state next = exchange_state_next(exchange->state, event);

	if (event == EXCHANGE_END_OF_FEED && exchange->marketdata.session.ended)
		log_info("session %" PRIu64 ": end of the feed",
			 exchange->number);
	if (next == exchange->state)
		return;
	if (next == EXCHANGE_INIT)
		session_end(exchange);
	exchange->state = next;
	/* Before it is said: who answers to that line is not early. */
	if (next == EXCHANGE_TRANSMIT)
		order_entry_server_begin(&exchange->order_entry);
	order_log_state(&exchange->log, exchange->state);
	if (next == EXCHANGE_HANDSHAKE)
		session_begin(exchange);
}

static void trader_gone(struct exchange *exchange, int err)
{
	/* The words may be the channel's, which goes with the session. */
	snprintf(exchange->why_text, sizeof(exchange->why_text), "%s",
		 err == -EPIPE ? "the trader closed the connection"
			       : order_entry_server_reason(
					 &exchange->order_entry, err));
	exchange->why = exchange->why_text;
	event_handle(exchange, EXCHANGE_DISCONNECTED);
}

static void listener_ready(struct exchange *exchange)
{
	int rc;

	if (exchange->state == EXCHANGE_INIT)
		rc = order_entry_server_accept(&exchange->order_entry);
	else if (exchange->config->busy == EXCHANGE_QUEUE)
		rc = order_entry_server_queue(&exchange->order_entry);
	else
		rc = order_entry_server_refuse(&exchange->order_entry);
	if (rc < 0)
		exchange->accept_ns = clock_monotonic_ns() + ACCEPT_REST_NS;
	else if (rc > 0 && exchange->state == EXCHANGE_INIT)
		event_handle(exchange, EXCHANGE_CONNECTED);
}

static void trader_ready(struct exchange *exchange, short revents)
{
	bool gone = revents & (POLLRDHUP | POLLHUP | POLLERR);
	int rc;

	if (revents & POLLOUT)
		order_entry_server_send(&exchange->order_entry);
	if (exchange->state != EXCHANGE_TRANSMIT) {
		if (gone)
			trader_gone(exchange, order_entry_server_fault(
						      &exchange->order_entry));
		return;
	}
	if (gone && !exchange->leaving) {
		exchange->leaving = true;
		marketdata_server_stop(&exchange->marketdata);
	}
	do {
		if (!orders_have_room(exchange))
			return;
		rc = orders_receive(exchange);
		if (rc < 0)
			trader_gone(exchange, rc);
	} while (rc > 0 && exchange->leaving);
}

static void feed_failed(struct exchange *exchange)
{
	exchange->why = "market data failed";
	exchange->broken = true;
	event_handle(exchange, EXCHANGE_FEED_FAILED);
}

/* When a session without orders ends. While stdout has no room orders lie
 * unread, and the trader is not to blame. */
static uint64_t idle_due_ns(struct exchange *exchange)
{
	if (!exchange->config->idle_s || exchange->state != EXCHANGE_TRANSMIT ||
	    exchange->leaving || !orders_have_room(exchange))
		return UINT64_MAX;
	return exchange->order_entry.received_ns +
	       exchange->config->idle_s * CLOCK_NS_PER_S;
}

/* What time has made due, of the order connection and of those who wait. */
static void order_entry_tick(struct exchange *exchange, uint64_t now_ns)
{
	int err = order_entry_server_tick(&exchange->order_entry, now_ns,
					  orders_have_room(exchange));

	if (err)
		trader_gone(exchange, err);
}

/* What time has made due. */
static void time_passed(struct exchange *exchange, uint64_t now_ns)
{
	enum exchange_event event;

	order_entry_tick(exchange, now_ns);
	if (exchange->state == EXCHANGE_INIT || exchange->leaving)
		return;
	if (now_ns >= idle_due_ns(exchange)) {
		exchange->why = "no order came within --idle";
		event_handle(exchange, EXCHANGE_DISCONNECTED);
		return;
	}
	if (exchange->settle_ns) {
		if (now_ns < exchange->settle_ns)
			return;
		exchange->settle_ns = 0;
		if (marketdata_server_start(&exchange->marketdata) < 0) {
			feed_failed(exchange);
			return;
		}
	}
	while (marketdata_server_publish(&exchange->marketdata, now_ns,
					 &event)) {
		if (event == EXCHANGE_FEED_FAILED) {
			feed_failed(exchange);
			return;
		}
		event_handle(exchange, event);
	}
}

/* What to wait for, and until when. */
static uint64_t wait_prepare(struct exchange *exchange,
			     struct pollfd fds[static FDS])
{
	bool init = exchange->state == EXCHANGE_INIT;
	bool room = orders_have_room(exchange);
	uint64_t now_ns = clock_monotonic_ns(), due_ns;

	fds[FD_SIGNALS] =
		(struct pollfd){ .fd = exchange->signals, .events = POLLIN };
	fds[FD_LISTENER] =
		(struct pollfd){ .fd = exchange->order_entry.listener->fd,
				 .events = POLLIN };
	due_ns = order_entry_server_wait(&exchange->order_entry, now_ns,
					 &fds[FD_TRADER]);
	marketdata_server_poll(&exchange->marketdata, &fds[FD_MARKETDATA]);
	retransmit_server_poll(&exchange->retransmit, now_ns,
			       &fds[FD_RETRANSMIT]);

	if (init && !order_log_has_room(&exchange->log, 0))
		fds[FD_LISTENER].fd = -1;
	else if (init && order_entry_server_has_ready(&exchange->order_entry))
		due_ns = now_ns;
	order_entry_server_poll(&exchange->order_entry,
				&fds[FD_WAITING(exchange)]);
	if (now_ns < exchange->accept_ns) {
		fds[FD_LISTENER].fd = -1;
		due_ns = exchange->accept_ns;
	}
	if (exchange->state == EXCHANGE_TRANSMIT && room)
		fds[FD_TRADER].events |= POLLIN;
	else if (exchange->leaving)
		fds[FD_TRADER].fd = -1;
	if (!room) {
		if (!exchange->stdout_was_full)
			log_warning("stdout is not read: orders wait in their "
				    "socket");
		exchange->stdout_was_full = true;
		due_ns = now_ns + LOOK_AGAIN_NS;
	}

	if (!init && exchange->settle_ns)
		due_ns = clock_sooner(due_ns, exchange->settle_ns);
	else if (!init && !exchange->leaving)
		due_ns = clock_sooner(
			due_ns, marketdata_server_due(&exchange->marketdata));
	due_ns = clock_sooner(due_ns, idle_due_ns(exchange));
	due_ns = clock_sooner(due_ns,
			      retransmit_server_due(&exchange->retransmit));
	due_ns = clock_sooner(
		due_ns, order_entry_server_due_ns(&exchange->order_entry));
	if (order_entry_server_is_behind(&exchange->order_entry) && room)
		due_ns = now_ns;
	if (due_ns == UINT64_MAX)
		return due_ns;
	return due_ns > now_ns ? due_ns - now_ns : 0;
}

static int turn(struct exchange *exchange)
{
	struct pollfd fds[FDS];
	uint64_t wait_ns = wait_prepare(exchange, fds);
	struct timespec timeout = {
		.tv_sec = (time_t)(wait_ns / CLOCK_NS_PER_S),
		.tv_nsec = (long)(wait_ns % CLOCK_NS_PER_S),
	};
	/* No more of them than there are: RLIMIT_NOFILE bounds it too. */
	int n = ppoll(
		fds, FD_WAITING(exchange) + exchange->order_entry.waiting_count,
		wait_ns == UINT64_MAX ? NULL : &timeout, NULL);
	bool behind;

	if (n < 0 && errno != EINTR) {
		n = -errno;
		log_error("can't wait for events: %s", log_strerror(n));
		return n;
	}
	if (n > 0 && fds[FD_SIGNALS].revents &&
	    ending_came(exchange->signals)) {
		exchange->stop = true;
		return 0;
	}
	behind = order_entry_server_is_behind(&exchange->order_entry);
	if (n > 0 || behind) {
		/* The trader first: who has left is not to keep out others. */
		if (fds[FD_TRADER].revents || behind)
			trader_ready(exchange, fds[FD_TRADER].revents);
		order_entry_server_woken(&exchange->order_entry,
					 &fds[FD_WAITING(exchange)]);
		if (fds[FD_LISTENER].revents)
			listener_ready(exchange);
		marketdata_server_woken(&exchange->marketdata,
					&fds[FD_MARKETDATA]);
	}
	/* Somebody's turn has come, whom no descriptor tells of. */
	if (exchange->state == EXCHANGE_INIT &&
	    order_entry_server_has_ready(&exchange->order_entry) &&
	    order_log_has_room(&exchange->log, 0))
		listener_ready(exchange);
	time_passed(exchange, clock_monotonic_ns());
	retransmit_server_turn(&exchange->retransmit,
			       n > 0 ? &fds[FD_RETRANSMIT] : NULL,
			       clock_monotonic_ns(),
			       marketdata_server_due(&exchange->marketdata));
	return 0;
}

static int thread_place(const struct exchange_config *config)
{
	int err = config->cpu < 0 ? 0 : cpu_pin((unsigned int)config->cpu);

	if (err)
		log_error("--cpu: %d: %s", config->cpu, log_strerror(err));
	cpu_exact_timers();
	return err;
}

static void ready_say(struct exchange *exchange)
{
	const struct exchange_config *config = exchange->config;
	char listen[ADDRESS_TEXT_MAX], text[MARKETDATA_TEXT_MAX];

	log_info("takes orders at %s, publishes %s to %s",
		 address_format(&config->order_entry.listen, listen),
		 config->marketdata.feed,
		 marketdata_text(&config->marketdata, text));
	order_log_state(&exchange->log, exchange->state);
}

static int servers_open(struct exchange *exchange,
			const struct exchange_config *config)
{
	int err = marketdata_server_open(&exchange->marketdata,
					 &config->marketdata);

	if (err)
		return err;
	err = thread_place(config);
	if (!err)
		err = order_entry_server_open(&exchange->order_entry,
					      &config->order_entry);
	if (err)
		goto close_marketdata;
	err = retransmit_server_open(&exchange->retransmit,
				     &config->retransmit);
	if (err)
		goto close_order_entry;
	exchange->marketdata.session.keeper =
		&exchange->retransmit.retransmitter;
	return 0;

close_order_entry:
	order_entry_server_close(&exchange->order_entry);
close_marketdata:
	marketdata_server_close(&exchange->marketdata);
	return err;
}

int exchange_run(const struct exchange_config *config)
{
	/* Its rings stand on cache lines of their own, as calloc(3) has not. */
	struct exchange *exchange =
		aligned_alloc(_Alignof(struct exchange), sizeof(*exchange));
	int err, close_err;

	if (!exchange)
		return -ENOMEM;
	memset(exchange, 0, sizeof(*exchange));
	exchange->config = config;
	err = exchange->signals = ending_open();
	if (err < 0)
		goto free_exchange;
	err = session_summary_open(config->sessions, &exchange->sessions);
	if (err < 0)
		goto close_signals;
	err = order_log_open(&exchange->log);
	if (err)
		goto close_sessions;
	err = servers_open(exchange, config);
	if (err)
		goto close_out;
	if (config->privileges == PRIVILEGES_DROP)
		err = privileges_drop(
			marketdata_server_privileges(&exchange->marketdata));
	if (!err)
		ready_say(exchange);
	while (!err && !exchange->stop)
		err = turn(exchange);
	exchange->why = "the exchange ends";
	event_handle(exchange, EXCHANGE_DISCONNECTED);
	order_entry_server_close(&exchange->order_entry);
	retransmit_server_close(&exchange->retransmit);
	close_err = marketdata_server_close(&exchange->marketdata);
	err = err ? err : close_err;
close_out:
	close_err = order_log_close(&exchange->log);
	err = err ? err : close_err;
	close_err = session_summary_fault(exchange->failed, exchange->number);
	err = err ? err : close_err;
close_sessions:
	err = err ? err : exchange->sessions_err;
	if (exchange->sessions)
		fclose(exchange->sessions);
close_signals:
	close(exchange->signals);
free_exchange:
	free(exchange);
	return err;
}
