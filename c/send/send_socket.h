/* SPDX-License-Identifier: MIT */
/* What the paths over a UDP socket share. */
#ifndef SEND_SEND_SOCKET_H
#define SEND_SEND_SOCKET_H

#include "send/send_path_ops.h"

/* As open() and close() of struct send_path_ops: a connected, non-blocking
 * UDP socket that is told of a full interface queue. */
int send_socket_open(struct send_path *path);
void send_socket_close(struct send_path *path);

#endif
