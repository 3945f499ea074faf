/* SPDX-License-Identifier: MIT */
#include "campaign/trial_ring.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "campaign/arm_told.h"

#define KIND "shm"
/* The tap may be kept from its CPU for most of a second. */
#define SLOTS "16384"

static bool is_ring(const char *choice)
{
	const size_t len = strlen(KIND);

	return choice && !strncmp(choice, KIND, len) &&
	       (choice[len] == ':' || !choice[len]);
}

static bool is_one_host(const struct trial_site *site)
{
	const struct trial_seat *seats = site ? site->seats : NULL;

	/* Two namespaces of this host. */
	return !site ||
	       (seats[TRIAL_EXCHANGE].machine == seats[TRIAL_TRADER].machine &&
		seats[TRIAL_WIRETAP].machine == seats[TRIAL_TRADER].machine);
}

static const char *transport_of(const struct arm *arm)
{
	return arm_told(arm->trader, "--transport", NULL);
}

static const char *data_fault(const struct arm *arm)
{
	const char *send = arm_told(arm->exchange, "--send", NULL);

	if (!is_ring(arm->receive))
		return is_ring(send) ? "--send shm needs --receive shm: there "
				       "is nothing on the network"
				     : NULL;
	if (send)
		return "--send is the trial's to say with --receive shm: the "
		       "same ring, and its tap";
	if (strstr(arm->receive, "path="))
		return "path= of --receive shm is the trial's to say";
	return is_one_host(arm->site)
		       ? NULL
		       : "--receive shm needs exchange, trader and wiretap on "
			 "one host: machines share no memory";
}

/* What the exchange takes orders by the trial says always. */
static const char *orders_fault(const struct arm *arm)
{
	const char *transport = transport_of(arm);

	if (!is_ring(transport))
		return NULL;
	if (strstr(transport, "path=") || strstr(transport, "tap="))
		return "path= and tap= of --transport shm are the trial's to "
		       "say";
	return is_one_host(arm->site)
		       ? NULL
		       : "--transport shm needs exchange, trader and wiretap "
			 "on one host: machines share no memory";
}

int trial_ring_check(const struct arm *arm)
{
	const char *why;

	if (arm->program)
		return 0;
	why = data_fault(arm);
	if (!why)
		why = orders_fault(arm);
	if (!why)
		return 0;
	log_error("arm %s: %s", arm->name, why);
	return -EINVAL;
}

/* The choice's own options, which come last and win. */
static void options_add(char *text, size_t size, const char *choice)
{
	const char *options = strchr(choice, ':');
	const size_t len = strlen(text);

	if (options)
		snprintf(text + len, size - len, ",%s", options + 1);
}

void trial_ring_name(struct trial_ring *ring, const struct arm *arm,
		     const char *folder)
{
	const char *transport = transport_of(arm);

	*ring = (struct trial_ring){
		.data = is_ring(arm->receive) && !arm->program,
		.orders = is_ring(transport) && !arm->program,
	};
	snprintf(ring->tap, sizeof(ring->tap), "%s/tap", folder);
	if (ring->data) {
		snprintf(ring->send, sizeof(ring->send),
			 KIND ":slots=" SLOTS ",path=%s/ring,tap=%s/tap",
			 folder, folder);
		snprintf(ring->receive, sizeof(ring->receive),
			 KIND ":path=%s/ring", folder);
		options_add(ring->receive, sizeof(ring->receive), arm->receive);
	}
	if (!ring->orders)
		return;
	snprintf(ring->take, sizeof(ring->take), KIND ":path=%s/orders",
		 folder);
	options_add(ring->take, sizeof(ring->take), transport);
	snprintf(ring->transport, sizeof(ring->transport),
		 KIND ":slots=" SLOTS ",path=%s/orders,tap=%s/tap", folder,
		 folder);
	options_add(ring->transport, sizeof(ring->transport), transport);
}
