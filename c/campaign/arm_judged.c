/* SPDX-License-Identifier: MIT */
#include "campaign/arm_judged.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "campaign/arm_told.h"
#include "campaign/trial_rdma.h"
#include "campaign/trial_ring.h"

const struct arm_judged arm_judged_trader[] = {
	{ "--connect", ARM_JUDGED_REFUSED },
	{ "--group", ARM_JUDGED_SAME },
	{ "--source", ARM_JUDGED_SAME },
	{ "--interface", ARM_JUDGED_NOT },
	{ "--receive", ARM_JUDGED_NOT },
	{ "--channel", ARM_JUDGED_NOT }, /* the exchange's is read */
	{ "--keys", ARM_JUDGED_REFUSED },
	{ "--transport", ARM_JUDGED_NOT },
	{ "--threshold-usd", ARM_JUDGED_SAME },
	{ "--aggress", ARM_JUDGED_SAME },
	{ "--contract", ARM_JUDGED_SAME },
	{ "--order-quantity", ARM_JUDGED_SAME },
	{ "--jump-max", ARM_JUDGED_SAME },
	{ "--recover", ARM_JUDGED_SAME },
	{ "--recover-ms", ARM_JUDGED_SAME },
	{ "--recover-from", ARM_JUDGED_PORT },
	{ "--symbols-max", ARM_JUDGED_SAME },
	{ "--levels-max", ARM_JUDGED_SAME },
	{ "--samples", ARM_JUDGED_NOT },
	{ "--connect-timeout-ms", ARM_JUDGED_NOT },
	{ "--reconnect", ARM_JUDGED_NOT },
	{ "--sessions", ARM_JUDGED_NOT },
	{ "--inject-delay-ns", ARM_JUDGED_NOT },
	{ "--cpu", ARM_JUDGED_NOT },
	{ "--fifo", ARM_JUDGED_NOT },
	{ "--mlock", ARM_JUDGED_NOT },
	{ "--onload", ARM_JUDGED_NOT },
	{ "--privileges", ARM_JUDGED_NOT },
	{ "--json", ARM_JUDGED_NOT },
	{ .option = NULL },
};

const struct arm_judged arm_judged_exchange[] = {
	{ "--feed", ARM_JUDGED_NOT },
	{ "--listen", ARM_JUDGED_REFUSED },
	{ "--transport", ARM_JUDGED_REFUSED }, /* as the trader's is */
	{ "--group", ARM_JUDGED_NOT },	       /* the trader's is judged */
	{ "--interface", ARM_JUDGED_NOT },
	{ "--send", ARM_JUDGED_NOT },
	{ "--pace", ARM_JUDGED_NOT },
	{ "--format", ARM_JUDGED_NOT },
	{ "--on-second-client", ARM_JUDGED_NOT },
	{ "--idle", ARM_JUDGED_NOT },
	{ "--channel", ARM_JUDGED_SAME },
	{ "--keys", ARM_JUDGED_REFUSED },
	{ "--handshake-timeout-ms", ARM_JUDGED_NOT },
	{ "--order-rate", ARM_JUDGED_NOT },
	{ "--loop", ARM_JUDGED_NOT },
	{ "--settle-ms", ARM_JUDGED_NOT },
	{ "--seed", ARM_JUDGED_NOT },
	{ "--lose", ARM_JUDGED_LOSES },
	{ "--duplicate", ARM_JUDGED_LOSES },
	{ "--swap", ARM_JUDGED_LOSES },
	{ "--delay", ARM_JUDGED_LOSES },
	{ "--retransmit", ARM_JUDGED_AGREES },
	{ "--retransmit-memory", ARM_JUDGED_NOT },
	{ "--on-full", ARM_JUDGED_NOT },
	{ "--send-times", ARM_JUDGED_NOT },
	{ "--sessions", ARM_JUDGED_NOT },
	{ "--keepalive", ARM_JUDGED_NOT },
	{ "--cpu", ARM_JUDGED_NOT },
	{ "--ttl", ARM_JUDGED_NOT },
	{ "--privileges", ARM_JUDGED_NOT },
	{ .option = NULL },
};

/* Of "[ADDR]:PORT"; the whole text where there is no colon. */
static const char *port_of(const char *text)
{
	const char *colon = strrchr(text, ':');

	return colon ? colon + 1 : text;
}

/* Where the exchange is asked: as told, or one higher than for orders. */
static unsigned long asked_at(const struct arm *arm, const char *told)
{
	const char *orders = arm->site ? arm->site->listen : TRIAL_ORDER_PORT;

	return told ? strtoul(port_of(told), NULL, 10)
		    : strtoul(port_of(orders), NULL, 10) + 1;
}

static int ports_check(const struct arm *arm)
{
	const char *exchange = arm_told(arm->exchange, "--retransmit", NULL);
	const char *trader = arm_told(arm->trader, "--recover-from", NULL);
	const char *recover = arm_told(arm->trader, "--recover", "none");

	if (!strcmp(recover, "none") ||
	    (exchange && !strcmp(exchange, "off")) ||
	    asked_at(arm, exchange) == asked_at(arm, trader))
		return 0;
	log_error("arm %s: the exchange's --retransmit is port %lu, the "
		  "trader's --recover-from %lu",
		  arm->name, asked_at(arm, exchange), asked_at(arm, trader));
	return -EINVAL;
}

static int refused_check(const struct arm *arm, const struct arm_judged *row,
			 const char *const *arguments)
{
	for (; row->option; row++) {
		if (row->how != ARM_JUDGED_REFUSED ||
		    !arm_told(arguments, row->option, NULL))
			continue;
		log_error("arm %s: %s is the trial's to say, by which its "
			  "orders are found",
			  arm->name, row->option);
		return -EINVAL;
	}
	return 0;
}

int arm_judged_check(const struct arm *arm)
{
	int err = refused_check(arm, arm_judged_trader, arm->trader);

	if (!err)
		err = refused_check(arm, arm_judged_exchange, arm->exchange);
	if (!err)
		err = trial_ring_check(arm);
	if (!err)
		err = trial_rdma_check(arm);
	return err ? err : ports_check(arm);
}

struct telling {
	const char **argv;
	size_t count;
	bool impaired;
};

static void tell(struct telling *telling, const char *option, const char *value)
{
	telling->argv[telling->count++] = option;
	if (value)
		telling->argv[telling->count++] = value;
}

static void program_tell(struct telling *telling, const struct arm_judged *row,
			 const char *const *arguments)
{
	for (; row->option; row++) {
		const char *value = arm_told(arguments, row->option, NULL);

		if (!value)
			continue;
		switch (row->how) {
		case ARM_JUDGED_NOT:
		case ARM_JUDGED_AGREES:
		case ARM_JUDGED_REFUSED:
			break;
		case ARM_JUDGED_SAME:
			tell(telling, row->option, value);
			break;
		case ARM_JUDGED_PORT:
			tell(telling, "--retransmit", port_of(value));
			break;
		case ARM_JUDGED_LOSES:
			telling->impaired |= strcmp(value, "0") != 0;
			break;
		}
	}
}

void arm_judged_tell(const struct arm *arm,
		     const char *argv[static ARM_JUDGED_ARGUMENTS_MAX])
{
	struct telling telling = { .argv = argv };

	program_tell(&telling, arm_judged_trader, arm->trader);
	program_tell(&telling, arm_judged_exchange, arm->exchange);
	if (telling.impaired)
		tell(&telling, "--impaired", NULL);
	if (arm->site)
		tell(&telling, "--order-port", port_of(arm->site->listen));
	argv[telling.count] = NULL;
}
