/* SPDX-License-Identifier: MIT */
/* Datagrams of RDMA, of --send rdma: the device writes them into our memory. */
#include "receive/receive_ops.h"

#ifdef HAVE_RDMA

#include <poll.h>
#include <stdbool.h>

#include "base/log.h"
#include "net/interface.h"
#include "net/rdma_group.h"

#define WHO	 "--receive rdma"
#define SLEEP_MS 100

enum rdma_wait { RDMA_WAIT_SPIN, RDMA_WAIT_POLL };
static const char *const rdma_waits[] = { "spin", "poll", NULL };

struct receive_rdma {
	struct receive receive;
	uint64_t slots;
	unsigned int wait; /* enum rdma_wait */
	struct rdma_group group;
	uint64_t strangers;
	/* Yielded by the last poll: to be offered again. */
	uint32_t yielded[2 * RECEIVE_BURST_MAX];
	unsigned int yielded_count;
	/* Found while a descriptor was asked for, in order. */
	struct ibv_wc come[RECEIVE_BURST_MAX];
	unsigned int come_count;
};

static const struct option_row rdma_options[] = {
	{ .name = "slots",
	  .metavar = "N",
	  .def = "1024",
	  .type = OPTION_UNSIGNED,
	  .min = RDMA_GROUP_SLOTS_MIN,
	  .max = RDMA_GROUP_SLOTS_MAX,
	  .offset = offsetof(struct receive_rdma, slots),
	  .help = "datagrams that may wait for us; more are lost, uncounted" },
	{ .name = "wait",
	  .metavar = "HOW",
	  .def = "spin",
	  .type = OPTION_CHOICE,
	  .choices = rdma_waits,
	  .offset = offsetof(struct receive_rdma, wait),
	  .help = "spin: look over and over; poll: sleep until the device "
		  "tells" },
	OPTION_END,
};

static struct receive_rdma *rdma_self(struct receive *receive)
{
	return container_of(receive, struct receive_rdma, receive);
}

static int rdma_open_path(struct receive *receive)
{
	struct receive_rdma *self = rdma_self(receive);
	struct interface interface;
	int err = interface_find(receive->config.interface, &interface);

	if (err) {
		log_error(WHO ": interface '%s': %s", receive->config.interface,
			  log_strerror(err));
		return err;
	}
	err = rdma_group_open(&self->group,
			      &(struct rdma_group_config){
				      .who = WHO,
				      .group = receive->config.group,
				      .own = interface.address,
				      .receives = (uint32_t)self->slots,
				      .sleeps = true,
			      });
	if (!err && self->wait == RDMA_WAIT_POLL)
		receive->caps |= RECEIVE_SLEEPS;
	return err;
}

/* 0 or a negative errno. */
static int give_back(struct receive_rdma *self)
{
	int err = 0;

	for (unsigned int i = 0; i < self->yielded_count && !err; i++)
		err = rdma_queue_offer(&self->group.queue, self->yielded[i]);
	self->yielded_count = 0;
	return err;
}

/* What has come: how many of them are ours, or a negative errno. */
static int yield(struct receive_rdma *self, const struct ibv_wc *come, int n,
		 struct packet *packets)
{
	const struct in_addr source = self->receive.config.source;
	int ours = 0;

	for (int i = 0; i < n; i++) {
		const uint32_t slot = (uint32_t)come[i].wr_id;

		self->yielded[self->yielded_count++] = slot;
		switch (rdma_group_look(&self->group, &come[i], source)) {
		case RDMA_DATAGRAM_OURS:
			packets[ours++] = (struct packet){
				.data = rdma_queue_slot(&self->group.queue,
							slot) +
					RDMA_GRH_LEN,
				.len = come[i].byte_len - RDMA_GRH_LEN,
			};
			break;
		case RDMA_DATAGRAM_STRANGERS:
			self->strangers++;
			break;
		case RDMA_DATAGRAM_OTHER:
			if (come[i].status == IBV_WC_WR_FLUSH_ERR)
				return -ENODEV;
			break;
		}
	}
	return ours;
}

static int come_take(struct receive_rdma *self, struct packet *packets,
		     unsigned int max)
{
	struct ibv_wc come[RECEIVE_BURST_MAX];
	int n;

	if (self->come_count > 0) {
		const unsigned int held = self->come_count;

		self->come_count = 0;
		if (held <= max)
			return yield(self, self->come, (int)held, packets);
		/* A caller who takes fewer than it did. */
		self->come_count = held - max;
		n = yield(self, self->come, (int)max, packets);
		for (unsigned int i = 0; i < self->come_count; i++)
			self->come[i] = self->come[max + i];
		return n;
	}
	n = rdma_queue_take(&self->group.queue, come, (int)max);
	return n <= 0 ? n : yield(self, come, n, packets);
}

/* From now on poll(2) tells; what has come before is kept. 0; -EAGAIN: there
 * is some; or another negative errno. */
static int sleep_begin(struct receive_rdma *self)
{
	int n, err = rdma_queue_arm(&self->group.queue);

	if (err)
		return err;
	n = rdma_queue_take(&self->group.queue, self->come, RECEIVE_BURST_MAX);
	if (n < 0)
		return n;
	self->come_count = (unsigned int)n;
	return n ? -EAGAIN : 0;
}

static int rdma_poll(struct receive *receive, struct packet *packets,
		     unsigned int max)
{
	struct receive_rdma *self = rdma_self(receive);
	struct pollfd readable = { .events = POLLIN };
	int n = give_back(self);

	if (!n)
		n = come_take(self, packets, max);
	if (__builtin_expect(n != 0 || self->wait == RDMA_WAIT_SPIN, 1))
		return n;
	n = sleep_begin(self);
	if (n && n != -EAGAIN)
		return n;
	readable.fd = self->group.queue.events->fd;
	if (!n && poll(&readable, 1, SLEEP_MS) <= 0)
		return 0;
	return come_take(self, packets, max);
}

static int rdma_descriptor(struct receive *receive)
{
	struct receive_rdma *self = rdma_self(receive);
	int err = give_back(self);

	if (!err)
		err = self->come_count ? -EAGAIN : sleep_begin(self);
	return err ? err : self->group.queue.events->fd;
}

static int rdma_alive(struct receive *receive)
{
	return rdma_group_alive(&rdma_self(receive)->group);
}

static uint64_t rdma_strangers(const struct receive *receive)
{
	return ((const struct receive_rdma *)receive)->strangers;
}

static void rdma_close_path(struct receive *receive)
{
	rdma_group_close(&rdma_self(receive)->group);
}

#endif

const struct receive_ops receive_rdma_ops = {
	.entry.name = "rdma",
	.entry.help = "datagrams of RDMA, of --send rdma",
#ifdef HAVE_RDMA
	.caps = RECEIVE_BYPASS,
	.entry.size = sizeof(struct receive_rdma),
	.entry.options = rdma_options,
	.entry.probe = rdma_library_probe,
	.open = rdma_open_path,
	.alive = rdma_alive,
	.strangers = rdma_strangers,
	.poll = rdma_poll,
	.descriptor = rdma_descriptor,
	.close = rdma_close_path,
#else
	.entry.unavailable_reason = "built without rdma-core",
#endif
};
