/* SPDX-License-Identifier: MIT */
/* What the paths over a UDP socket share. */
#ifndef PUBLISH_PUBLISH_SOCKET_H
#define PUBLISH_PUBLISH_SOCKET_H

#include "publish/publish_path_ops.h"

/* As open() and close() of struct publish_path_ops: a connected, non-blocking
 * UDP socket that is told of a full interface queue. */
int publish_socket_open(struct publish_path *path);
void publish_socket_close(struct publish_path *path);

#endif
