/* SPDX-License-Identifier: MIT */
#include "net/rdma_queue.h"

#ifdef HAVE_RDMA

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/log.h"

#define REAP_MAX 16

int rdma_queue_status(enum ibv_wc_status status)
{
	switch (status) {
	case IBV_WC_SUCCESS:
		return 0;
	case IBV_WC_RETRY_EXC_ERR:
	case IBV_WC_RNR_RETRY_EXC_ERR:
	case IBV_WC_RESP_TIMEOUT_ERR:
		return -ETIMEDOUT;
	case IBV_WC_WR_FLUSH_ERR:
		return -EPIPE;
	case IBV_WC_REM_ACCESS_ERR:
	case IBV_WC_REM_INV_REQ_ERR:
	case IBV_WC_REM_OP_ERR:
	case IBV_WC_REM_ABORT_ERR:
	case IBV_WC_LOC_LEN_ERR:
	case IBV_WC_BAD_RESP_ERR:
		return -EPROTO;
	default:
		return -EIO;
	}
}

uint32_t rdma_queue_mtu(const struct rdma_library *rdma,
			const struct rdma_cm_id *id)
{
	struct ibv_port_attr port = { .active_mtu = 0 };

	if (rdma->query_port(id->verbs, id->port_num, &port) ||
	    port.active_mtu < IBV_MTU_256 || port.active_mtu > IBV_MTU_4096)
		return 0;
	return UINT32_C(128) << port.active_mtu;
}

/* A step that failed. */
static int fault(const struct rdma_queue *queue, const char *step, int err)
{
	log_error("%s: %s: %s: %s%s", queue->config.who,
		  queue->rdma->get_device_name(queue->id->verbs->device), step,
		  log_strerror(err),
		  err == -ENOMEM ? ": RLIMIT_MEMLOCK bounds an ordinary user's"
				 : "");
	return err;
}

