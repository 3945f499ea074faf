/* SPDX-License-Identifier: MIT */
#include "send/send_socket.h"

#include <unistd.h>

#include "base/log.h"
#include "net/socket.h"

/* A full interface queue tells a UDP sender only on request: without this
 * datagrams vanish and are counted as sent. ip(7), IP_RECVERR. */
int send_socket_open(struct send_path *path)
{
	const struct send_path_config *config = &path->config;
	int found, err;

	path->fd = socket_multicast_sender(&config->group, config->interface,
					   (unsigned int)config->ttl);
	if (path->fd < 0)
		return path->fd;
	err = socket_option(path->fd, IPPROTO_IP, IP_RECVERR, 1, &found);
	if (err) {
		log_error("can't set IP_RECVERR: %s", log_reason(err));
		close(path->fd);
	}
	return err;
}

void send_socket_close(struct send_path *path)
{
	close(path->fd);
}
