/* SPDX-License-Identifier: MIT */
#include "exchange/order_entry_waiting.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "order/channel_end.h"
#include "order/channel_ops.h"

struct order_entry_waiting order_entry_waiting_remove(
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
		count += server->waiting[i].end->peer.sin_addr.s_addr ==
			 address.s_addr;
	return count;
}

/* Whose place is taken by somebody new. */
static unsigned int crowding_find(const struct order_entry_server *server)
{
	unsigned int found = 0, most = 0;

	for (unsigned int i = 0; i < server->waiting_count; i++) {
		unsigned int count = waiting_from(
			server, server->waiting[i].end->peer.sin_addr);

		if (count > most) {
			most = count;
			found = i;
		}
	}
	return found;
}

void order_entry_waiting_close(struct order_entry_server *server,
			       unsigned int at)
{
	struct order_entry_waiting removed =
		order_entry_waiting_remove(server, at);

	order_end_close(removed.end);
	channel_close(removed.channel);
}

__attribute__((format(printf, 3, 4))) static void waiting_refuse(
	struct order_entry_server *server, unsigned int at, const char *format,
	...)
{
	char text[ADDRESS_TEXT_MAX], why[256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(why, sizeof(why), format, arguments);
	va_end(arguments);
	server->refused++;
	log_warning_repeats(
		&server->refusals, "refused %s: %s",
		address_format(&server->waiting[at].end->peer, text), why);
	order_entry_waiting_close(server, at);
}

/* Who has left and was not yet seen to is not logged on. */
static bool is_peer(const struct channel *channel, const struct order_end *end,
		    const char *name)
{
	struct pollfd gone = { .events = POLLRDHUP };

	if (!channel || !channel->peer || strcmp(channel->peer, name) != 0)
		return false;
	gone.fd = end->fd;
	return poll(&gone, 1, 0) == 0;
}

/* Has somebody else logged on by the name of number at? */
static bool is_twice(const struct order_entry_server *server, unsigned int at)
{
	const char *name = server->waiting[at].channel->peer;

	if (!name)
		return false;
	for (unsigned int i = 0; i < server->waiting_count; i++)
		if (i != at && server->waiting[i].ready &&
		    is_peer(server->waiting[i].channel, server->waiting[i].end,
			    name))
			return true;
	return is_peer(server->channel, server->client, name);
}

/* A step of the handshake of number at, who is gone from the list if it
 * fails. Whose name is taken is not answered: in TLS's early data it is said
 * before the handshake is over. */
static void waiting_handshake(struct order_entry_server *server,
			      unsigned int at)
{
	struct order_entry_waiting *waiting = &server->waiting[at];
	int rc = channel_handshake(waiting->channel, clock_monotonic_ns());

	if (rc >= 0 && is_twice(server, at)) {
		waiting_refuse(server, at, "%s is logged on already",
			       waiting->channel->peer);
		return;
	}
	channel_end_send(waiting->channel, waiting->end);
	if (rc < 0)
		waiting_refuse(server, at, "%s",
			       channel_reason(waiting->channel, rc));
	else if (rc > 0)
		waiting->ready = true;
}

static void waiting_failed(struct order_entry_server *server, unsigned int at,
			   int err)
{
	if (err == -EPIPE)
		waiting_refuse(server, at,
			       "it left before the handshake was over");
	else
		waiting_refuse(server, at, "%s", log_strerror(err));
}

/* What has to be said before the handshake. */
static void waiting_meet(struct order_entry_server *server, unsigned int at)
{
	struct order_entry_waiting *waiting = &server->waiting[at];
	int rc = order_end_greet(waiting->end);

	if (rc < 0) {
		waiting_failed(server, at, rc);
	} else if (rc > 0) {
		waiting->met = true;
		waiting_handshake(server, at);
	}
}

/* Somebody new, in the last place. Where all are taken, the address with the
 * most of them gives up its oldest. 1, 0 or a negative errno, logged. */
int order_entry_waiting_add(struct order_entry_server *server)
{
	struct order_entry_waiting new = { .ready = false };
	int err;

	err = transport_accept(server->listener, &new.end);
	if (err)
		return err == -EAGAIN ? 0 : err;
	err = channel_open(server->config->channel, CHANNEL_EXCHANGE,
			   &new.channel);
	if (err) {
		order_end_close(new.end);
		return err;
	}
	if (server->waiting_count == ORDER_ENTRY_WAITING_MAX)
		waiting_refuse(server, crowding_find(server), "too many wait");
	new.deadline_ns = clock_monotonic_ns() +
			  server->config->handshake_ms *CLOCK_NS_PER_MS;
	server->waiting[server->waiting_count++] = new;
	waiting_meet(server, server->waiting_count - 1);
	return 1;
}

/* Whose turn it is; -1: nobody's. */
int order_entry_waiting_turn(const struct order_entry_server *server)
{
	int oldest = -1;

	for (unsigned int i = 0; i < server->waiting_count; i++) {
		const struct order_entry_waiting *waiting = &server->waiting[i];

		if (!waiting->ready)
			continue;
		if (waiting->end->peer.sin_addr.s_addr != server->last.s_addr)
			return (int)i;
		if (oldest < 0)
			oldest = (int)i;
	}
	return oldest;
}

bool order_entry_server_has_ready(const struct order_entry_server *server)
{
	return order_entry_waiting_turn(server) >= 0;
}

void order_entry_server_poll(const struct order_entry_server *server,
			     struct pollfd fds[static ORDER_ENTRY_WAITING_MAX])
{
	for (unsigned int i = 0; i < server->waiting_count; i++) {
		bool waits = !server->waiting[i].ready;

		fds[i] = (struct pollfd){
			.fd = waits ? server->waiting[i].end->fd : -1,
			.events = POLLIN,
		};
		if (waits && server->waiting[i].end->ops->tells_room &&
		    channel_buffer_len(&server->waiting[i].channel->out) > 0)
			fds[i].events |= POLLOUT;
	}
}

static bool is_behind(const struct order_entry_waiting *waiting)
{
	return !waiting->ready && waiting->met &&
	       (order_end_is_behind(waiting->end) ||
		(!waiting->end->ops->tells_room &&
		 channel_buffer_len(&waiting->channel->out) > 0));
}

bool order_entry_waiting_is_behind(const struct order_entry_server *server)
{
	bool behind = false;

	for (unsigned int i = 0; i < server->waiting_count; i++)
		behind |= is_behind(&server->waiting[i]);
	return behind;
}

/* Number i has something to say, or has room for what is said to it. */
static void waiting_woken(struct order_entry_server *server, unsigned int i)
{
	struct order_entry_waiting *waiting = &server->waiting[i];
	ssize_t n;

	if (!waiting->met) {
		waiting_meet(server, i);
		return;
	}
	channel_end_send(waiting->channel, waiting->end);
	n = channel_end_receive(waiting->channel, waiting->end,
				ORDER_ENTRY_RECEIVE_LEN);
	if (n < 0)
		waiting_failed(server, i, (int)n);
	else if (n > 0)
		waiting_handshake(server, i);
}

void order_entry_server_woken(
	struct order_entry_server *server,
	const struct pollfd fds[static ORDER_ENTRY_WAITING_MAX])
{
	/* From the last one: a place that is given up moves those behind it. */
	for (unsigned int i = server->waiting_count; i-- > 0;) {
		const struct order_entry_waiting *waiting = &server->waiting[i];

		if ((fds[i].fd == waiting->end->fd && fds[i].revents) ||
		    is_behind(waiting))
			waiting_woken(server, i);
	}
}

uint64_t order_entry_waiting_due_ns(const struct order_entry_server *server)
{
	uint64_t due_ns = UINT64_MAX;

	for (unsigned int i = 0; i < server->waiting_count; i++) {
		const struct order_entry_waiting *waiting = &server->waiting[i];

		due_ns = clock_sooner(due_ns, waiting->ready
						      ? waiting->channel->due_ns
						      : waiting->deadline_ns);
	}
	return due_ns;
}

void order_entry_waiting_tick(struct order_entry_server *server,
			      uint64_t now_ns)
{
	for (unsigned int i = server->waiting_count; i-- > 0;) {
		struct order_entry_waiting *waiting = &server->waiting[i];
		int err;

		if (waiting->ready) {
			/* What it says is not read before its turn. */
			waiting->channel->received_ns = now_ns;
			err = channel_end_tick(waiting->channel, waiting->end,
					       now_ns);
			if (err)
				waiting_refuse(
					server, i, "%s",
					channel_reason(waiting->channel, err));
		} else if (now_ns >= waiting->deadline_ns) {
			waiting_refuse(server, i,
				       "--channel %s: the handshake was not "
				       "over within %" PRIu64 " ms",
				       channel_name(waiting->channel),
				       server->config->handshake_ms);
		}
	}
}

void order_entry_server_refuse_waiting(struct order_entry_server *server)
{
	while (server->waiting_count > 0)
		waiting_refuse(server, 0,
			       "%s is connected, one trader at a time",
			       server->peer);
}
