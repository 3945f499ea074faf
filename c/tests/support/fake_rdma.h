/* SPDX-License-Identifier: MIT */
/*
 * An RDMA device of this process: rdma-core's calls as net/rdma_library has
 * them, on memory. Reliable connections between its own threads, with a
 * receiver that has no room, and groups. What a device does by itself, and
 * when, it does not show: that is lab/rdma's.
 */
#ifndef TESTS_SUPPORT_FAKE_RDMA_H
#define TESTS_SUPPORT_FAKE_RDMA_H

#include <stdbool.h>

/* From now on it is there in rdma-core's place; false: this build has no
 * headers of RDMA's. */
bool fake_rdma_use(void);

/* There is no device on any interface, until it is said again. */
void fake_rdma_devices(unsigned int count);

/* Nothing that is sent is acknowledged any more, and who waits for that is told
 * so by its device. */
void fake_rdma_vanish(bool vanish);

/* Bytes written to the last end's memory at a message's number: of who does not
 * keep to the protocol. Number: the immediate. */
void fake_rdma_immediate_add(unsigned int wrong);

#endif
