/* SPDX-License-Identifier: MIT */
#include "echo/echo_server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/ending.h"
#include "base/log.h"
#include "echo/echo_message.h"
#include "net/address.h"
#include "net/network_error.h"
#include "order/channel_end.h"
#include "order/channel_ops.h"

#define BACKLOG	 64
#define BARE_LEN 65536
#define PORTION	 64 /* datagrams, before anything else is looked at */
#define NO_FD_NS (100 * CLOCK_NS_PER_MS)
#define TURNS	 64

int echo_server_open(struct echo_server *server,
		     const struct echo_config *config)
{
	const struct transport_place place = { .address = config->address,
					       .backlog = BACKLOG,
					       .spins = config->spin };
	int err = 0;

	*server = (struct echo_server){ .config = config };
	server->ending = ending_open();
	if (server->ending < 0)
		return server->ending;
	if (config->over == ECHO_CHANNEL)
		err = channel_check(config->channel, CHANNEL_EXCHANGE);
	if (!err && config->over <= ECHO_TCP) {
		err = transport_listen(config->transport, &place,
				       &server->listener);
	} else if (!err) {
		err = echo_datagram_sockets_open(config, true,
						 &server->sockets);
	}
	if (err)
		close(server->ending);
	return err;
}

/*
 * Clients.
 */

static void client_close(struct echo_server *server, unsigned int at)
{
	struct echo_client *client = &server->clients[at];

	order_end_close(client->end);
	channel_close(client->channel);
	free(client->buffer.bytes);
	server->count--;
	memmove(client, client + 1, (server->count - at) * sizeof(*client));
}

static void client_refuse(struct echo_server *server, unsigned int at,
			  const char *why)
{
	char text[ADDRESS_TEXT_MAX];

	log_warning_repeats(
		&server->refusals, "refused %s: %s",
		address_format(&server->clients[at].end->peer, text), why);
	client_close(server, at);
}

/* 0 or a negative errno, logged. */
static int client_open(struct echo_server *server, struct echo_client *client)
{
	const struct echo_config *config = server->config;

	client->deadline_ns =
		clock_monotonic_ns() + config->timeout_ms * CLOCK_NS_PER_MS;
	if (config->over == ECHO_CHANNEL)
		return channel_open(config->channel, CHANNEL_EXCHANGE,
				    &client->channel);
	client->buffer.size = BARE_LEN;
	client->buffer.bytes = malloc(BARE_LEN);
	return client->buffer.bytes ? 0 : -ENOMEM;
}

/* 0 or the negative errno of a step. */
static int handshake_step(struct echo_client *client)
{
	int rc = channel_handshake(client->channel, clock_monotonic_ns());

	channel_end_send(client->channel, client->end);
	if (rc > 0)
		client->deadline_ns = 0;
	return rc < 0 ? rc : 0;
}

/* What has to be said before. 0 or a negative errno. */
static int meet(struct echo_client *client)
{
	int rc = order_end_greet(client->end);

	client->met = rc > 0;
	if (rc > 0 && client->channel)
		rc = handshake_step(client);
	else if (rc > 0)
		client->deadline_ns = 0;
	return rc < 0 ? rc : 0;
}

static void client_accept(struct echo_server *server)
{
	static const struct order_end_keepalive keepalive = { 10, 2, 3 };
	struct echo_client new = { .channel = NULL };
	int err = transport_accept(server->listener, &new.end);

	if (err) {
		/* It has been told: not again at once, for who waits still. */
		if (err != -EAGAIN)
			nanosleep(&(struct timespec){ .tv_nsec = NO_FD_NS },
				  NULL);
		return;
	}
	/* A peer that is dead does not keep its place. */
	if (new.end->ops->keepalive)
		new.end->ops->keepalive(new.end, &keepalive);
	err = client_open(server, &new);
	server->clients[server->count++] = new;
	if (!err)
		err = meet(&server->clients[server->count - 1]);
	if (err)
		client_refuse(server, server->count - 1, log_strerror(err));
}

