/* SPDX-License-Identifier: MIT */
#include "tests/support/fake_rdma.h"

#ifdef HAVE_RDMA

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "tests/support/fake_rdma_state.h"

#define GRH 40

static struct fake_cq *cq_of(struct ibv_cq *cq)
{
	return container_of(cq, struct fake_cq, cq);
}

struct fake_qp *fake_rdma_qp(struct ibv_qp *qp)
{
	return container_of(qp, struct fake_qp, qp);
}

void fake_rdma_check(bool good)
{
	if (!good)
		abort();
}

void fake_rdma_ring_bell(int fd)
{
	const uint64_t one = 1;

	fake_rdma_check(write(fd, &one, sizeof(one)) == sizeof(one));
}

/*
 * Completions.
 */

static void complete(struct ibv_cq *cq, const struct ibv_wc *done)
{
	struct fake_cq *fake = cq_of(cq);

	fake_rdma_check(fake->count < fake->max);
	fake->ring[(fake->first + fake->count++) % fake->max] = *done;
	if (fake->armed && cq->channel)
		fake_rdma_ring_bell(cq->channel->fd);
	fake->armed = false;
}

static int poll_cq(struct ibv_cq *cq, int max, struct ibv_wc *done)
{
	struct fake_cq *fake = cq_of(cq);
	int n;

	pthread_mutex_lock(&fake_rdma.lock);
	for (n = 0; n < max && fake->count; n++) {
		done[n] = fake->ring[fake->first];
		fake->first = (fake->first + 1) % fake->max;
		fake->count--;
	}
	pthread_mutex_unlock(&fake_rdma.lock);
	return n;
}

static int req_notify_cq(struct ibv_cq *cq, int solicited)
{
	(void)solicited;
	pthread_mutex_lock(&fake_rdma.lock);
	cq_of(cq)->armed = true;
	pthread_mutex_unlock(&fake_rdma.lock);
	return 0;
}

/*
 * What is sent.
 */

/* One more is there; false: there is no room. */
static bool arrive(struct fake_qp *to, const struct piece *piece, bool write,
		   const uint8_t *header, uint32_t header_len)
{
	const struct ibv_send_wr *request = &piece->request;
	const bool immediate = request->opcode == IBV_WR_SEND_WITH_IMM || write;
	struct ibv_wc come = { .byte_len = header_len + piece->len };
	unsigned int at;

	if (!to->offer_count)
		return false;
	at = to->offer_first;
	to->offer_first = (at + 1) % to->offer_max;
	to->offer_count--;
	fake_rdma_check(header_len + piece->len <= to->places[at].length ||
			write);
	come.wr_id = to->offers[at].wr_id;
	come.opcode = write ? IBV_WC_RECV_RDMA_WITH_IMM : IBV_WC_RECV;
	if (immediate) {
		come.wc_flags = IBV_WC_WITH_IMM;
		come.imm_data = htonl(ntohl(request->imm_data) +
				      fake_rdma.wrong_immediate);
	}
	if (write) {
		memcpy((void *)(uintptr_t)request->wr.rdma.remote_addr,
		       piece->bytes, piece->len);
	} else {
		uint8_t *place = (void *)(uintptr_t)to->places[at].addr;

		if (header_len)
			memcpy(place, header, header_len);
		memcpy(place + header_len, piece->bytes, piece->len);
	}
	complete(to->qp.recv_cq, &come);
	return true;
}

static void all_hear(struct fake_qp *from, const struct piece *piece)
{
	struct in_addr group = from->id->group;
	struct sockaddr_in *own = (void *)&from->id->id.route.addr.src_addr;
	uint8_t header[GRH] = { 0 };

	memcpy(header + 32, &own->sin_addr, 4);
	memcpy(header + 36, &group, 4);
	for (unsigned int i = 0; i < FAKE_RDMA_IDS; i++)
		if (fake_rdma.ids[i] &&
		    fake_rdma.ids[i]->group.s_addr == group.s_addr &&
		    fake_rdma.ids[i]->id.qp && fake_rdma.ids[i] != from->id)
			arrive(fake_rdma_qp(fake_rdma.ids[i]->id.qp), piece,
			       false, header, GRH);
}

