/* SPDX-License-Identifier: MIT */
#include "campaign/trial_ring.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <stdlib.h>

#include "base/log.h"
#include "campaign/arm_told.h"

#define KIND "shm"
/* The tap may be kept from its CPU for most of a second. */
#define SLOTS "16384"
/* As many as a third of 64 MiB has room for. */
#define REGION_SLOTS "8192"

/* Behind the port of orders; the next one is of requests. */
enum port_behind { PORT_DATA = 2, PORT_ORDERS, PORT_TAP };

static bool is_ring(const char *choice)
{
	const size_t len = strlen(KIND);

	return choice && !strncmp(choice, KIND, len) &&
	       (choice[len] == ':' || !choice[len]);
}

static bool is_shared(const struct trial_site *site)
{
	for (int i = 0; i < TRIAL_ROLES; i++)
		if (!site->seats[i].region)
			return false;
	return true;
}

/* Two namespaces of this host. */
static bool is_one_host(const struct trial_site *site)
{
	const struct trial_seat *seats = site ? site->seats : NULL;

	return !site ||
	       (seats[TRIAL_EXCHANGE].machine == seats[TRIAL_TRADER].machine &&
		seats[TRIAL_WIRETAP].machine == seats[TRIAL_TRADER].machine);
}

/* Why there is no memory for rings; NULL: there is. */
static const char *memory_fault(const struct arm *arm)
{
	return is_one_host(arm->site) || is_shared(arm->site)
		       ? NULL
		       : "exchange, trader and wiretap share no memory: one "
			 "host has to be theirs, or guests that have some "
			 "(domain: {shared_memory_mib: 64})";
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
	if (strstr(arm->receive, "path=") || strstr(arm->receive, "region="))
		return "path= and region= of --receive shm are the trial's to "
		       "say";
	return memory_fault(arm);
}

/* What the exchange takes orders by the trial says always. */
static const char *orders_fault(const struct arm *arm)
{
	const char *transport = transport_of(arm);

	if (!is_ring(transport))
		return NULL;
	if (strstr(transport, "path=") || strstr(transport, "tap=") ||
	    strstr(transport, "region="))
		return "path=, region= and tap= of --transport shm are the "
		       "trial's to say";
	return memory_fault(arm);
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

/* Where the ends of one host meet. */
static void paths_name(struct trial_ring *ring, const char *folder)
{
	snprintf(ring->tap, sizeof(ring->tap), "%s/tap", folder);
	snprintf(ring->send, sizeof(ring->send),
		 KIND ":slots=" SLOTS ",path=%s/ring,tap=%s/tap", folder,
		 folder);
	snprintf(ring->receive, sizeof(ring->receive), KIND ":path=%s/ring",
		 folder);
	snprintf(ring->take, sizeof(ring->take), KIND ":path=%s/orders",
		 folder);
	snprintf(ring->transport, sizeof(ring->transport),
		 KIND ":slots=" SLOTS ",path=%s/orders,tap=%s/tap", folder,
		 folder);
}

/* ... and those of machines. */
static void ports_name(struct trial_ring *ring, const struct trial_site *site)
{
	const struct trial_seat *seats = site->seats;
	const char *colon = strrchr(site->listen, ':');
	const int port = atoi(colon ? colon + 1 : TRIAL_ORDER_PORT);
	const int len = (int)(colon ? colon - site->listen : 0);

	ring->region = seats[TRIAL_WIRETAP].region;
	snprintf(ring->tap, sizeof(ring->tap), "%s:%d",
		 seats[TRIAL_WIRETAP].address, port + PORT_TAP);
	snprintf(ring->send, sizeof(ring->send),
		 KIND ":slots=" REGION_SLOTS ",region=%s,path=%.*s:%d,tap=%s",
		 seats[TRIAL_EXCHANGE].region, len, site->listen,
		 port + PORT_DATA, ring->tap);
	snprintf(ring->receive, sizeof(ring->receive),
		 KIND ":region=%s,path=%.*s:%d", seats[TRIAL_TRADER].region,
		 len, site->listen, port + PORT_DATA);
	snprintf(ring->take, sizeof(ring->take),
		 KIND ":region=%s,path=%.*s:%d,wait=spin",
		 seats[TRIAL_EXCHANGE].region, len, site->listen,
		 port + PORT_ORDERS);
	snprintf(ring->transport, sizeof(ring->transport),
		 KIND ":slots=" REGION_SLOTS ",region=%s,path=%.*s:%d,tap=%s",
		 seats[TRIAL_TRADER].region, len, site->listen,
		 port + PORT_ORDERS, ring->tap);
}

void trial_ring_name(struct trial_ring *ring, const struct arm *arm,
		     const char *folder)
{
	const char *transport = transport_of(arm);

	*ring = (struct trial_ring){
		.data = is_ring(arm->receive) && !arm->program,
		.orders = is_ring(transport) && !arm->program,
	};
	if (!ring->data && !ring->orders)
		return;
	if (is_one_host(arm->site))
		paths_name(ring, folder);
	else
		ports_name(ring, arm->site);
	if (ring->data)
		options_add(ring->receive, sizeof(ring->receive), arm->receive);
	if (!ring->orders)
		return;
	options_add(ring->take, sizeof(ring->take), transport);
	options_add(ring->transport, sizeof(ring->transport), transport);
}
