/* SPDX-License-Identifier: MIT */
/* For the tests of net/: two namespaces and a veth pair; what was logged. */
#ifndef TESTS_UNIT_NET_SUPPORT_H
#define TESTS_UNIT_NET_SUPPORT_H

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "net/interface.h"
#include "net/namespace.h"
#include "tests/support/log_catch.h"

#define NEAR_NAME    "near0"
#define FAR_NAME     "far0"
#define NEAR_ADDRESS "10.8.0.1"
#define FAR_ADDRESS  "10.8.0.2"

/* The tests run in the near namespace, and visit the far one. */
static struct {
	const char *fault; /* why there is none */
	int near, far;
	struct interface near_interface, far_interface;
} rig = { .near = -1, .far = -1 };

static inline void rig_enter(int fd)
{
	assert_int_equal(namespace_enter(fd), 0);
}

static inline const char *rig_make(void)
{
	struct namespace_end near = { .name = NEAR_NAME, .prefix_len = 24 };
	struct namespace_end far = { .name = FAR_NAME, .prefix_len = 24 };
	const char *fault = "network namespaces are not permitted here";

	near.address.s_addr = inet_addr(NEAR_ADDRESS);
	far.address.s_addr = inet_addr(FAR_ADDRESS);
	if (namespace_become_root() < 0 || namespace_open(&rig.near) < 0 ||
	    namespace_open(&rig.far) < 0)
		return fault;
	near.fd = rig.near;
	far.fd = rig.far;
	if (namespace_veth(&near, &far) < 0)
		return "no veth pair can be made here";
	if (namespace_enter(rig.far) < 0 ||
	    interface_find(FAR_NAME, &rig.far_interface) < 0 ||
	    namespace_enter(rig.near) < 0 ||
	    interface_find(NEAR_NAME, &rig.near_interface) < 0)
		return fault;
	return NULL;
}

static inline int rig_open(void **state)
{
	(void)state;
	rig.fault = rig_make();
	return 0;
}

static inline int rig_close(void **state)
{
	(void)state;
	namespace_close(&rig.near);
	namespace_close(&rig.far);
	return 0;
}

#define RIG_NEEDED()                                                 \
	do {                                                         \
		if (rig.fault) {                                     \
			print_message("# skipped: %s\n", rig.fault); \
			skip();                                      \
		}                                                    \
	} while (0)

static inline struct sockaddr_in address_of(const char *text, uint16_t port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons(port) };

	assert_int_equal(inet_pton(AF_INET, text, &address.sin_addr), 1);
	return address;
}

#endif
