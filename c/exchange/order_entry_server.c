/* SPDX-License-Identifier: MIT */
#include "exchange/order_entry_server.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "channel/channel_ops.h"
#include "net/socket.h"

#define CODEC	"raw"
#define BACKLOG 16

int order_entry_server_open(struct order_entry_server *server,
			    const struct order_entry_config *config)
{
	*server = (struct order_entry_server){ .config = config };
	server->client = -1;
	server->listener = socket_listen(&config->listen, BACKLOG);
	return server->listener < 0 ? server->listener : 0;
}

static struct order_entry_waiting waiting_remove(
	struct order_entry_server *server, unsigned int at)
{
	struct order_entry_waiting *waiting = &server->waiting[at];
	struct order_entry_waiting removed = *waiting;

	server->waiting_count--;
	memmove(waiting, waiting + 1,
		(server->waiting_count - at) * sizeof(*waiting));
	return removed;
}

static unsigned int waiting_from(const struct order_entry_server *server,
				 struct in_addr address)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < server->waiting_count; i++)
		count += server->waiting[i].peer.sin_addr.s_addr ==
			 address.s_addr;
	return count;
}

/* Whose place is taken by somebody new. */
static unsigned int crowding_find(const struct order_entry_server *server)
{
	unsigned int found = 0, most = 0;

	for (unsigned int i = 0; i < server->waiting_count; i++) {
		unsigned int count =
			waiting_from(server, server->waiting[i].peer.sin_addr);

		if (count > most) {
			most = count;
			found = i;
		}
	}
	return found;
}

/* The next one's connection, from the queue or the listener; -EAGAIN: nobody
 * waits. */
static int next_connection(struct order_entry_server *server,
			   struct sockaddr_in *peer)
{
	struct order_entry_waiting next;
	unsigned int at = 0;
	int fd;

	if (server->waiting_count == 0) {
		fd = socket_accept(server->listener, peer);
		if (fd >= 0)
			server->last = peer->sin_addr;
		return fd;
	}
	while (at < server->waiting_count &&
	       server->waiting[at].peer.sin_addr.s_addr == server->last.s_addr)
		at++;
	next = waiting_remove(server, at < server->waiting_count ? at : 0);
	*peer = next.peer;
	server->last = peer->sin_addr;
	return next.fd;
}

void order_entry_server_close(struct order_entry_server *server)
{
	order_entry_server_end(server);
	while (server->waiting_count > 0)
		close(waiting_remove(server, 0).fd);
	if (server->listener >= 0)
		close(server->listener);
	server->listener = -1;
}

int order_entry_server_accept(struct order_entry_server *server)
{
	const struct order_entry_config *config = server->config;
	struct sockaddr_in peer;
	int err, fd = next_connection(server, &peer);

	if (fd < 0)
		return fd == -EAGAIN ? 0 : fd;
	err = channel_open(CODEC, &server->channel);
	if (err) {
		close(fd);
		return err;
	}
	/* Without it a dead peer is noticed late; no reason to turn it away. */
	if (config->keepalive_idle_s)
		socket_keepalive(fd, config->keepalive_idle_s,
				 config->keepalive_interval_s,
				 config->keepalive_probes);
	server->client = fd;
	server->len = 0;
	server->early_len = server->decoded_len = 0;
	server->leaving = false;
	server->received_ns = clock_monotonic_ns();
	order_rate_start(&server->rate, config->orders_per_s);
	address_format(&peer, server->peer);
	return 1;
}

int order_entry_server_refuse(struct order_entry_server *server)
{
	char text[ADDRESS_TEXT_MAX];
	struct sockaddr_in peer;
	int fd = socket_accept(server->listener, &peer);

	if (fd < 0)
		return fd == -EAGAIN ? 0 : fd;
	server->refused++;
	log_warning_repeats(&server->refusals,
			    "refused %s: %s is connected, one trader at a time",
			    address_format(&peer, text), server->peer);
	close(fd);
	return 1;
}