/* 1: it is done; 0: it waits. */
static bool deliver(struct fake_qp *from, const struct piece *piece)
{
	struct fake_id *peer = from->id->peer;
	struct fake_qp *to =
		peer && peer->id.qp ? fake_rdma_qp(peer->id.qp) : NULL;

	if (from->qp.qp_type == IBV_QPT_UD) {
		all_hear(from, piece);
		return true;
	}
	if (!to || fake_rdma.vanished)
		return false;
	if (piece->request.opcode == IBV_WR_RDMA_WRITE)
		return true;
	return arrive(to, piece,
		      piece->request.opcode == IBV_WR_RDMA_WRITE_WITH_IMM, NULL,
		      0);
}

static void waiting_send(struct fake_qp *from)
{
	const struct ibv_wc done = { .status = IBV_WC_SUCCESS };

	while (from->waiting_count &&
	       deliver(from, &from->waiting[from->waiting_first])) {
		from->waiting_first =
			(from->waiting_first + 1) % from->waiting_max;
		from->waiting_count--;
		complete(from->qp.send_cq, &done);
	}
}

static void piece_make(struct piece *piece, const struct ibv_send_wr *request)
{
	piece->request = *request;
	piece->len = request->num_sge ? request->sg_list->length : 0;
	fake_rdma_check(piece->len <= FAKE_RDMA_PIECE);
	if (piece->len)
		memcpy(piece->bytes,
		       (const void *)(uintptr_t)request->sg_list->addr,
		       piece->len);
}

static int post_send(struct ibv_qp *qp, struct ibv_send_wr *request,
		     struct ibv_send_wr **bad)
{
	const struct ibv_wc lost = { .status = IBV_WC_RETRY_EXC_ERR };
	struct fake_qp *fake = fake_rdma_qp(qp);
	int err = 0;

	*bad = request;
	pthread_mutex_lock(&fake_rdma.lock);
	if (fake->waiting_count == fake->waiting_max) {
		err = ENOMEM;
	} else {
		piece_make(&fake->waiting[(fake->waiting_first +
					   fake->waiting_count++) %
					  fake->waiting_max],
			   request);
		waiting_send(fake);
		if (fake_rdma.vanished)
			complete(qp->send_cq, &lost);
	}
	pthread_mutex_unlock(&fake_rdma.lock);
	return err;
}

static int post_recv(struct ibv_qp *qp, struct ibv_recv_wr *offer,
		     struct ibv_recv_wr **bad)
{
	struct fake_qp *fake = fake_rdma_qp(qp);
	struct fake_id *peer;
	unsigned int at;

	*bad = offer;
	pthread_mutex_lock(&fake_rdma.lock);
	fake_rdma_check(fake->offer_count < fake->offer_max);
	at = (fake->offer_first + fake->offer_count++) % fake->offer_max;
	fake->offers[at] = *offer;
	fake->places[at] = *offer->sg_list;
	peer = fake->id->peer;
	if (peer && peer->id.qp)
		waiting_send(fake_rdma_qp(peer->id.qp));
	pthread_mutex_unlock(&fake_rdma.lock);
	return 0;
}

/*
 * Verbs.
 */

static struct ibv_device **get_device_list(int *count)
{
	struct ibv_device **list = calloc(2, sizeof(*list));

	*count = (int)fake_rdma.devices;
	list[0] = fake_rdma.devices ? &fake_rdma.device : NULL;
	return list;
}

static void free_device_list(struct ibv_device **list)
{
	free(list);
}

static const char *get_device_name(struct ibv_device *one)
{
	(void)one;
	return "fake0";
}

static struct ibv_pd *alloc_pd(struct ibv_context *its)
{
	struct ibv_pd *pd = calloc(1, sizeof(*pd));

	pd->context = its;
	return pd;
}

static int dealloc_pd(struct ibv_pd *pd)
{
	free(pd);
	return 0;
}

static struct ibv_mr *reg_mr(struct ibv_pd *pd, void *addr, size_t len,
			     int access)
{
	struct ibv_mr *region = calloc(1, sizeof(*region));

	(void)access;
	region->pd = pd;
	region->addr = addr;
	region->length = len;
	region->lkey = region->rkey = ++fake_rdma.next_number;
	return region;
}

static int dereg_mr(struct ibv_mr *region)
{
	free(region);
	return 0;
}

