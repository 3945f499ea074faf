/* SPDX-License-Identifier: MIT */
#include "send/send_packet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if_arp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "net/socket.h"

#define HEADERS_LEN (20 + 8) /* IPv4, UDP */

static int interface_check(const struct interface *interface, const char *what)
{
	if (!interface) {
		log_error("%s: needs --interface", what);
		return -EINVAL;
	}
	if (interface->loopback) {
		log_error("%s: '%s' is the loopback: a frame that is put there "
			  "reaches no socket of this host; a veth pair does, "
			  "or another path",
			  what, interface->name);
		return -EOPNOTSUPP;
	}
	if (interface->link_type != ARPHRD_ETHER) {
		log_error("%s: '%s' is no Ethernet", what, interface->name);
		return -EOPNOTSUPP;
	}
	return 0;
}

static int fault(const char *what, const char *step)
{
	int err = -errno;

	log_error("%s: %s: %s%s", what, step, log_reason(err),
		  err == -EPERM ? " (CAP_NET_RAW is needed)" : "");
	return err;
}

static int headers_prepare(struct send_packet *self, const char *what)
{
	const struct send_path_config *config = &self->path.config;
	struct sockaddr_in own;
	socklen_t len = sizeof(own);

	if (getsockname(self->port, (struct sockaddr *)&own, &len) < 0)
		return fault(what, "getsockname");
	self->frame = (struct frame){
		.protocol = FRAME_UDP,
		.ttl = (uint8_t)config->ttl,
		.source = ntohl(own.sin_addr.s_addr),
		.source_port = ntohs(own.sin_port),
		.destination = ntohl(config->group.sin_addr.s_addr),
		.destination_port = ntohs(config->group.sin_port),
	};
	memcpy(self->ethernet.source, config->interface->ethernet,
	       sizeof(self->ethernet.source));
	frame_multicast_address(self->frame.destination,
				self->ethernet.destination);
	return 0;
}

int send_packet_prepare(struct send_packet *self, const char *what)
{
	const struct send_path_config *config = &self->path.config;
	int err = interface_check(config->interface, what);

	if (err)
		return err;
	self->port = socket_multicast_sender(&config->group, config->interface,
					     (unsigned int)config->ttl);
	if (self->port < 0)
		return self->port;
	err = headers_prepare(self, what);
	if (err)
		close(self->port);
	return err;
}

int send_packet_open(struct send_packet *self, const char *what)
{
	int found, err = send_packet_prepare(self, what);

	if (err)
		return err;
	/* Protocol 0: it receives nothing. */
	self->path.fd =
		socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (self->path.fd < 0) {
		err = fault(what, "socket");
		goto close_port;
	}
	err = socket_option(self->path.fd, SOL_PACKET, PACKET_QDISC_BYPASS,
			    self->qdisc_bypass, &found);
	if (!err)
		return 0;
	log_error("%s: qdisc_bypass: %s", what, log_reason(err));
	close(self->path.fd);
close_port:
	close(self->port);
	return err;
}

int send_packet_bind(struct send_packet *self, const char *what)
{
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_ifindex = (int)self->path.config.interface->index
	};

	if (bind(self->path.fd, (struct sockaddr *)&address, sizeof(address)) <
	    0)
		return fault(what, "bind");
	return 0;
}

void send_packet_close(struct send_packet *self)
{
	close(self->path.fd);
	close(self->port);
}

int send_packet_build(struct send_packet *self, const struct iovec *datagram,
		      uint8_t *bytes, size_t size)
{
	if (datagram->iov_len + HEADERS_LEN > self->path.config.interface->mtu)
		return -EMSGSIZE;
	self->frame.payload = datagram->iov_base;
	self->frame.payload_len = datagram->iov_len;
	return frame_build(&self->ethernet, &self->frame, bytes, size);
}
