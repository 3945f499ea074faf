/* SPDX-License-Identifier: MIT */
/* What one parser accepts is written as a text that reads to the same; a
 * group is an address, and an address is one to listen on. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "net/address.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef int parse_function(const char *text, void *target, const char **why);

/* 0 with the address, or -EINVAL with a reason and the target as it was. */
static int parse(parse_function *function, const char *text,
		 struct sockaddr_in *address)
{
	struct sockaddr_in before;
	const char *why = NULL;
	int err;

	memset(address, 0x55, sizeof(*address));
	before = *address;
	err = function(text, address, &why);
	if (err == 0) {
		if (address->sin_family != AF_INET || address->sin_port == 0)
			abort();
	} else if (err != -EINVAL || !why || !*why ||
		   memcmp(address, &before, sizeof(before)) != 0) {
		abort();
	}
	return err;
}

static void check_written(parse_function *function,
			  const struct sockaddr_in *address)
{
	char text[ADDRESS_TEXT_MAX];
	struct sockaddr_in again;

	if (address_format(address, text) != text ||
	    !memchr(text, '\0', sizeof(text)))
		abort();
	if (parse(function, text, &again) != 0 ||
	    memcmp(address, &again, sizeof(again)) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sockaddr_in plain, listening, group;
	int plain_err, listen_err, group_err;
	char *text = malloc(size + 1);

	if (!text)
		return 0;
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	plain_err = parse(address_parse, text, &plain);
	listen_err = parse(address_parse_listen, text, &listening);
	group_err = parse(address_parse_group, text, &group);
	if (plain_err == 0)
		check_written(address_parse, &plain);
	if (listen_err == 0)
		check_written(address_parse_listen, &listening);
	if (group_err == 0)
		check_written(address_parse_group, &group);
	if (plain_err == 0 &&
	    (listen_err || memcmp(&plain, &listening, sizeof(plain)) != 0))
		abort();
	if (group_err == 0 &&
	    (plain_err || memcmp(&plain, &group, sizeof(plain)) != 0 ||
	     !IN_MULTICAST(ntohl(group.sin_addr.s_addr))))
		abort();
	free(text);
	return 0;
}
