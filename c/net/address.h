/* SPDX-License-Identifier: MIT */
/* Addresses as the command line has them. */
#ifndef NET_ADDRESS_H
#define NET_ADDRESS_H

#include <netinet/in.h>
#include <stddef.h>

#include "wire/market_data.h"

#define ADDRESS_TEXT_MAX 24 /* "255.255.255.255:65535" */

/*
 * For OPTION_PARSED rows; target is a struct sockaddr_in.
 * address_parse: "10.0.0.1:9012".
 * address_parse_listen: the address may be missing (":9012" or "9012"); it
 * is INADDR_ANY then, which the caller replaces by an address of the lab.
 * address_parse_group: a multicast group (224.0.0.0/4) and a port.
 * 0, or -EINVAL with *why.
 */
int address_parse(const char *text, void *target, const char **why);
int address_parse_listen(const char *text, void *target, const char **why);
int address_parse_group(const char *text, void *target, const char **why);

/* One group or two, "239.255.0.1:12345,239.255.0.2:12345", each as
 * address_parse_group() has it; target is a struct
 * sockaddr_in[MARKET_DATA_LINES_MAX], the second all zero where there is one.
 */
int address_parse_groups(const char *text, void *target, const char **why);

/* "10.0.0.1", a host's address, or "any": 0.0.0.0. For OPTION_PARSED rows;
 * target is a struct in_addr. 0, or -EINVAL with *why. */
int address_parse_source(const char *text, void *target, const char **why);

/* "ADDR:PORT", NUL-terminated; returns text. */
const char *address_format(const struct sockaddr_in *address,
			   char text[static ADDRESS_TEXT_MAX]);

#endif