int order_entry_server_queue(struct order_entry_server *server)
{
	char text[ADDRESS_TEXT_MAX];
	struct sockaddr_in peer;
	int fd = socket_accept(server->listener, &peer);

	if (fd < 0)
		return fd == -EAGAIN ? 0 : fd;
	if (server->waiting_count == ORDER_ENTRY_WAITING_MAX) {
		struct order_entry_waiting removed =
			waiting_remove(server, crowding_find(server));

		server->refused++;
		log_warning_repeats(&server->refusals,
				    "refused %s: too many wait",
				    address_format(&removed.peer, text));
		close(removed.fd);
	}
	server->waiting[server->waiting_count++] =
		(struct order_entry_waiting){ .fd = fd, .peer = peer };
	return 1;
}

static size_t unread_len(const struct order_entry_server *server)
{
	int len = 0;

	if (ioctl(server->client, FIONREAD, &len) < 0 || len < 0)
		return 0;
	return (size_t)len;
}

uint16_t order_entry_server_port(const struct order_entry_server *server)
{
	struct sockaddr_in peer = { 0 };
	socklen_t len = sizeof(peer);

	if (getpeername(server->client, (struct sockaddr *)&peer, &len) < 0)
		return 0;
	return ntohs(peer.sin_port);
}

void order_entry_server_begin(struct order_entry_server *server)
{
	server->received_ns = clock_monotonic_ns();
	server->early_len = unread_len(server);
	if (server->early_len > 0)
		log_warning("%s: %" PRIu64 " bytes came before TRANSMIT; they "
			    "are taken now",
			    server->peer, server->early_len);
}

void order_entry_server_leave(struct order_entry_server *server)
{
	socklen_t len = sizeof(int);
	int buffer = 0;

	getsockopt(server->client, SOL_SOCKET, SO_RCVBUF, &buffer, &len);
	server->last_len = unread_len(server) + (size_t)buffer;
	server->leaving = true;
}

int order_entry_server_receive(struct order_entry_server *server)
{
	size_t room = sizeof(server->bytes) - server->len;
	ssize_t n;

	if (room == 0)
		return -EMSGSIZE;
	if (room > ORDER_ENTRY_RECEIVE_LEN)
		room = ORDER_ENTRY_RECEIVE_LEN;
	if (server->leaving) {
		if (server->last_len == 0)
			return 0;
		if (room > server->last_len)
			room = server->last_len;
	}
	n = recv(server->client, server->bytes + server->len, room,
		 MSG_DONTWAIT);
	if (n > 0) {
		server->len += (size_t)n;
		server->last_len -= server->leaving ? (size_t)n : 0;
		server->received_ns = clock_monotonic_ns();
		return 1;
	}
	if (n == 0)
		return -EPIPE;
	return errno == EAGAIN || errno == EINTR ? 0 : -errno;
}

int order_entry_server_next(struct order_entry_server *server,
			    struct order_entry *entry)
{
	struct channel_bytes bytes = { .in = server->bytes,
				       .in_len = server->len };
	int rc;

	rc = server->channel->ops->decode(server->channel, &bytes,
					  &entry->order);
	if (rc > 0) {
		entry->fault = order_fault(&entry->order);
		if (!entry->fault &&
		    !order_rate_take(&server->rate, server->received_ns))
			entry->fault = "more orders than --order-rate allows";
		entry->early = server->decoded_len < server->early_len;
	}
	server->decoded_len += bytes.consumed;
	server->len -= bytes.consumed;
	memmove(server->bytes, server->bytes + bytes.consumed, server->len);
	return rc;
}

int order_entry_server_fault(const struct order_entry_server *server)
{
	socklen_t len = sizeof(int);
	int err = 0;

	getsockopt(server->client, SOL_SOCKET, SO_ERROR, &err, &len);
	return err ? -err : -EPIPE;
}

void order_entry_server_end(struct order_entry_server *server)
{
	size_t unread;

	if (server->client < 0)
		return;
	unread = unread_len(server);
	if (server->len > 0)
		log_warning("%s: the order stream ended inside an order: %zu "
			    "of %d bytes",
			    server->peer, server->len, ORDER_LEN);
	if (unread > 0)
		log_warning("%s: %zu bytes of orders were left unread",
			    server->peer, unread);
	close(server->client);
	server->client = -1;
	channel_close(server->channel);
	server->channel = NULL;
}
