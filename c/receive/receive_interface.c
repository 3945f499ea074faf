/* SPDX-License-Identifier: MIT */
#include "receive/receive_interface.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "net/socket.h"

_Static_assert(offsetof(struct receive_interface, receive) == 0,
	       "the core hands out the address of the whole struct");

static struct receive_interface *self_of(struct receive *receive)
{
	return container_of(receive, struct receive_interface, receive);
}

static int strangers_open(struct receive_interface *self)
{
	const struct receive_config *config = &self->receive.config;

	self->strangers_fd = -1;
	if (!config->source.s_addr)
		return 0;
	self->strangers_fd =
		socket_multicast_strangers(config->source, &config->group,
					   &self->watch.follower.interface);
	return self->strangers_fd < 0 ? self->strangers_fd : 0;
}

int receive_interface_watch(struct receive *receive)
{
	struct receive_interface *self = self_of(receive);
	int err = interface_watch_open(&self->watch, receive->config.interface);

	self->member_fd = -1;
	if (err) {
		log_error("interface '%s' can't be watched: %s",
			  receive->config.interface, log_strerror(err));
		return err;
	}
	err = strangers_open(self);
	if (err)
		interface_watch_close(&self->watch);
	return err;
}

/* Bound to no port: nothing arrives there. */
static int member_open(struct receive_interface *self)
{
	const struct interface *interface = &self->watch.follower.interface;
	const struct receive *receive = &self->receive;
	struct ip_mreqn member = {
		.imr_multiaddr = receive->config.group.sin_addr,
		.imr_ifindex = (int)interface->index,
	};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int err;

	if (fd >= 0 && setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &member,
				  sizeof(member)) == 0) {
		self->member_fd = fd;
		return 0;
	}
	err = -errno;
	log_error("--receive %s: %s: the group can't be joined: %s",
		  receive->ops->entry.name, interface->name, log_strerror(err));
	if (fd >= 0)
		close(fd);
	return err;
}

int receive_interface_join(struct receive *receive)
{
	int err = receive_interface_watch(receive);

	if (err)
		return err;
	err = member_open(self_of(receive));
	if (err)
		receive_interface_leave(receive);
	return err;
}

static void strangers_tell(const struct receive *receive)
{
	uint64_t count = receive_interface_strangers(receive);
	char source[INET_ADDRSTRLEN];

	if (count)
		log_warning("--receive %s: left out %llu datagrams of others "
			    "than %s (see --source)",
			    receive->ops->entry.name, (unsigned long long)count,
			    inet_ntop(AF_INET, &receive->config.source, source,
				      sizeof(source)));
}

void receive_interface_leave(struct receive *receive)
{
	struct receive_interface *self = self_of(receive);

	if (self->strangers_fd >= 0) {
		strangers_tell(receive);
		close(self->strangers_fd);
	}
	if (self->member_fd >= 0)
		close(self->member_fd);
	interface_watch_close(&self->watch);
}

int receive_interface_alive(struct receive *receive)
{
	return interface_watch_look(&self_of(receive)->watch);
}

uint64_t receive_interface_strangers(const struct receive *receive)
{
	const struct receive_interface *self =
		(const struct receive_interface *)receive;

	return self->strangers_fd < 0 ? 0 : socket_drops(self->strangers_fd);
}
