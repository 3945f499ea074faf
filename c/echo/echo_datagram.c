/* SPDX-License-Identifier: MIT */
/* A datagram a message, to an address or to a group. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "echo/echo_datagram.h"
#include "echo/echo_link.h"
#include "echo/echo_message.h"
#include "net/network_error.h"
#include "net/socket.h"
#include "net/socket_setting.h"

#define BUFFER (4U << 20)

/* Bound to the address, or connected to it; not blocking. */
static int unicast_open(const struct sockaddr_in *address, bool serves)
{
	unsigned int buffer = BUFFER;
	int fd = socket_open(SOCK_DGRAM | SOCK_NONBLOCK), err;

	if (fd < 0)
		return fd;
	err = socket_receive_buffer(fd, &buffer);
	if (!err && serves &&
	    bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0)
		err = socket_fault("bind", address);
	if (!err && !serves &&
	    connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0)
		err = socket_fault("send to", address);
	if (!err)
		return fd;
	close(fd);
	return err;
}

/* Questions go to the group, answers to its next port. */
static int group_open(const struct echo_config *config, bool serves,
		      struct echo_datagram_sockets *sockets)
{
	struct sockaddr_in asks = config->address, answers = config->address;
	unsigned int buffer = BUFFER;
	struct interface interface;
	int err = interface_find(config->interface, &interface);

	if (err) {
		log_error("--interface %s: %s", config->interface,
			  log_strerror(err));
		return err;
	}
	answers.sin_port = htons((uint16_t)(ntohs(answers.sin_port) + 1));
	sockets->in = socket_multicast_receiver(serves ? &asks : &answers,
						&interface, &buffer);
	if (sockets->in < 0)
		return sockets->in;
	sockets->out = socket_multicast_sender(serves ? &answers : &asks,
					       &interface, 1);
	if (sockets->out >= 0)
		return 0;
	close(sockets->in);
	return sockets->out;
}

int echo_datagram_sockets_open(const struct echo_config *config, bool serves,
			       struct echo_datagram_sockets *sockets)
{
	if (config->over == ECHO_MULTICAST)
		return group_open(config, serves, sockets);
	sockets->in = sockets->out = unicast_open(&config->address, serves);
	return sockets->in < 0 ? sockets->in : 0;
}

void echo_datagram_sockets_close(struct echo_datagram_sockets *sockets)
{
	if (sockets->out != sockets->in)
		close(sockets->out);
	close(sockets->in);
}

static int datagram_open(struct echo_link *link)
{
	struct echo_datagram_sockets sockets = { -1, -1 };
	int err = echo_datagram_sockets_open(link->config, false, &sockets);

	link->fd = sockets.in;
	link->out_fd = sockets.out;
	return err;
}

/* A server that is not there yet, or any more, is no fault of ours. */
static bool passes(int err)
{
	return err == -ECONNREFUSED || network_error_passes(err);
}

static int datagram_send(struct echo_link *link)
{
	ssize_t n;

	echo_message_write(link->out, link->size, link->sending, ECHO_ASKS);
	n = send(link->out_fd, link->out, link->size, MSG_DONTWAIT);
	if (n >= 0) {
		link->bytes_out += (uint64_t)n;
		return 1;
	}
	return passes(-errno) ? 0 : -errno;
}

static int datagram_receive(struct echo_link *link, uint64_t now_ns,
			    uint64_t *number)
{
	ssize_t n;

	(void)now_ns;
	for (;;) {
		n = recv(link->fd, link->in, sizeof(link->in),
			 MSG_DONTWAIT | MSG_TRUNC);
		if (n < 0)
			return passes(-errno) ? 0 : -errno;
		/* A stranger's, or late of another measurement. */
		if ((size_t)n == link->size &&
		    echo_message_read(link->in, link->size, ECHO_ANSWERS,
				      number) &&
		    *number >= link->coming)
			break;
	}
	link->bytes_in += (uint64_t)n;
	return 1;
}

static void datagram_close(struct echo_link *link)
{
	struct echo_datagram_sockets sockets = { link->fd, link->out_fd };

	echo_datagram_sockets_close(&sockets);
}

const struct echo_link_ops echo_datagram_ops = {
	.open = datagram_open,
	.send = datagram_send,
	.receive = datagram_receive,
	.close = datagram_close,
};
