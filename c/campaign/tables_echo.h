/* SPDX-License-Identifier: MIT */
/* One measure of the tables, once: t2t-echo at both ends of a veth pair. */
#ifndef CAMPAIGN_TABLES_ECHO_H
#define CAMPAIGN_TABLES_ECHO_H

#include <stdint.h>

#include "order/tls_keys.h"
#include "report/measures.h"

#define TABLES_CPUS_MAX 16

struct tables_site {
	const char *programs;	  /* folder */
	int keys[TLS_KEYS_FILES]; /* in memory; -1: there are none */
	int server, client;	  /* descriptors of their namespaces */
	/* One pair: the first is the server's, the last the client's. */
	int cpus[TABLES_CPUS_MAX];
	unsigned int cpu_count; /* as many pairs in MEASURE_MANY */
	uint64_t messages, handshakes;
	const volatile int *stop;
};

#define TABLES_SERVER_INTERFACE "server0"
#define TABLES_CLIENT_INTERFACE "client0"
#define TABLES_SERVER_ADDRESS	"10.78.0.1"
#define TABLES_CLIENT_ADDRESS	"10.78.0.2"

/*
 * Measure it into folder/NAME.json (of several pairs NAME.0.json and on), in
 * place once they are whole. What fails is told in its file. 0; -EINTR; or a
 * negative errno, logged: nothing could be written.
 */
int tables_echo(const struct tables_site *site, const struct measure *measure,
		const char *folder);

#endif
