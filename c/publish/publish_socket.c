/* SPDX-License-Identifier: MIT */
#include "publish/publish_socket.h"

#include <unistd.h>

#include "base/log.h"
#include "net/socket.h"

/* A full interface queue tells a UDP sender only on request: without this
 * datagrams vanish and are counted as sent. ip(7), IP_RECVERR. */
int publish_socket_open(struct publish_path *path)
{
	const struct publish_path_config *config = &path->config;
	int found, err;

	path->fd = socket_multicast_sender(&config->group, config->interface,
					   (unsigned int)config->ttl);
	if (path->fd < 0)
		return path->fd;
	err = socket_option(path->fd, IPPROTO_IP, IP_RECVERR, 1, &found);
	if (err) {
		log_error("can't set IP_RECVERR: %s", log_strerror(err));
		close(path->fd);
	}
	return err;
}

void publish_socket_close(struct publish_path *path)
{
	close(path->fd);
}
