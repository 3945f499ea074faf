/* SPDX-License-Identifier: MIT */
#include "exchange/order_entry_server.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "exchange/order_entry_waiting.h"
#include "order/channel_end.h"
#include "order/channel_ops.h"

#define BACKLOG	      16
#define LOOK_AGAIN_NS CLOCK_NS_PER_MS
#define ENDED_NS      (100 * CLOCK_NS_PER_MS) /* between two looks */

int order_entry_server_open(struct order_entry_server *server,
			    const struct order_entry_config *config)
{
	const struct transport_place place = { .address = config->listen,
					       .backlog = BACKLOG };
	int err = channel_check(config->channel, CHANNEL_EXCHANGE);

	*server = (struct order_entry_server){ .config = config };
	if (err)
		return err;
	return transport_listen(config->transport ? config->transport : "send",
				&place, &server->listener);
}

void order_entry_server_close(struct order_entry_server *server)
{
	order_entry_server_end(server);
	while (server->waiting_count > 0)
		order_entry_waiting_close(server, 0);
	transport_close(server->listener);
	server->listener = NULL;
}

int order_entry_server_accept(struct order_entry_server *server)
{
	const struct order_entry_config *config = server->config;
	struct order_entry_waiting next;
	int rc, at = order_entry_waiting_turn(server);

	if (at < 0) {
		rc = order_entry_waiting_add(server);
		if (rc <= 0)
			return rc;
		at = order_entry_waiting_turn(server);
		if (at < 0)
			return 0;
	}
	next = order_entry_waiting_remove(server, (unsigned int)at);
	server->last = next.end->peer.sin_addr;
	if (next.end->ops->keepalive)
		next.end->ops->keepalive(next.end, &config->keepalive);
	server->client = next.end;
	server->channel = next.channel;
	server->early_len = server->decoded_len = 0;
	server->leaving = server->taking = server->unfinished = false;
	server->over = server->marks = false;
	server->received_ns = clock_monotonic_ns();
	rate_limit_start(&server->rate, config->orders_per_s,
			 config->orders_per_s);
	address_format(&next.end->peer, server->peer);
	return 1;
}

uint64_t order_entry_server_due_ns(const struct order_entry_server *server)
{
	uint64_t due_ns = order_entry_waiting_due_ns(server);

	if (!server->client)
		return due_ns;
	if (server->client->ops->ended)
		due_ns = clock_sooner(due_ns, clock_monotonic_ns() + ENDED_NS);
	return clock_sooner(due_ns, server->channel->due_ns);
}

int order_entry_server_tick(struct order_entry_server *server, uint64_t now_ns,
			    bool reading)
{
	int err;

	order_entry_waiting_tick(server, now_ns);
	if (!server->client)
		return 0;
	err = server->client->ops->ended
		      ? server->client->ops->ended(server->client)
		      : 0;
	if (err && !server->unfinished)
		return err;
	if (!server->taking || server->unfinished || !reading)
		server->channel->received_ns = now_ns;
	return channel_end_tick(server->channel, server->client, now_ns);
}

const char *order_entry_server_reason(const struct order_entry_server *server,
				      int err)
{
	return server->channel ? channel_reason(server->channel, err)
			       : log_strerror(err);
}

int order_entry_server_refuse(struct order_entry_server *server)
{
	char text[ADDRESS_TEXT_MAX];
	struct order_end *end;
	int err = transport_accept(server->listener, &end);

	if (err)
		return err == -EAGAIN ? 0 : err;
	server->refused++;
	log_warning_repeats(&server->refusals,
			    "refused %s: %s is connected, one trader at a time",
			    address_format(&end->peer, text), server->peer);
	order_end_close(end);
	return 1;
}

int order_entry_server_queue(struct order_entry_server *server)
{
	return order_entry_waiting_add(server);
}

static size_t unread_len(const struct order_entry_server *server)
{
	return server->client->ops->unread(server->client);
}

struct sockaddr_in order_entry_server_trader(
	const struct order_entry_server *server)
{
	return server->client->peer;
}