/* What came goes back, as far as there is room. 0 or a negative errno. */
static int bare_echo(struct echo_client *client)
{
	struct channel_buffer *buffer = &client->buffer;
	struct order_end *end = client->end;
	ssize_t n;

	if (channel_buffer_len(buffer) == 0) {
		n = end->ops->receive(end, buffer->bytes, buffer->size);
		if (n <= 0)
			return (int)n;
		buffer->end = (size_t)n;
	}
	n = end->ops->send(end, buffer->bytes + buffer->begin,
			   channel_buffer_len(buffer));
	if (n > 0)
		channel_buffer_take(buffer, (size_t)n);
	return n < 0 ? (int)n : 0;
}

/* The codec sends back by itself; an order that it hands out instead is of an
 * exchange without an echo. Nothing is received while anything waits to be
 * sent. */
static int channel_echo(struct echo_client *client)
{
	struct channel *channel = client->channel;
	struct order order;
	ssize_t n;
	int err;

	if (channel_buffer_len(&channel->out) > 0) {
		channel_end_send(channel, client->end);
		if (channel_buffer_len(&channel->out) > 0)
			return 0;
	}
	n = channel_end_receive(channel, client->end, SIZE_MAX);
	if (n <= 0)
		return (int)n;
	if (client->deadline_ns) {
		err = handshake_step(client);
		if (err || client->deadline_ns)
			return err;
	}
	while ((err = channel_decode(channel, &order)) > 0)
		;
	channel_end_send(channel, client->end);
	return err;
}

static void client_woken(struct echo_server *server, unsigned int at)
{
	struct echo_client *client = &server->clients[at];
	int err = !client->met	    ? meet(client)
		  : client->channel ? channel_echo(client)
				    : bare_echo(client);

	if (err == -EPIPE && client->deadline_ns)
		client_refuse(server, at,
			      "it left before the handshake was over");
	else if (err == -EPIPE || err == -ECONNRESET)
		client_close(server, at);
	else if (err)
		client_refuse(server, at,
			      client->channel
				      ? channel_reason(client->channel, err)
				      : log_strerror(err));
}

/* Heartbeats, and who has been silent for too long. */
static void client_tick(struct echo_server *server, unsigned int at,
			uint64_t now_ns)
{
	struct echo_client *client = &server->clients[at];
	int err;

	if (client->deadline_ns) {
		if (now_ns >= client->deadline_ns)
			client_refuse(server, at,
				      "the handshake was not over in time");
		return;
	}
	if (!client->channel || now_ns < client->channel->due_ns)
		return;
	err = channel_end_tick(client->channel, client->end, now_ns);
	if (err)
		client_refuse(server, at, channel_reason(client->channel, err));
}

/*
 * Datagrams.
 */

/* Those that ask are answered; nothing else is. */
static void datagrams_echo(const struct echo_server *server)
{
	uint8_t bytes[ECHO_SIZE_MAX];
	struct sockaddr_in peer;
	uint64_t number;

	for (int i = 0; i < PORTION; i++) {
		socklen_t len = sizeof(peer);
		ssize_t n = recvfrom(server->sockets.in, bytes, sizeof(bytes),
				     MSG_DONTWAIT | MSG_TRUNC,
				     (struct sockaddr *)&peer, &len);

		if (n < 0)
			return;
		if ((size_t)n > sizeof(bytes) ||
		    !echo_message_read(bytes, (size_t)n, ECHO_ASKS, &number))
			continue;
		bytes[ECHO_MESSAGE_KIND_AT] = ECHO_ANSWERS;
		/* What has no room is lost, as on any way. */
		if (server->config->over == ECHO_MULTICAST)
			send(server->sockets.out, bytes, (size_t)n,
			     MSG_DONTWAIT);
		else
			sendto(server->sockets.out, bytes, (size_t)n,
			       MSG_DONTWAIT, (struct sockaddr *)&peer, len);
	}
}

/*
 * The loop.
 */

enum { ENDING, SOURCE, CLIENTS }; /* places of what is waited for */

static unsigned int fds_fill(const struct echo_server *server,
			     struct pollfd *fds)
{
	const bool full = server->count == ECHO_CLIENTS_MAX;

