/* SPDX-License-Identifier: MIT */
/* What a peer of a FIX session that a test plays itself says. */
#ifndef TESTS_SUPPORT_FIX_PEER_H
#define TESTS_SUPPORT_FIX_PEER_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/support/lab.h"

struct fix_peer_head {
	uint32_t number;
	const char *sender, *target;
	bool again; /* it has been said before */
};

/* A message of FIX 4.4 out of "35=0|112=x": the head is put behind the type.
 * *len: its bytes, which are among those given. */
const uint8_t *fix_peer_message(uint8_t *bytes, size_t size, const char *text,
				const struct fix_peer_head *head, size_t *len);

/* A channel with a store of its own, in the lab's folder. Returns text. */
const char *fix_peer_store(const struct lab *lab, char text[static PATH_MAX]);

#endif
