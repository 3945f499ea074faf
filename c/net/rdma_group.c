/* SPDX-License-Identifier: MIT */
#include "net/rdma_group.h"

#ifdef HAVE_RDMA

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/address.h"

#define JOIN_NS (5 * CLOCK_NS_PER_S)

/* Of the last 20 of the bytes before a datagram, which are its IPv4 header. */
enum { SOURCE_AT = 32, DESTINATION_AT = 36 };

static int fault(const struct rdma_group *group, const char *step, int err)
{
	char text[ADDRESS_TEXT_MAX];

	log_error("%s: %s: %s: %s", group->config.who,
		  address_format(&group->config.group, text), step,
		  log_strerror(err));
	return err;
}

/* To the interface's device. */
static int device_bind(struct rdma_group *group)
{
	struct sockaddr_in own = { .sin_family = AF_INET,
				   .sin_addr = group->config.own };
	int err;

	group->channel = rdma_events_open(group->rdma);
	if (!group->channel ||
	    group->rdma->create_id(group->channel, &group->id, NULL,
				   RDMA_PS_UDP) ||
	    group->rdma->bind_addr(group->id, (void *)&own)) {
		err = rdma_library_error();
		return err == -ENODEV ? rdma_events_no_device(group->config.who,
							      own.sin_addr)
				      : fault(group, "the device", err);
	}
	if (!group->id->verbs)
		return rdma_events_no_device(group->config.who, own.sin_addr);
	return 0;
}

static int queue_open(struct rdma_group *group)
{
	const struct rdma_group_config *config = &group->config;
	struct rdma_queue_config wanted = {
		.who = config->who,
		.datagrams = true,
		.sleeps = config->sleeps,
		.sends = config->sends,
		.receives = config->receives,
		.inline_len = config->inline_len,
	};

	group->mtu = rdma_queue_mtu(group->rdma, group->id);
	if (!group->mtu)
		return fault(group, "the port's state", -EIO);
	wanted.slot_len = RDMA_GRH_LEN + group->mtu;
	return rdma_queue_open(&group->queue, group->id, group->rdma, &wanted);
}

static int join(struct rdma_group *group)
{
	const uint64_t deadline_ns = clock_monotonic_ns() + JOIN_NS;
	struct rdma_event event;
	int err;

	if (group->rdma->join_multicast(group->id, (void *)&group->config.group,
					NULL))
		return fault(group, "can't be joined", rdma_library_error());
	err = rdma_events_wait(group->rdma, group->channel, &event, deadline_ns,
			       NULL);
	if (!err && event.type != RDMA_CM_EVENT_MULTICAST_JOIN)
		err = event.status < 0 ? event.status : -EIO;
	if (err)
		return fault(group, "can't be joined", err);
	group->qp = event.qp_num;
	group->qkey = event.qkey;
	if (!group->config.sends)
		return 0;
	if (group->config.ttl)
		event.way.grh.hop_limit = group->config.ttl;
	group->way = group->rdma->create_ah(group->queue.pd, &event.way);
	return group->way ? 0
			  : fault(group, "the way there", rdma_library_error());
}

int rdma_group_open(struct rdma_group *group,
		    const struct rdma_group_config *config)
{
	int err;

	*group = (struct rdma_group){ .config = *config,
				      .rdma = rdma_library_for(config->who) };
	if (!group->rdma)
		return -EOPNOTSUPP;
	err = device_bind(group);
	err = err ? err : queue_open(group);
	err = err ? err : join(group);
	if (err)
		rdma_group_close(group);
	return err;
}

void rdma_group_close(struct rdma_group *group)
{
	if (group->qp)
		group->rdma->leave_multicast(group->id,
					     (void *)&group->config.group);
	if (group->way)
		group->rdma->destroy_ah(group->way);
	if (group->queue.pd)
		rdma_queue_close(&group->queue);
	if (group->id)
		group->rdma->destroy_id(group->id);
	if (group->channel)
		group->rdma->destroy_event_channel(group->channel);
	*group = (struct rdma_group){ .config = group->config };
}

int rdma_group_send(struct rdma_group *group, const uint8_t *bytes, size_t len)
{
	struct rdma_queue *queue = &group->queue;
	struct ibv_send_wr request = {
		.opcode = IBV_WR_SEND_WITH_IMM,
		.imm_data = htonl(ntohs(group->config.group.sin_port)),
		.wr.ud.ah = group->way,
		.wr.ud.remote_qpn = group->qp,
		.wr.ud.remote_qkey = group->qkey,
	};
	int err;

	if (len > group->mtu)
		return -EMSGSIZE;
	err = rdma_queue_reap(queue);
	if (!err && rdma_queue_waiting(queue) >= queue->config.sends)
		return -ENOBUFS;
	if (!err)
		err = rdma_queue_send(queue, bytes, (uint32_t)len, &request);
	return err == -ENOMEM ? -ENOBUFS : err;
}

enum rdma_datagram rdma_group_look(const struct rdma_group *group,
				   const struct ibv_wc *come,
				   struct in_addr source)
{
	const uint8_t *bytes =
		rdma_queue_slot(&group->queue, (uint32_t)come->wr_id);
	const struct sockaddr_in *wanted = &group->config.group;

	if (come->status != IBV_WC_SUCCESS || come->byte_len < RDMA_GRH_LEN ||
	    !(come->wc_flags & IBV_WC_WITH_IMM) ||
	    ntohl(come->imm_data) != ntohs(wanted->sin_port) ||
	    memcmp(bytes + DESTINATION_AT, &wanted->sin_addr, 4) != 0)
		return RDMA_DATAGRAM_OTHER;
	if (source.s_addr && memcmp(bytes + SOURCE_AT, &source, 4) != 0)
		return RDMA_DATAGRAM_STRANGERS;
	return RDMA_DATAGRAM_OURS;
}

int rdma_group_alive(struct rdma_group *group)
{
	struct rdma_event event;
	int n = rdma_events_next(group->rdma, group->channel, &event);

	if (n <= 0)
		return n;
	return event.type == RDMA_CM_EVENT_DEVICE_REMOVAL ||
			       event.type == RDMA_CM_EVENT_MULTICAST_ERROR
		       ? -ENODEV
		       : 0;
}

#endif
