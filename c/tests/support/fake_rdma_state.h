/* SPDX-License-Identifier: MIT */
/* What the two halves of tests/support/fake_rdma share: the device, and the
 * manager of its connections. */
#ifndef TESTS_SUPPORT_FAKE_RDMA_STATE_H
#define TESTS_SUPPORT_FAKE_RDMA_STATE_H

#ifdef HAVE_RDMA

#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"
#include "net/rdma_library.h"

#define FAKE_RDMA_PIECE 1024
#define FAKE_RDMA_IDS	64

struct fake_cq {
	struct ibv_cq cq; /* first */
	struct ibv_wc *ring;
	unsigned int first, count, max;
	bool armed;
};

struct piece {
	struct ibv_send_wr request;
	uint32_t len;
	uint8_t bytes[FAKE_RDMA_PIECE];
};

struct fake_qp {
	struct ibv_qp qp; /* first */
	struct fake_id *id;
	struct ibv_recv_wr *offers; /* with their first sge beside */
	struct ibv_sge *places;
	unsigned int offer_first, offer_count, offer_max;
	struct piece *waiting; /* what has no room at the other end */
	unsigned int waiting_first, waiting_count, waiting_max;
};

struct fake_channel {
	struct rdma_event_channel channel; /* first */
	struct rdma_cm_event *events[64];
	unsigned int first, count;
};

struct fake_id {
	struct rdma_cm_id id; /* first */
	struct fake_id *peer;
	bool listens, connected;
	struct in_addr group;
	uint8_t said[256];
};

/* All of it, of the whole process. */
struct fake_rdma {
	pthread_mutex_t lock; /* recursive: telling may be told of */
	unsigned int devices, wrong_immediate;
	bool vanished;
	uint16_t next_port;
	uint32_t next_number;
	struct fake_id *ids[FAKE_RDMA_IDS];
	struct ibv_device device;
	struct ibv_context context;
};
extern struct fake_rdma fake_rdma;

void fake_rdma_check(bool good); /* or abort */
void fake_rdma_ring_bell(int fd);

struct fake_qp *fake_rdma_qp(struct ibv_qp *qp);

/* The manager's calls, beside the device's own. */
void fake_rdma_manager(struct rdma_library *library);

#endif

#endif
