/* SPDX-License-Identifier: MIT */
/*
 * A queue pair of an RDMA device with its memory: what is sent lies in slots of
 * its own until the device has it acknowledged (reliable) or has sent it
 * (datagrams); what comes is written into slots that were offered. Used by one
 * thread. ibv_post_send(3), ibv_poll_cq(3).
 */
#ifndef NET_RDMA_QUEUE_H
#define NET_RDMA_QUEUE_H

#ifdef HAVE_RDMA

#include <stdbool.h>
#include <stdint.h>

#include "net/rdma_library.h"

#define RDMA_GRH_LEN 40 /* before each datagram: its addresses */

struct rdma_queue_config {
	const char *who;     /* for messages; must outlive the queue */
	bool datagrams;	     /* unreliable, in the multicast's way */
	bool sleeps;	     /* poll(2) tells of what has come */
	uint32_t sends;	     /* slots; 0: it sends nothing */
	uint32_t receives;   /* slots; 0: it receives nothing */
	uint32_t slot_len;   /* bytes; of datagrams with RDMA_GRH_LEN */
	uint32_t inline_len; /* what is that long at most goes inline */
};

struct rdma_queue {
	struct rdma_queue_config config;
	const struct rdma_library *rdma;
	struct rdma_cm_id *id; /* the caller's */
	struct ibv_pd *pd;
	struct ibv_comp_channel *events; /* NULL: it never sleeps */
	struct ibv_cq *sent, *received;
	struct ibv_mr *region;
	uint8_t *memory; /* of sends, then of receives */
	size_t memory_len;
	uint32_t *lens;	       /* of what was sent, a slot each */
	uint32_t posted, done; /* sends; they wrap */
	uint64_t bytes_unacknowledged;
	uint32_t unacked_events; /* of the device's, that were read */
	int fault;		 /* of the first that failed */
};

/* On the device that id was led to. Its receives are offered. 0, or a negative
 * errno, logged. */
int rdma_queue_open(struct rdma_queue *queue, struct rdma_cm_id *id,
		    const struct rdma_library *rdma,
		    const struct rdma_queue_config *config);

/* Before rdma_destroy_id(). */
void rdma_queue_close(struct rdma_queue *queue);

/* HOT. Take note of what was sent since. 0, or the negative errno of the first
 * one that failed, which stays: -ETIMEDOUT: nobody acknowledges; -EPIPE: the
 * connection is over; -EPROTO: the other end refuses it; else -EIO. */
int rdma_queue_reap(struct rdma_queue *queue);

static inline uint32_t rdma_queue_waiting(const struct rdma_queue *queue)
{
	return queue->posted - queue->done;
}

/* HOT. Send bytes[0..len), at most slot_len, with what else the request says
 * (opcode and wr). There must be room: rdma_queue_waiting() is less than sends.
 * 0 or a negative errno. */
int rdma_queue_send(struct rdma_queue *queue, const uint8_t *bytes,
		    uint32_t len, struct ibv_send_wr *request);

/* Of receives: number i's bytes; and offer it again: 0 or a negative errno. */
static inline uint8_t *rdma_queue_slot(const struct rdma_queue *queue,
				       uint32_t i)
{
	return queue->memory +
	       (size_t)(queue->config.sends + i) * queue->config.slot_len;
}
int rdma_queue_offer(struct rdma_queue *queue, uint32_t i);

/* HOT. What has come since: at most max, wr_id: the slot. How many, or a
 * negative errno. */
static inline int rdma_queue_take(struct rdma_queue *queue, struct ibv_wc *come,
				  int max)
{
	const int n = ibv_poll_cq(queue->received, max, come);

	return n < 0 ? -EIO : n;
}

/* Of one that sleeps: from the next one that comes on poll(2) tells of it
 * (events->fd). What has come before has to be looked for once more. 0 or a
 * negative errno. */
int rdma_queue_arm(struct rdma_queue *queue);

/* The longest packet of the way, of a port of the device; 0: not known. */
uint32_t rdma_queue_mtu(const struct rdma_library *rdma,
			const struct rdma_cm_id *id);

/* As a negative errno. */
int rdma_queue_status(enum ibv_wc_status status);

#endif

#endif
