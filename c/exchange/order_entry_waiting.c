/* SPDX-License-Identifier: MIT */
#include "exchange/order_entry_waiting.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/socket.h"
#include "net/socket_end.h"
#include "order/channel_ops.h"
#include "order/channel_socket.h"

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

void order_entry_waiting_close(struct order_entry_server *server,
			       unsigned int at)
{
	struct order_entry_waiting removed =
		order_entry_waiting_remove(server, at);

	socket_end(removed.fd);
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
	log_warning_repeats(&server->refusals, "refused %s: %s",
			    address_format(&server->waiting[at].peer, text),
			    why);
	order_entry_waiting_close(server, at);
}

/* A step of the handshake of number at, who is gone from the list if it
 * fails. */
static void waiting_handshake(struct order_entry_server *server,
			      unsigned int at)
{
	struct order_entry_waiting *waiting = &server->waiting[at];
	int rc = channel_handshake(waiting->channel, clock_monotonic_ns());

	channel_socket_send(waiting->channel, waiting->fd);
	if (rc < 0)
		waiting_refuse(server, at, "%s",
			       channel_reason(waiting->channel, rc));
	else if (rc > 0)
		waiting->ready = true;
}

/* Somebody new, in the last place. Where all are taken, the address with the
 * most of them gives up its oldest. 1, 0 or a negative errno, logged. */
int order_entry_waiting_add(struct order_entry_server *server)
{
	struct order_entry_waiting new = { .ready = false };
	int err;

	new.fd = socket_accept(server->listener, &new.peer);
	if (new.fd < 0)
		return new.fd == -EAGAIN ? 0 : new.fd;
	err = channel_open(server->config->channel, CHANNEL_EXCHANGE,
			   &new.channel);
	if (err) {
		close(new.fd);
		return err;
	}
	if (server->waiting_count == ORDER_ENTRY_WAITING_MAX)
		waiting_refuse(server, crowding_find(server), "too many wait");
	new.deadline_ns = clock_monotonic_ns() +
			  server->config->handshake_ms *CLOCK_NS_PER_MS;
	server->waiting[server->waiting_count++] = new;
	waiting_handshake(server, server->waiting_count - 1);
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
		if (waiting->peer.sin_addr.s_addr != server->last.s_addr)
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

		fds[i] = (struct pollfd){ .fd = waits ? server->waiting[i].fd
						      : -1,
					  .events = POLLIN };
		if (waits &&
		    channel_buffer_len(&server->waiting[i].channel->out) > 0)
			fds[i].events |= POLLOUT;
	}
}

void order_entry_server_woken(
	struct order_entry_server *server,
	const struct pollfd fds[static ORDER_ENTRY_WAITING_MAX])
{
	/* From the last one: a place that is given up moves those behind it. */
	for (unsigned int i = server->waiting_count; i-- > 0;) {
		struct order_entry_waiting *waiting = &server->waiting[i];
		ssize_t n;

		if (fds[i].fd != waiting->fd || !fds[i].revents)
			continue;
		if (fds[i].revents & POLLOUT)
			channel_socket_send(waiting->channel, waiting->fd);
		n = channel_socket_receive(waiting->channel, waiting->fd,
					   ORDER_ENTRY_RECEIVE_LEN);
		if (n == -EPIPE)
			waiting_refuse(server, i,
				       "it left before the handshake was over");
		else if (n < 0)
			waiting_refuse(server, i, "%s", log_strerror((int)n));
		else if (n > 0)
			waiting_handshake(server, i);
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
			err = channel_socket_tick(waiting->channel, waiting->fd,
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
