/* SPDX-License-Identifier: MIT */
/* How connections begin and end, of tests/support/fake_rdma. */
#include "tests/support/fake_rdma_state.h"

#ifdef HAVE_RDMA

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

static struct fake_id *id_of(struct rdma_cm_id *id)
{
	return container_of(id, struct fake_id, id);
}

static int error(int number)
{
	errno = number;
	return -1;
}

static void tell(struct fake_id *id, enum rdma_cm_event_type type, int status,
		 const void *said, size_t len, size_t padded)
{
	struct fake_channel *channel =
		container_of(id->id.channel, struct fake_channel, channel);
	struct rdma_cm_event *event = calloc(1, sizeof(*event));

	event->id = &id->id;
	event->event = type;
	event->status = status;
	if (said) {
		uint8_t *copy = calloc(1, padded);

		memcpy(copy, said, len);
		event->param.conn.private_data = copy;
		event->param.conn.private_data_len = (uint8_t)padded;
	}
	fake_rdma_check(channel->count < ARRAY_SIZE(channel->events));
	channel->events[(channel->first + channel->count++) %
			ARRAY_SIZE(channel->events)] = event;
	fake_rdma_ring_bell(channel->channel.fd);
}

static struct rdma_event_channel *create_event_channel(void)
{
	struct fake_channel *channel = calloc(1, sizeof(*channel));

	channel->channel.fd = eventfd(0, EFD_CLOEXEC | EFD_SEMAPHORE);
	return &channel->channel;
}

static void event_free(struct rdma_cm_event *event)
{
	union {
		const void *said;
		void *bytes;
	} copy = { event->event == RDMA_CM_EVENT_MULTICAST_JOIN
			   ? NULL
			   : event->param.conn.private_data };

	free(copy.bytes);
	free(event);
}

static void destroy_event_channel(struct rdma_event_channel *channel)
{
	struct fake_channel *fake =
		container_of(channel, struct fake_channel, channel);

	while (fake->count--)
		event_free(
			fake->events[fake->first++ % ARRAY_SIZE(fake->events)]);
	close(channel->fd);
	free(fake);
}

static int get_cm_event(struct rdma_event_channel *channel,
			struct rdma_cm_event **event)
{
	struct fake_channel *fake =
		container_of(channel, struct fake_channel, channel);
	uint64_t one;

	if (read(channel->fd, &one, sizeof(one)) < 0)
		return -1;
	pthread_mutex_lock(&fake_rdma.lock);
	*event = fake->events[fake->first];
	fake->first = (fake->first + 1) % ARRAY_SIZE(fake->events);
	fake->count--;
	pthread_mutex_unlock(&fake_rdma.lock);
	return 0;
}

static int ack_cm_event(struct rdma_cm_event *event)
{
	event_free(event);
	return 0;
}

static int create_id(struct rdma_event_channel *channel, struct rdma_cm_id **id,
		     void *its, enum rdma_port_space ps)
{
	struct fake_id *fake = calloc(1, sizeof(*fake));
	unsigned int i = 0;

	fake->id.channel = channel;
	fake->id.context = its;
	fake->id.ps = ps;
	pthread_mutex_lock(&fake_rdma.lock);
	while (fake_rdma.ids[i])
		fake_rdma_check(++i < FAKE_RDMA_IDS);
	fake_rdma.ids[i] = fake;
	pthread_mutex_unlock(&fake_rdma.lock);
	*id = &fake->id;
	return 0;
}

static void part(struct fake_id *id)
{
	if (id->connected && id->peer && id->peer->connected)
		tell(id->peer, RDMA_CM_EVENT_DISCONNECTED, 0, NULL, 0, 0);
	id->connected = false;
}

static int disconnect(struct rdma_cm_id *id)
{
	pthread_mutex_lock(&fake_rdma.lock);
	part(id_of(id));
	pthread_mutex_unlock(&fake_rdma.lock);
	return 0;
}

static int destroy_id(struct rdma_cm_id *id)
{
	struct fake_id *fake = id_of(id);

	pthread_mutex_lock(&fake_rdma.lock);
	part(fake);
	if (fake->peer)
		fake->peer->peer = NULL;
	for (unsigned int i = 0; i < FAKE_RDMA_IDS; i++)
		if (fake_rdma.ids[i] == fake)
			fake_rdma.ids[i] = NULL;
	pthread_mutex_unlock(&fake_rdma.lock);
	free(fake);
	return 0;
}

