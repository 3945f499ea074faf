/* SPDX-License-Identifier: MIT */
#include "publish/publish_frame.h"

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
		log_error("%s: '%s' is not an Ethernet interface", what,
			  interface->name);
		return -EOPNOTSUPP;
	}
	return 0;
}

static int fault(const char *what, const char *step)
{
	int err = -errno;

	log_error("%s: %s: %s%s", what, step, log_strerror(err),
		  err == -EPERM ? " (CAP_NET_RAW is needed)" : "");
	return err;
}

static int headers_prepare(struct publish_frame *self, const char *what)
{
	const struct publish_path_config *config = &self->path.config;
	struct frame_ethernet ethernet = { 0 };
	struct frame frame;
	struct sockaddr_in own = { 0 };
	socklen_t len = sizeof(own);

	if (getsockname(self->port, (struct sockaddr *)&own, &len) < 0)
		return fault(what, "getsockname");
	frame = (struct frame){
		.protocol = FRAME_UDP,
		.ttl = (uint8_t)config->ttl,
		.source = ntohl(own.sin_addr.s_addr),
		.source_port = ntohs(own.sin_port),
		.destination = ntohl(config->group.sin_addr.s_addr),
		.destination_port = ntohs(config->group.sin_port),
	};
	memcpy(ethernet.source, config->interface->ethernet,
	       sizeof(ethernet.source));
	frame_multicast_address(frame.destination, ethernet.destination);
	return frame_header_prepare(&self->header, &ethernet, &frame);
}

int publish_frame_prepare(struct publish_frame *self, const char *what)
{
	const struct publish_path_config *config = &self->path.config;
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

int publish_frame_open(struct publish_frame *self, const char *what)
{
	int found, err = publish_frame_prepare(self, what);

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
	log_error("%s: qdisc_bypass: %s", what, log_strerror(err));
	close(self->path.fd);
close_port:
	close(self->port);
	return err;
}

int publish_frame_bind(struct publish_frame *self, const char *what)
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

void publish_frame_close(struct publish_frame *self)
{
	close(self->path.fd);
	close(self->port);
}

int publish_frame_build(struct publish_frame *self,
			const struct iovec *datagram, uint8_t *bytes,
			size_t size)
{
	if (datagram->iov_len + HEADERS_LEN > self->path.config.interface->mtu)
		return -EMSGSIZE;
	return frame_header_build(&self->header, datagram->iov_base,
				  datagram->iov_len, bytes, size);
}