static int memory_get(struct rdma_queue *queue)
{
	const struct rdma_queue_config *config = &queue->config;

	queue->memory_len =
		(size_t)(config->sends + config->receives) * config->slot_len;
	queue->memory = mmap(NULL, queue->memory_len, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (queue->memory == MAP_FAILED) {
		queue->memory = NULL;
		return fault(queue, "memory", rdma_library_error());
	}
	queue->lens = calloc(config->sends + 1, sizeof(queue->lens[0]));
	if (!queue->lens)
		return fault(queue, "memory", -ENOMEM);
	queue->region =
		queue->rdma->reg_mr(queue->pd, queue->memory, queue->memory_len,
				    IBV_ACCESS_LOCAL_WRITE);
	return queue->region ? 0
			     : fault(queue, "to register memory",
				     rdma_library_error());
}

static int events_get(struct rdma_queue *queue)
{
	int flags;

	if (!queue->config.sleeps)
		return 0;
	queue->events = queue->rdma->create_comp_channel(queue->id->verbs);
	if (!queue->events)
		return fault(queue, "a channel of events",
			     rdma_library_error());
	flags = fcntl(queue->events->fd, F_GETFL);
	if (flags < 0 ||
	    fcntl(queue->events->fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return fault(queue, "a channel of events",
			     rdma_library_error());
	return 0;
}

static int completions_get(struct rdma_queue *queue)
{
	const struct rdma_queue_config *config = &queue->config;
	struct ibv_context *device = queue->id->verbs;

	queue->sent = queue->rdma->create_cq(device, (int)config->sends + 1,
					     NULL, NULL, 0);
	if (queue->sent)
		queue->received = queue->rdma->create_cq(
			device, (int)config->receives + 1, NULL, queue->events,
			0);
	return queue->received ? 0
			       : fault(queue, "completion queues",
				       rdma_library_error());
}

static int pair_get(struct rdma_queue *queue)
{
	const struct rdma_queue_config *config = &queue->config;
	struct ibv_qp_init_attr wanted = {
		.send_cq = queue->sent,
		.recv_cq = queue->received,
		.cap.max_send_wr = config->sends + 1,
		.cap.max_recv_wr = config->receives + 1,
		.cap.max_send_sge = 1,
		.cap.max_recv_sge = 1,
		.cap.max_inline_data = config->inline_len,
		.qp_type = config->datagrams ? IBV_QPT_UD : IBV_QPT_RC,
		.sq_sig_all = 1,
	};

	if (queue->rdma->create_qp(queue->id, queue->pd, &wanted))
		return fault(queue,
			     errno == EINVAL && config->inline_len
				     ? "a queue pair: are inline= and slots= "
				       "more than the device has?"
				     : "a queue pair",
			     rdma_library_error());
	if (wanted.cap.max_inline_data >= config->inline_len)
		return 0;
	log_error("%s: inline=%u: the device takes %u bytes inline at most",
		  config->who, config->inline_len, wanted.cap.max_inline_data);
	return -EOPNOTSUPP;
}

int rdma_queue_open(struct rdma_queue *queue, struct rdma_cm_id *id,
		    const struct rdma_library *rdma,
		    const struct rdma_queue_config *config)
{
	int err;

	*queue = (struct rdma_queue){ .config = *config,
				      .rdma = rdma,
				      .id = id };
	queue->pd = rdma->alloc_pd(id->verbs);
	err = queue->pd ? 0 : fault(queue, "a domain", rdma_library_error());
	err = err ? err : memory_get(queue);
	err = err ? err : events_get(queue);
	err = err ? err : completions_get(queue);
	err = err ? err : pair_get(queue);
	for (uint32_t i = 0; i < config->receives && !err; i++) {
		err = rdma_queue_offer(queue, i);
		if (err)
			fault(queue, "to offer memory", err);
	}
	if (err)
		rdma_queue_close(queue);
	return err;
}

void rdma_queue_close(struct rdma_queue *queue)
{
	const struct rdma_library *rdma = queue->rdma;

	if (queue->id->qp)
		rdma->destroy_qp(queue->id);
	if (queue->received) {
		if (queue->unacked_events)
			rdma->ack_cq_events(queue->received,
					    queue->unacked_events);
		rdma->destroy_cq(queue->received);
	}
	if (queue->sent)
		rdma->destroy_cq(queue->sent);
	if (queue->events)
		rdma->destroy_comp_channel(queue->events);
	if (queue->region)
		rdma->dereg_mr(queue->region);
	if (queue->memory)
		munmap(queue->memory, queue->memory_len);
	free(queue->lens);
	if (queue->pd)
		rdma->dealloc_pd(queue->pd);
	queue->pd = NULL;
}

/* Sends are done in their order. */
int rdma_queue_reap(struct rdma_queue *queue)
{
	struct ibv_wc done[REAP_MAX];
	int n;

	do {
		n = ibv_poll_cq(queue->sent, REAP_MAX, done);
		for (int i = 0; i < n; i++) {
			if (done[i].status != IBV_WC_SUCCESS) {
				if (!queue->fault)
					queue->fault = rdma_queue_status(
						done[i].status);
				return queue->fault;
			}
			queue->bytes_unacknowledged -=
				queue->lens[queue->done++ %
					    queue->config.sends];
		}
	} while (n == REAP_MAX);
	if (n < 0 && !queue->fault)
		queue->fault = -EIO;
	return queue->fault;
}

int rdma_queue_send(struct rdma_queue *queue, const uint8_t *bytes,
		    uint32_t len, struct ibv_send_wr *request)
{
	const uint32_t at = queue->posted % queue->config.sends;
	struct ibv_sge piece = { .addr = (uintptr_t)bytes,
				 .length = len,
				 .lkey = queue->region->lkey };
	struct ibv_send_wr *bad;
	int err;

	request->send_flags = IBV_SEND_SIGNALED;
	if (len > 0 && len <= queue->config.inline_len) {
		request->send_flags |= IBV_SEND_INLINE;
	} else if (len > 0) {
		uint8_t *slot =
			queue->memory + (size_t)at * queue->config.slot_len;

		memcpy(slot, bytes, len);
		piece.addr = (uintptr_t)slot;
	}
	request->sg_list = &piece;
	request->num_sge = len > 0;
	err = ibv_post_send(queue->id->qp, request, &bad);
	if (err)
		return err > 0 ? -err : -EIO;
	queue->lens[at] = len;
	queue->bytes_unacknowledged += len;
	queue->posted++;
	return 0;
}

int rdma_queue_offer(struct rdma_queue *queue, uint32_t i)
{
	struct ibv_sge piece = {
		.addr = (uintptr_t)rdma_queue_slot(queue, i),
		.length = queue->config.slot_len,
		.lkey = queue->region->lkey,
	};
	struct ibv_recv_wr request = { .wr_id = i,
				       .sg_list = &piece,
				       .num_sge = 1 },
			   *bad;
	const int err = ibv_post_recv(queue->id->qp, &request, &bad);

	return err > 0 ? -err : err;
}

int rdma_queue_arm(struct rdma_queue *queue)
{
	struct ibv_cq *cq;
	void *context;

	while (queue->rdma->get_cq_event(queue->events, &cq, &context) == 0)
		queue->unacked_events++;
	return -ibv_req_notify_cq(queue->received, 0);
}

#endif