static void destroy_qp(struct rdma_cm_id *id)
{
	struct fake_qp *fake;

	if (!id->qp)
		return;
	pthread_mutex_lock(&fake_rdma.lock);
	fake = fake_rdma_qp(id->qp);
	id->qp = NULL;
	pthread_mutex_unlock(&fake_rdma.lock);
	munmap(fake->waiting, fake->waiting_max * sizeof(fake->waiting[0]));
	free(fake->offers);
	free(fake->places);
	free(fake);
}

static int create_qp(struct rdma_cm_id *id, struct ibv_pd *pd,
		     struct ibv_qp_init_attr *wanted)
{
	struct fake_qp *fake;

	if (wanted->cap.max_inline_data > 512)
		return error(EINVAL);
	fake = calloc(1, sizeof(*fake));
	fake->id = id_of(id);
	fake->qp.context = pd->context;
	fake->qp.send_cq = wanted->send_cq;
	fake->qp.recv_cq = wanted->recv_cq;
	fake->qp.qp_type = wanted->qp_type;
	fake->qp.qp_num = ++fake_rdma.next_number;
	fake->offer_max = wanted->cap.max_recv_wr + 1;
	fake->waiting_max = wanted->cap.max_send_wr;
	/* No sanitizer keeps it when it is given back. */
	fake->waiting = mmap(NULL, fake->waiting_max * sizeof(fake->waiting[0]),
			     PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	fake_rdma_check(fake->waiting != MAP_FAILED);
	fake->offers = calloc(fake->offer_max, sizeof(fake->offers[0]));
	fake->places = calloc(fake->offer_max, sizeof(fake->places[0]));
	id->qp = &fake->qp;
	return 0;
}

static void address_set(struct sockaddr *to, const struct sockaddr *from,
			uint16_t port)
{
	struct sockaddr_in address;

	memcpy(&address, from, sizeof(address));
	if (port)
		address.sin_port = htons(port);
	memcpy(to, &address, sizeof(address));
}

static int bind_addr(struct rdma_cm_id *id, struct sockaddr *address)
{
	if (!fake_rdma.devices)
		return error(ENODEV);
	address_set(rdma_get_local_addr(id), address, 0);
	id->verbs = &fake_rdma.context;
	id->port_num = 1;
	return 0;
}

static int resolve_addr(struct rdma_cm_id *id, struct sockaddr *source,
			struct sockaddr *destination, int timeout_ms)
{
	(void)source, (void)timeout_ms;
	pthread_mutex_lock(&fake_rdma.lock);
	address_set(rdma_get_peer_addr(id), destination, 0);
	address_set(rdma_get_local_addr(id), destination,
		    fake_rdma.next_port++);
	id->verbs = fake_rdma.devices ? &fake_rdma.context : NULL;
	id->port_num = 1;
	tell(id_of(id),
	     fake_rdma.devices ? RDMA_CM_EVENT_ADDR_RESOLVED
			       : RDMA_CM_EVENT_ADDR_ERROR,
	     fake_rdma.devices ? 0 : -ENODEV, NULL, 0, 0);
	pthread_mutex_unlock(&fake_rdma.lock);
	return 0;
}

static int resolve_route(struct rdma_cm_id *id, int timeout_ms)
{
	(void)timeout_ms;
	pthread_mutex_lock(&fake_rdma.lock);
	tell(id_of(id), RDMA_CM_EVENT_ROUTE_RESOLVED, 0, NULL, 0, 0);
	pthread_mutex_unlock(&fake_rdma.lock);
	return 0;
}

static uint16_t port_of(struct sockaddr *address)
{
	return ((struct sockaddr_in *)(void *)address)->sin_port;
}

static struct fake_id *listener_of(struct rdma_cm_id *id)
{
	for (unsigned int i = 0; i < FAKE_RDMA_IDS; i++)
		if (fake_rdma.ids[i] && fake_rdma.ids[i]->listens &&
		    port_of(rdma_get_local_addr(&fake_rdma.ids[i]->id)) ==
			    port_of(rdma_get_peer_addr(id)))
			return fake_rdma.ids[i];
	return NULL;
}

/* As a device has it: 56 bytes of a request's, 196 of a reply's. */
static int connect_id(struct rdma_cm_id *id, struct rdma_conn_param *said)
{
	struct fake_id *listener;
	struct rdma_cm_id *new;

	pthread_mutex_lock(&fake_rdma.lock);
	listener = listener_of(id);
	if (!listener) {
		tell(id_of(id), RDMA_CM_EVENT_REJECTED, 8, NULL, 0, 0);
	} else {
		create_id(listener->id.channel, &new, NULL, RDMA_PS_TCP);
		new->verbs = &fake_rdma.context;
		new->port_num = 1;
		address_set(rdma_get_local_addr(new), rdma_get_peer_addr(id),
			    0);
		address_set(rdma_get_peer_addr(new), rdma_get_local_addr(id),
			    0);
		id_of(new)->peer = id_of(id);
		id_of(id)->peer = id_of(new);
		tell(id_of(new), RDMA_CM_EVENT_CONNECT_REQUEST, 0,
		     said->private_data, said->private_data_len, 56);
	}
	pthread_mutex_unlock(&fake_rdma.lock);
	return 0;
}

static int listen_id(struct rdma_cm_id *id, int backlog)
{
	(void)backlog;
	id_of(id)->listens = true;
	return 0;
}

static int accept_id(struct rdma_cm_id *id, struct rdma_conn_param *said)
{
	struct fake_id *fake = id_of(id);

	pthread_mutex_lock(&fake_rdma.lock);
	if (fake->peer) {
		fake->connected = fake->peer->connected = true;
		tell(fake->peer, RDMA_CM_EVENT_ESTABLISHED, 0,
		     said->private_data, said->private_data_len, 196);
		tell(fake, RDMA_CM_EVENT_ESTABLISHED, 0, NULL, 0, 0);
	}
	pthread_mutex_unlock(&fake_rdma.lock);
	return 0;
}

static int reject_id(struct rdma_cm_id *id, const void *said, uint8_t len)
{
	(void)said, (void)len;
	pthread_mutex_lock(&fake_rdma.lock);
	if (id_of(id)->peer)
		tell(id_of(id)->peer, RDMA_CM_EVENT_REJECTED, 28, NULL, 0, 0);
	pthread_mutex_unlock(&fake_rdma.lock);
	return 0;
}

static int migrate_id(struct rdma_cm_id *id, struct rdma_event_channel *channel)
{
	id->channel = channel;
	return 0;
}

static int join_multicast(struct rdma_cm_id *id, struct sockaddr *group,
			  void *its)
{
	struct fake_channel *channel =
		container_of(id->channel, struct fake_channel, channel);

	(void)its;
	pthread_mutex_lock(&fake_rdma.lock);
	id_of(id)->group = ((struct sockaddr_in *)(void *)group)->sin_addr;
	tell(id_of(id), RDMA_CM_EVENT_MULTICAST_JOIN, 0, NULL, 0, 0);
	channel->events[channel->first]->param.ud.qp_num = 0xffffff;
	pthread_mutex_unlock(&fake_rdma.lock);
	return 0;
}

static int leave_multicast(struct rdma_cm_id *id, struct sockaddr *group)
{
	(void)group;
	id_of(id)->group.s_addr = 0;
	return 0;
}

void fake_rdma_manager(struct rdma_library *library)
{
	library->create_event_channel = create_event_channel;
	library->destroy_event_channel = destroy_event_channel;
	library->create_id = create_id;
	library->destroy_id = destroy_id;
	library->bind_addr = bind_addr;
	library->resolve_addr = resolve_addr;
	library->resolve_route = resolve_route;
	library->create_qp = create_qp;
	library->destroy_qp = destroy_qp;
	library->connect = connect_id;
	library->listen = listen_id;
	library->accept = accept_id;
	library->reject = reject_id;
	library->disconnect = disconnect;
	library->migrate_id = migrate_id;
	library->get_cm_event = get_cm_event;
	library->ack_cm_event = ack_cm_event;
	library->join_multicast = join_multicast;
	library->leave_multicast = leave_multicast;
}

#endif