static struct ibv_comp_channel *create_comp_channel(struct ibv_context *its)
{
	struct ibv_comp_channel *channel = calloc(1, sizeof(*channel));

	channel->context = its;
	channel->fd = eventfd(0, EFD_CLOEXEC | EFD_SEMAPHORE);
	return channel;
}

static int destroy_comp_channel(struct ibv_comp_channel *channel)
{
	close(channel->fd);
	free(channel);
	return 0;
}

static struct ibv_cq *create_cq(struct ibv_context *its, int len,
				void *cq_context,
				struct ibv_comp_channel *channel, int vector)
{
	struct fake_cq *fake = calloc(1, sizeof(*fake));

	(void)cq_context, (void)vector;
	fake->cq.context = its;
	fake->cq.channel = channel;
	fake->max = (unsigned int)len + 1;
	fake->ring = calloc(fake->max, sizeof(fake->ring[0]));
	return &fake->cq;
}

static int destroy_cq(struct ibv_cq *cq)
{
	free(cq_of(cq)->ring);
	free(cq_of(cq));
	return 0;
}

static int get_cq_event(struct ibv_comp_channel *channel, struct ibv_cq **cq,
			void **cq_context)
{
	uint64_t one;

	(void)cq, (void)cq_context;
	return read(channel->fd, &one, sizeof(one)) < 0 ? -1 : 0;
}

static void ack_cq_events(struct ibv_cq *cq, unsigned int count)
{
	(void)cq, (void)count;
}

static int modify_qp(struct ibv_qp *qp, struct ibv_qp_attr *attributes,
		     int mask)
{
	(void)qp, (void)attributes, (void)mask;
	return 0;
}

static int query_port(struct ibv_context *its, uint8_t port, void *attributes)
{
	struct ibv_port_attr *found = attributes;

	(void)its, (void)port;
	found->active_mtu = IBV_MTU_1024;
	return 0;
}

static struct ibv_ah *create_ah(struct ibv_pd *pd, struct ibv_ah_attr *way)
{
	(void)way;
	return calloc(1, pd ? sizeof(struct ibv_ah) : 1);
}

static int destroy_ah(struct ibv_ah *way)
{
	free(way);
	return 0;
}

static const char *wc_status_str(enum ibv_wc_status status)
{
	return status == IBV_WC_RETRY_EXC_ERR ? "retries exceeded" : "flushed";
}

struct fake_rdma fake_rdma = {
	.lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP,
	.devices = 1,
	.next_port = 40000,
	.next_number = 100,
	.context.device = &fake_rdma.device,
	.context.ops.poll_cq = poll_cq,
	.context.ops.req_notify_cq = req_notify_cq,
	.context.ops.post_send = post_send,
	.context.ops.post_recv = post_recv,
};

static struct rdma_library fake = {
	.get_device_list = get_device_list,
	.free_device_list = free_device_list,
	.get_device_name = get_device_name,
	.alloc_pd = alloc_pd,
	.dealloc_pd = dealloc_pd,
	.reg_mr = reg_mr,
	.dereg_mr = dereg_mr,
	.create_comp_channel = create_comp_channel,
	.destroy_comp_channel = destroy_comp_channel,
	.create_cq = create_cq,
	.destroy_cq = destroy_cq,
	.get_cq_event = get_cq_event,
	.ack_cq_events = ack_cq_events,
	.modify_qp = modify_qp,
	.query_port = query_port,
	.create_ah = create_ah,
	.destroy_ah = destroy_ah,
	.wc_status_str = wc_status_str,
};

bool fake_rdma_use(void)
{
	fake_rdma_manager(&fake);
	rdma_library_replace(&fake);
	return true;
}

void fake_rdma_devices(unsigned int count)
{
	fake_rdma.devices = count;
}

void fake_rdma_vanish(bool vanish)
{
	fake_rdma.vanished = vanish;
}

void fake_rdma_immediate_add(unsigned int wrong)
{
	fake_rdma.wrong_immediate = wrong;
}

#else

bool fake_rdma_use(void)
{
	return false;
}

void fake_rdma_devices(unsigned int count)
{
	(void)count;
}

void fake_rdma_vanish(bool vanish)
{
	(void)vanish;
}

void fake_rdma_immediate_add(unsigned int wrong)
{
	(void)wrong;
}

#endif
