/* SPDX-License-Identifier: MIT */
/* RDMA wants a device, which no namespace has: what runs on one does so where
 * T2T_RDMA names the address of its interface. */
#ifndef TESTS_SUPPORT_RDMA_DEVICE_H
#define TESTS_SUPPORT_RDMA_DEVICE_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/registry.h"

#define RDMA_DEVICE_FAULT "it wants an RDMA device: see lab/rdma"

static inline bool rdma_device_is_wanted(const struct registry_entry *entry)
{
	return strcmp(entry->name, "rdma") == 0;
}

/* NULL: there is none. */
static inline const char *rdma_device_address(void)
{
	return getenv("T2T_RDMA");
}

#endif