	fds[ENDING] = (struct pollfd){ server->ending, POLLIN, 0 };
	fds[SOURCE] =
		(struct pollfd){ server->listener
					 ? (full ? -1 : server->listener->fd)
					 : server->sockets.in,
				 POLLIN, 0 };
	for (unsigned int i = 0; i < server->count; i++) {
		const struct echo_client *client = &server->clients[i];
		const struct channel_buffer *out =
			client->channel ? &client->channel->out
					: &client->buffer;

		fds[CLIENTS + i] = (struct pollfd){
			client->end->fd,
			channel_buffer_len(out) > 0 &&
					client->end->ops->tells_room
				? POLLOUT
				: POLLIN,
			0
		};
	}
	return CLIENTS + server->count;
}

/* Has it something to be done of which poll(2) does not tell? */
static bool is_behind(const struct echo_client *client)
{
	return client->met && order_end_is_behind(client->end);
}

/* ... and will not: room. */
static bool is_stuck(const struct echo_client *client)
{
	const struct channel_buffer *out =
		client->channel ? &client->channel->out : &client->buffer;

	return !client->end->ops->tells_room && channel_buffer_len(out) > 0;
}

static int wait_ms(const struct echo_server *server)
{
	uint64_t due_ns = UINT64_MAX, now_ns;
	bool stuck = false;

	if (server->config->spin)
		return 0;
	for (unsigned int i = 0; i < server->count; i++) {
		const struct echo_client *client = &server->clients[i];

		if (is_stuck(client))
			stuck = true;
		else if (is_behind(client))
			return 0;
		if (client->deadline_ns)
			due_ns = clock_sooner(due_ns, client->deadline_ns);
		else if (client->channel)
			due_ns = clock_sooner(due_ns, client->channel->due_ns);
	}
	if (stuck)
		return 1;
	if (due_ns == UINT64_MAX)
		return -1;
	now_ns = clock_monotonic_ns();
	if (due_ns <= now_ns)
		return 0;
	due_ns = (due_ns - now_ns) / CLOCK_NS_PER_MS + 1;
	return due_ns < 60000 ? (int)due_ns : 60000;
}

/* Number i, of whom poll(2) says this. */
static void client_turn(struct echo_server *server, unsigned int i,
			short revents, uint64_t now_ns)
{
	const struct echo_client *client = &server->clients[i];
	const unsigned int count = server->count;

	if (!revents)
		client_tick(server, i, now_ns);
	if (count == server->count &&
	    (revents || is_behind(client) || is_stuck(client)))
		client_woken(server, i);
}

/* 0 or a negative errno, logged. Over rings that are looked at over and over
 * all else is now and then: that is a system call. */
static int server_wait(struct echo_server *server, struct pollfd *fds,
		       unsigned int count)
{
	const bool over_rings =
		server->count > 0 && server->clients[0].end->ops->is_behind;
	int err;

	if (server->config->spin && over_rings && ++server->turns % TURNS != 0)
		return 0;
	if (poll(fds, count, wait_ms(server)) >= 0 || errno == EINTR)
		return 0;
	err = -errno;
	log_error("can't wait: %s", log_strerror(err));
	return err;
}

int echo_server_run(struct echo_server *server)
{
	struct pollfd fds[CLIENTS + ECHO_CLIENTS_MAX];

	for (;;) {
		unsigned int count = fds_fill(server, fds);
		int err = server_wait(server, fds, count);
		uint64_t now_ns;

		if (err)
			return err;
		if (fds[ENDING].revents && ending_came(server->ending))
			return 0;
		now_ns = clock_monotonic_ns();
		/* From the last one: who goes moves those behind it. */
		for (unsigned int i = count; i-- > CLIENTS;)
			client_turn(server, i - CLIENTS, fds[i].revents,
				    now_ns);
		if (fds[SOURCE].revents && server->listener)
			client_accept(server);
		else if (fds[SOURCE].revents)
			datagrams_echo(server);
	}
}

void echo_server_close(struct echo_server *server)
{
	while (server->count > 0)
		client_close(server, server->count - 1);
	if (server->listener)
		transport_close(server->listener);
	else
		echo_datagram_sockets_close(&server->sockets);
	close(server->ending);
}
