/* SPDX-License-Identifier: MIT */
#include "net/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static int port_parse(const char *text, in_port_t *port, const char **why)
{
	unsigned int number = 0;
	size_t len = strspn(text, "0123456789");

	/* At most five digits: the sum can't overflow. */
	for (size_t i = 0; i < len && i < 5; i++)
		number = number * 10 + (unsigned int)(text[i] - '0');
	if (len == 0 || len > 5 || text[len] || number < 1 || number > 65535) {
		*why = "the port must be a number from 1 to 65535";
		return -EINVAL;
	}
	*port = htons((in_port_t)number);
	return 0;
}

static int host_parse(const char *text, size_t len, struct in_addr *host,
		      const char **why)
{
	char copy[INET_ADDRSTRLEN] = "";

	if (len < sizeof(copy))
		memcpy(copy, text, len);
	if (inet_pton(AF_INET, copy, host) != 1) {
		*why = "the address must be IPv4, such as 10.0.0.1";
		return -EINVAL;
	}
	return 0;
}

static int parse(const char *text, struct sockaddr_in *address,
		 const char **why)
{
	const char *colon = strrchr(text, ':');
	struct sockaddr_in parsed = { .sin_family = AF_INET };
	int err;

	if (!colon) {
		*why = "it must be ADDRESS:PORT";
		return -EINVAL;
	}
	err = host_parse(text, (size_t)(colon - text), &parsed.sin_addr, why);
	if (err)
		return err;
	err = port_parse(colon + 1, &parsed.sin_port, why);
	if (err)
		return err;
	*address = parsed;
	return 0;
}

int address_parse(const char *text, void *target, const char **why)
{
	return parse(text, target, why);
}

int address_parse_listen(const char *text, void *target, const char **why)
{
	const char *colon = strrchr(text, ':');
	struct sockaddr_in parsed = { .sin_family = AF_INET };
	int err;

	if (colon && colon != text)
		return parse(text, target, why);
	err = port_parse(colon ? colon + 1 : text, &parsed.sin_port, why);
	if (err)
		return err;
	*(struct sockaddr_in *)target = parsed;
	return 0;
}

int address_parse_group(const char *text, void *target, const char **why)
{
	struct sockaddr_in parsed;
	int err = parse(text, &parsed, why);

	if (err)
		return err;
	if (!IN_MULTICAST(ntohl(parsed.sin_addr.s_addr))) {
		*why = "the address must be a multicast group, 224.0.0.0 to "
		       "239.255.255.255";
		return -EINVAL;
	}
	*(struct sockaddr_in *)target = parsed;
	return 0;
}

int address_parse_groups(const char *text, void *target, const char **why)
{
	struct sockaddr_in parsed[MARKET_DATA_LINES_MAX] = { 0 };
	const char *comma = strchr(text, ',');
	char first[ADDRESS_TEXT_MAX] = "";
	int err;

	if (!comma) {
		err = address_parse_group(text, &parsed[0], why);
	} else {
		if ((size_t)(comma - text) < sizeof(first))
			memcpy(first, text, (size_t)(comma - text));
		err = address_parse_group(first, &parsed[0], why);
		if (!err)
			err = address_parse_group(comma + 1, &parsed[1], why);
	}
	if (!err)
		memcpy(target, parsed, sizeof(parsed));
	return err;
}

int address_parse_source(const char *text, void *target, const char **why)
{
	struct in_addr source = { .s_addr = INADDR_ANY };
	uint32_t number;

	if (strcmp(text, "any")) {
		int err = host_parse(text, strlen(text), &source, why);

		if (err)
			return err;
		number = ntohl(source.s_addr);
		if (number == INADDR_ANY || number >= 0xe0000000) {
			*why = "it must be the address of a host, or any";
			return -EINVAL;
		}
	}
	*(struct in_addr *)target = source;
	return 0;
}

const char *address_format(const struct sockaddr_in *address,
			   char text[static ADDRESS_TEXT_MAX])
{
	char host[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &address->sin_addr, host, sizeof(host));
	snprintf(text, ADDRESS_TEXT_MAX, "%s:%u", host,
		 ntohs(address->sin_port));
	return text;
}
