/* SPDX-License-Identifier: MIT */
#include "trader/trader_sessions.h"

#include <errno.h>

#include "base/clock.h"
#include "base/log.h"

/* Between two attempts, doubled each time. While nobody listens at all, an
 * attempt has short ones of its own: socket_connect(). */
#define PAUSE_MIN_NS (50 * CLOCK_NS_PER_MS)
#define PAUSE_MAX_NS CLOCK_NS_PER_S

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

int trader_sessions(struct trader *trader)
{
	struct absence absence = { 0 };
	int err = trader_run(trader);

	while (trader->exchange_gone && trader->config->reconnect_s) {
		log_warning("the exchange is gone: trying to come back for up "
			    "to %llu s",
			    (unsigned long long)trader->config->reconnect_s);
		absence_begin(&absence, trader);
		err = come_back(trader, &absence);
		if (err)
			break;
		log_warning("a new session with the exchange: all books are "
			    "empty");
		err = trader_run(trader);
	}
	return err == -EINTR ? 0 : err;
}
