/* SPDX-License-Identifier: MIT */
/* Hears a multicast group and keeps all it hears, decoded. */
#ifndef TESTS_SUPPORT_LISTENER_H
#define TESTS_SUPPORT_LISTENER_H

#include <stddef.h>
#include <stdint.h>

#include "wire/market_data.h"

struct listener_datagram {
	uint64_t stamp_ns;		  /* the kernel's, on arrival */
	size_t at, len;			  /* in listener->bytes */
	struct market_data_header header; /* without the tag */
	uint16_t tag;
};

struct listener {
	int fd;
	uint8_t *bytes;
	size_t len, capacity;
	struct listener_datagram *datagrams;
	size_t count, datagrams_capacity;
};

/* Join from where the caller is. What is no market data fails the test. */
void listener_open(struct listener *listener, const char *interface,
		   const char *group, uint16_t port);
void listener_close(struct listener *listener); /* all zero is allowed */

/* Hear until there are `count` datagrams in all; how many there are. */
size_t listener_hear(struct listener *listener, size_t count, int timeout_ms);

/* Hear until one with this flag came; its number, or SIZE_MAX. */
size_t listener_hear_flag(struct listener *listener, uint16_t flag,
			  int timeout_ms);

/* Hear for so long; how many came in this time. */
size_t listener_quiet(struct listener *listener, int ms);

/* Hear what is there already, then forget all. */
void listener_forget(struct listener *listener);

/* Message number j of datagram i; no such message fails the test. */
struct market_data_message listener_message(const struct listener *listener,
					    size_t i, unsigned int j);

/* The price of its first message, in whole units. */
uint64_t listener_price(const struct listener *listener, size_t i);

#endif
