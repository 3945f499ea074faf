/* SPDX-License-Identifier: MIT */
#include "trader/trader_sessions.h"

#include <errno.h>

#include "base/clock.h"
#include "base/log.h"

/* Between two attempts, doubled each time. While nobody listens at all, an
 * attempt has short ones of its own: socket_connect(). */
#define PAUSE_MIN_NS (50 * CLOCK_NS_PER_MS)
#define PAUSE_MAX_NS CLOCK_NS_PER_S

/* Between two sessions, so that the exchange has seen the first one's end. */
#define BETWEEN_NS (5 * CLOCK_NS_PER_MS)

struct absence {
	uint64_t until_ns; /* CLOCK_MONOTONIC; 0: there was none */
	uint64_t pause_ns; /* before the next attempt */
};

static void absence_begin(struct absence *absence, const struct trader *trader)
{
	const uint64_t patience_ns =
		trader->config->reconnect_s * CLOCK_NS_PER_S;
	const bool heard = trader->counters.packets > trader->before.packets;

	if (absence->until_ns && !heard)
		return;
	absence->until_ns = clock_monotonic_ns() + patience_ns;
	absence->pause_ns = PAUSE_MIN_NS;
}

/* One attempt, behind its pause. As trader_reconnect(). */
static int attempt(struct trader *trader, struct absence *absence)
{
	const uint64_t until_ns = absence->until_ns;
	uint64_t now_ns = clock_monotonic_ns();
	int err;

	if (now_ns >= until_ns) {
		log_error("the exchange has not come back within %llu s "
			  "(--reconnect)",
			  (unsigned long long)trader->config->reconnect_s);
		trader->exchange_gone = false;
		return -ETIMEDOUT;
	}
	err = trader_drain(trader,
			   clock_sooner(absence->pause_ns, until_ns - now_ns));
	absence->pause_ns = clock_sooner(2 * absence->pause_ns, PAUSE_MAX_NS);
	now_ns = clock_sooner(clock_monotonic_ns(), until_ns);
	trader->exchange_gone = false;
	return err ? err
		   : trader_reconnect(trader,
				      (unsigned int)((until_ns - now_ns) /
						     CLOCK_NS_PER_MS));
}

/* 0; -EINTR after a signal; a negative errno, logged. */
static int come_back(struct trader *trader, struct absence *absence)
{
	int err;

	do {
		err = attempt(trader, absence);
	} while (err && trader->exchange_gone);
	return err;
}

/* To the feed's end, or to where the exchange has gone for good. err: of how
 * the session was begun. */
static int trade(struct trader *trader, struct absence *absence, int err)
{
	if (!err)
		err = trader_run(trader);
	while (trader->exchange_gone && trader->config->reconnect_s) {
		log_warning("the exchange is gone: trying to come back for up "
			    "to %llu s",
			    (unsigned long long)trader->config->reconnect_s);
		absence_begin(absence, trader);
		err = come_back(trader, absence);
		if (err)
			break;
		log_warning("a new session with the exchange: all books are "
			    "empty");
		err = trader_run(trader);
	}
	return err;
}

static int begin_again(struct trader *trader)
{
	int err;

	trader_leave(trader);
	err = trader_drain(trader, BETWEEN_NS);
	return err ? err
		   : trader_reconnect(
			     trader,
			     (unsigned int)trader->config->connect_timeout_ms);
}

int trader_sessions(struct trader *trader)
{
	const volatile int *stop = trader->config->stop;
	struct absence absence = { 0 };
	int err = trade(trader, &absence, 0);

	for (uint64_t n = 1; n < trader->config->sessions; n++) {
		if (err || (stop && *stop))
			break;
		err = trade(trader, &absence, begin_again(trader));
	}
	return err == -EINTR ? 0 : err;
}