void order_entry_server_begin(struct order_entry_server *server)
{
	server->received_ns = clock_monotonic_ns();
	server->channel->received_ns = server->received_ns;
	server->taking = true;
	/* What came with the end of the handshake. */
	server->unfinished = true;
	server->early_len =
		channel_buffer_len(&server->channel->in) + unread_len(server);
	/* Heartbeats are no orders. */
	if (server->early_len > 0 && !server->channel->ops->tick)
		log_warning("%s: %" PRIu64 " bytes came before TRANSMIT; they "
			    "are taken now",
			    server->peer, server->early_len);
}

void order_entry_server_leave(struct order_entry_server *server)
{
	server->last_len =
		unread_len(server) + server->client->ops->room(server->client);
	server->leaving = true;
}

uint64_t order_entry_server_wait(const struct order_entry_server *server,
				 uint64_t now_ns, struct pollfd *fd)
{
	const struct order_end *client = server->client;

	*fd = (struct pollfd){ client ? client->fd : -1, POLLRDHUP, 0 };
	if (!client || channel_buffer_len(&server->channel->out) == 0)
		return UINT64_MAX;
	if (!client->ops->tells_room)
		return now_ns + LOOK_AGAIN_NS;
	fd->events |= POLLOUT;
	return UINT64_MAX;
}

bool order_entry_server_is_behind(const struct order_entry_server *server)
{
	return server->unfinished ||
	       (server->client && server->taking && !server->over &&
		order_end_is_behind(server->client)) ||
	       order_entry_waiting_is_behind(server);
}

void order_entry_server_send(struct order_entry_server *server)
{
	channel_end_send(server->channel, server->client);
}

int order_entry_server_receive(struct order_entry_server *server)
{
	size_t most = ORDER_ENTRY_RECEIVE_LEN;
	ssize_t n;

	if (server->over)
		return -EPIPE;
	if (server->unfinished)
		return 1;
	if (server->leaving) {
		if (server->last_len == 0)
			return 0;
		if (most > server->last_len)
			most = server->last_len;
	}
	n = channel_end_receive(server->channel, server->client, most);
	if (n <= 0)
		return (int)n;
	server->last_len -= server->leaving ? (size_t)n : 0;
	server->unfinished = true;
	return 1;
}

int order_entry_server_next(struct order_entry_server *server,
			    struct order_entry *entry)
{
	struct channel *channel = server->channel;
	size_t len = channel_buffer_len(&channel->in);
	int rc = channel_decode(channel, &entry->order);

	if (rc > 0) {
		server->received_ns = channel->received_ns;
		entry->fault = order_fault(&entry->order);
		if (!entry->fault &&
		    !rate_limit_take(&server->rate, server->received_ns))
			entry->fault = "more orders than --order-rate allows";
		entry->early = server->decoded_len < server->early_len;
		entry->mark = (struct channel_mark){ .at = NULL };
		if (channel->ops->mark)
			entry->mark = channel->ops->mark(channel);
		server->marks = server->marks || entry->mark.at;
		if (channel->ops->answer)
			channel->ops->answer(channel, entry->fault);
	} else {
		server->unfinished = false;
		server->over = rc < 0;
		channel_end_send(channel, server->client);
	}
	server->decoded_len += len - channel_buffer_len(&channel->in);
	return rc;
}

int order_entry_server_fault(const struct order_entry_server *server)
{
	return server->client->ops->fault(server->client);
}

/* What was received and is no whole message, or what never was. */
static void rest_tell(const struct order_entry_server *server)
{
	size_t rest = channel_buffer_len(&server->channel->in);
	size_t unit = server->channel->ops->unit;
	size_t unread = unread_len(server);

	if (rest > 0 && unit > 0)
		log_warning("%s: the order stream ended inside an order: %zu "
			    "of %zu bytes",
			    server->peer, rest, unit);
	else if (rest > 0)
		log_warning("%s: the order stream ended inside a message: %zu "
			    "bytes of it",
			    server->peer, rest);
	/* Heartbeats are no orders. */
	if (unread > 0 && (server->taking || !server->channel->ops->tick))
		log_warning("%s: %zu bytes of orders were left unread",
			    server->peer, unread);
}

void order_entry_server_end(struct order_entry_server *server)
{
	if (!server->client)
		return;
	rest_tell(server);
	if (server->channel->ops->logout) {
		server->channel->ops->logout(server->channel);
		channel_end_send(server->channel, server->client);
	}
	order_end_close(server->client);
	server->client = NULL;
	server->unfinished = false;
	channel_close(server->channel);
	server->channel = NULL;
}
